"""Vectors of photos, what they find, and how good that is."""
