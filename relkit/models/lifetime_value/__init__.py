"""Orders and spend of customers without a contract, and their present value."""
