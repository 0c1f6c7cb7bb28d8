"""Product files instead of shops: one file of code per kind."""
