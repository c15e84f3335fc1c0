"""teleop_collect: robot-learning demonstrations that can be trusted.

The folders, in the order in which data flows:

    rig/         the typed rig file, robot description, checks
    devices/     leader arms, cameras, the simulated rig and its emulated servo bus
    teleop/      map, align, limit, watch: pure
    recording/   session state machine, loss ledger, MCAP writer, salvage
    episodes/    reader, timeline (the one place that resamples), labels, success predicates
    qa/          one check a file, verdict, report
    export/      LeRobot v3
    provenance/  manifest
    nodes/       the only ROS code
    cli/         arguments -> one core call -> exit code

`errors`, `clock`, `samples` and `topics` are what crosses those boundaries.
"""

__version__ = "0.1.0"
