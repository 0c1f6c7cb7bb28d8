"""What one crawl knows, in one SQLite file until its commit: addresses, products, photos, refusals."""
