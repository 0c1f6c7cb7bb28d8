"""Amounts and currencies as shops write them, and prices that are struck through."""
