"""One check a file: what it looks at, its limits, and where they come from."""
