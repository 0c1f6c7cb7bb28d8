"""Vectors and product facts to a collection, proved, with what its numbers mean."""
