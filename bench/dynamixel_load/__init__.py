"""Emulated buses, what is done on them, and how it is measured."""
