"""Photos, their words and their split, as the batches that a training takes."""
