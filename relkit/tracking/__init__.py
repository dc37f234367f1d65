"""Runs and registered models: the only room that imports MLflow.

`embedded` reads the store on disk without loading MLflow, `runs` writes a fit as a run, `registry` keeps
versions with their aliases, `promotion` has the rule, `served_model` is the code with which MLflow loads a model.
"""
