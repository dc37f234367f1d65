"""A toy family whose models credit channels."""
