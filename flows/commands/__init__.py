"""The commands of the command line, one per file: `vitrine train` is train.py; flows/cli.py finds them."""
