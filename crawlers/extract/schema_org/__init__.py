"""schema.org, in JSON-LD, microdata or RDFa: nodes, and what they say of a product and its offers."""
