"""Files that leave the company's analysis: the scored customer file, published atomically."""
