"""The search page on Ray Serve: the page in one deployment, the encoder of photos in another that scales alone."""
