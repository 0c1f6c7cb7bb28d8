"""Evaluations by the rules of the published benchmarks."""
