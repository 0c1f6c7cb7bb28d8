"""From the words of shops to a trained model."""
