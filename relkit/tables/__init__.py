"""A company's tables: read through mappings, validated, quarantined, simulated."""
