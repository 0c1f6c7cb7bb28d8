"""Photo addresses to rows of bytes that are proven pictures."""
