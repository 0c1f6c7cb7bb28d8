"""The SQLite file of one crawl: a class for each group of its tables, in one transaction."""
