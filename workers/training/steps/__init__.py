"""One step of a training: gradients, rates, averages, and the network as far as it is frozen."""
