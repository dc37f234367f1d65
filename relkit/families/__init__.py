"""Bindings of model families: their features, plots and lessons of a holdout, one file a family."""
