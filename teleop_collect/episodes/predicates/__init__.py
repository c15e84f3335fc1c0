"""What conditions of the language (`rig.predicates`) mean for messages, while and after recording.

The recorder feeds a `Judge` while an episode runs, `offline` feeds the same one from a file: both
see the newest messages at the same moments, so both come to the same answer.
"""
