"""A look at a shop before its first crawl: what it offers, what a crawl would miss, a draft of its profile."""
