"""How long contracts last: one model a file."""
