"""Where rows come from: shops read by Scrapy spiders, and catalogue files."""
