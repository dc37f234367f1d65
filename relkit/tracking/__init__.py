"""Runs and registered models: the only room that imports MLflow.

`embedded` knows the store on disk without loading MLflow, `runs` writes a fit as a run, `registry` keeps
versions with their aliases, `promotion` holds the rule, `served_model` is the code MLflow loads a model with.
"""
