"""Milvus, Lite or a server: what an index is, what reads it, what writes it."""
