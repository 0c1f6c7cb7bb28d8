"""How good a model is: beside its baselines, the live model, and through its index."""
