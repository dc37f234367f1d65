"""Customer features as of a date or an instant."""
