"""What was learnt of each word."""
