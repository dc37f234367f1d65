"""Models of contract lifetime, one per file."""
