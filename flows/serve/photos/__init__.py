"""Photos that are given, and those of the catalogue."""
