"""Notebooks run with parameters and turned into pages that a marketer reads."""
