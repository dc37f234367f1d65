"""A toy family: visits."""
