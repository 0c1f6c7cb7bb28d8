"""How a shop is asked: which addresses, under which name, how often, and what a refusal means."""
