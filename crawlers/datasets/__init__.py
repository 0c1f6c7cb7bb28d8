"""Catalogues that are files instead of shops: one file of code per kind."""
