"""Hostile input at random, seeded: `make fuzz`, or `python -m tests.fuzz KIND SEED` for one case again."""
