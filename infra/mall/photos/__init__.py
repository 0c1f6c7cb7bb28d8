"""Photos of garments: clean ones as a shop takes them, and cluttered ones as customers do."""
