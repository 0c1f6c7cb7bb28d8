"""What only reads the lake: neither Prefect nor Ray is started."""
