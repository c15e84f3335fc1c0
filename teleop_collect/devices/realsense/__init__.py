"""RealSense D4xx cameras through librealsense, and an emulator of one that misbehaves on command.

`camera` is the driver. Below it: `devices` finds cameras, `profiles` and `options` settle how they
run, `frame_source` takes frames from the SDK, `frames` turns them into arrays, `device_clock` and
`stamping` into UTC times, `frame_counter` counts what was lost.
"""
