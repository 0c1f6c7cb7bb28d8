"""One worker of a training: loop, steps, optimisers, checkpoints."""
