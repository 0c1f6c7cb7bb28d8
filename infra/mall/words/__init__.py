"""Titles, descriptions, categories and tags as shops write them, in English and German."""
