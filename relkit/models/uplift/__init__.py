"""Models of the effect of an action on each customer, one per file."""
