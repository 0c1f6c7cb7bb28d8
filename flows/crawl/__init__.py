"""Shops and product files to committed crawls, each by a process of its own."""
