"""Weights: the first, an earlier model's, the ones that are kept."""
