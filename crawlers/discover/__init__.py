"""Which pages a shop has: sitemaps, links, JSON feeds page by page, and where a walk must stop."""
