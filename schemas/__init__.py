"""What a row is: tables, identities, the manifest of a run, and every error raised on purpose."""
