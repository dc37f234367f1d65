"""Plots: a result goes in, Axes come out; nothing is computed here. One file per family."""
