"""The commands of the command line, by subject; flows/cli.py gives them their names and their order."""
