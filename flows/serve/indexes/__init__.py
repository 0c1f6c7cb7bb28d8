"""What is live, or chosen beside it: read whole, and asked."""
