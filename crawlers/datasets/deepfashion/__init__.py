"""The three DeepFashion benchmarks in their official files, read as any other catalogue is."""
