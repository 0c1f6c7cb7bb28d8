"""The drawn catalogue as files, with the truth about each photo."""
