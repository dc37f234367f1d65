"""Models of what goes together and of what customers will want next, one per file."""
