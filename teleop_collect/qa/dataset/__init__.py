"""What only shows between episodes of one task and one device; never a verdict."""
