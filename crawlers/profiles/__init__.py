"""What a person says of a shop that publishes no structured data: addresses and CSS selectors in YAML."""
