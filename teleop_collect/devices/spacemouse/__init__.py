"""3Dconnexion SpaceMouse through pyspacemouse 2.x, and an emulated one for rehearsals and tests.

    driver            `SpaceMouse`, the twist source
    discovery         what is attached, and which one the rig file means
    shaping           deflections to a twist: dead zone, clamping, axes, scale
    backoff           how often a lost device is looked for
    packets           how reports travel from the emulated mouse to its readers
    reports           HID reports of the emulated models
    emulator          `EmulatedMouse`: a mouse that does as it is told
    rehearsal         the hand that moves it when no test does
    emulated_hidapi   what stands in for the system's hidapi when the path is `sim://NAME`

Everything above hidapi is the real library, the emulated mouse included.
"""
