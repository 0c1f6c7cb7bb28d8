"""What differs between two catalogues of a shop."""
