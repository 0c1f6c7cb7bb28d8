"""Attributes of garments: branches, dictionaries, and the hand-crafted description."""
