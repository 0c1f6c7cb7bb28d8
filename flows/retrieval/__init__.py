"""From a trained model to vectors, an index of them, and how good it is."""
