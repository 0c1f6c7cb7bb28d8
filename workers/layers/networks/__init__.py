"""Networks by their names, each with its first weights."""
