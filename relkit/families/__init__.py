"""Bindings of model families: their features, plots and lessons from a holdout, one file per family."""
