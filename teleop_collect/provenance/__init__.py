"""Where an episode comes from: its manifest and hashes."""
