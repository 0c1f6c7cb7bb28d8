"""The outside: storage, Ray, Milvus, settings, the demo mall, deployment files."""
