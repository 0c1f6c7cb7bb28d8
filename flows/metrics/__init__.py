"""What Prometheus and OpenTelemetry are told: of a lake and of flow runs, of the search page when it is asked."""
