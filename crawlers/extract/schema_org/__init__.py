"""schema.org, in JSON-LD or microdata: nodes, and what they say of a product and its offers."""
