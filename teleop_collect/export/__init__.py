"""Training formats, written from episodes and validated after writing."""
