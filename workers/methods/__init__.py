"""One paper, one file: docstring with the source, Config, Method.__init__, embed, loss, extras."""
