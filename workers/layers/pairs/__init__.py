"""Which photos show one product, and how two photos compare."""
