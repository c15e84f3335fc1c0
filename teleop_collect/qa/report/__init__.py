"""The quality report: one self-contained HTML file that needs no network and no script."""
