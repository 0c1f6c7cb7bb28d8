"""A page per photo: what a method said of it, where it looked, what it found."""
