"""Notebooks run with parameters and turned into pages for marketers."""
