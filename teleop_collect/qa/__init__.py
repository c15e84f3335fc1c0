"""Quality: one check a file, the verdict, the report."""
