"""A question as an address, and its answer: cards, why they are there, two models beside each other."""
