"""The search page: what is live, asked by photo, by words or by both, in a browser or as JSON."""
