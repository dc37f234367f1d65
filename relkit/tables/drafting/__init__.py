"""Drafts of mappings: files found, columns profiled, meanings proposed, and every doubt asked about."""
