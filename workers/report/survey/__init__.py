"""The survey's tables, its rows as printed and then ours."""
