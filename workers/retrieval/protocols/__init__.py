"""How the published benchmarks score: which photos, which average, which ties."""
