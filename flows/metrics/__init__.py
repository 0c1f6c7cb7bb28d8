"""What Prometheus is told: of a lake and of flow runs when they end, of the search page when it is asked."""
