"""A known load for recorders: numbered messages of a publisher process, and how to check files.

`streams` says what is published, `publisher` is the process, `rig_file` a rig that records it,
`processes` runs publisher and recorders, `contents` reads a file back and compares every byte.
"""
