"""Kills at chosen moments, and proof that the tables in the end are those of an undisturbed run."""
