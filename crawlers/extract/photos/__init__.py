"""Where a page's photos are: every way to name a file, its sizes, and what only stands in for a photo."""
