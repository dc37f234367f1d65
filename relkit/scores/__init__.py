"""Scores of customers in one long table, whatever the model: its contract, how it is made, how far two of them lie apart."""
