"""What goes from a lake and its index: runs that nothing needs any more, and what a shop wants forgotten."""
