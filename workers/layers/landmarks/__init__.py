"""Landmarks: where they are, what lies there, what they tell each other."""
