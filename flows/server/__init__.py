"""What of ours stands on a Prefect server, and `vitrine deploy`, which puts it there."""
