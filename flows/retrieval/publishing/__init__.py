"""What is live: the order of a change, the verdict before it, and the way back."""
