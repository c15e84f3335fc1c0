"""The rig check as one self-contained HTML page with pictures."""
