"""3Dconnexion SpaceMouse through pyspacemouse 2.x, and an emulated one for rehearsals and tests.

    driver            `SpaceMouse`, the twist source
    discovery         what is attached, and which one the rig file means
    shaping           deflections to a twist: dead zone, clamping, axes, scale
    backoff           how often a lost device is looked for
    reports           HID reports of the emulated models
    emulator          `EmulatedMouse`: plugged, moved, pressed and unplugged by the test or rehearsal
    emulated_hidapi   what stands in for the system's hidapi when the path is `sim://NAME`

Everything above hidapi is the real library, the emulated mouse included.
"""
