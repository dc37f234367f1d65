"""Orders and spend of customers without a contract, and what they are worth today."""
