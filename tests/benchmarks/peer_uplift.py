"""Forecasts of effects by causalml, EconML and scikit-uplift, run by the interpreter of an environment of their own.

    python peer_uplift.py "s_scikit_uplift x_causalml" FOLDER TREES LEAVES

FOLDER has campaign_0.npz, campaign_1.npz and so on; forecasts_0.npz and so on are written next to them. A campaign has X, treated, outcome,
propensity (empty if it was not recorded) and X_later. Every peer has the same base learner, LightGBM on one thread, and the recorded
propensity where it takes one; else a logistic regression, held between .03 and .97. Classifiers are used by scikit-uplift if outcomes are
0 and 1. Prints, for each campaign and by peer, CPU seconds and peak memory in MB over the input, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from measuring import measured  # noqa: E402

SEED = 0


class Given:
    """The campaign and the base learners."""

    def __init__(self, file: str, trees: int, leaves: int) -> None:
        with np.load(file) as arrays:
            self.X, self.y, self.later = arrays["X"], arrays["outcome"], arrays["X_later"]
            self.w, recorded = arrays["treated"].astype(int), arrays["propensity"]
        self.settings = {"n_estimators": trees, "num_leaves": leaves, "verbose": -1, "n_jobs": 1, "random_state": SEED}
        self.is_recorded = len(recorded) > 0
        self.e, self.e_later = (recorded, np.full(len(self.later), recorded.mean())) if self.is_recorded else self._estimated()

    def _estimated(self) -> tuple[Any, Any]:
        fitted = self.propensity_model().fit(self.X, self.w)
        return tuple(np.clip(fitted.predict_proba(X)[:, 1], 0.03, 0.97) for X in (self.X, self.later))  # type: ignore[return-value]

    def propensity_model(self) -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression()

    def regressor(self) -> Any:
        from lightgbm import LGBMRegressor

        return LGBMRegressor(**self.settings)

    def classifier(self) -> Any:
        from lightgbm import LGBMClassifier

        return LGBMClassifier(**self.settings)

    def response(self) -> Any:
        return self.classifier() if set(np.unique(self.y)) <= {0.0, 1.0} else self.regressor()

    def by_scikit_uplift(self, model: Any) -> Any:
        import pandas as pd

        X, later = pd.DataFrame(self.X), pd.DataFrame(self.later)
        return model.fit(X, pd.Series(self.y), pd.Series(self.w)).predict(later)


def s_scikit_uplift(given: Given) -> Any:
    from sklift.models import SoloModel

    return given.by_scikit_uplift(SoloModel(given.response()))


def t_scikit_uplift(given: Given) -> Any:
    from sklift.models import TwoModels

    return given.by_scikit_uplift(TwoModels(given.response(), given.response()))


def class_scikit_uplift(given: Given) -> Any:
    from sklift.models import ClassTransformation

    return given.by_scikit_uplift(ClassTransformation(given.classifier()))


def s_causalml(given: Given) -> Any:
    from causalml.inference.meta import BaseSRegressor

    model = BaseSRegressor(given.regressor())
    model.fit(given.X, given.w, given.y)
    return model.predict(given.later).ravel()


def x_causalml(given: Given) -> Any:
    from causalml.inference.meta import BaseXRegressor

    model = BaseXRegressor(given.regressor())
    model.fit(given.X, given.w, given.y, p=given.e)
    return model.predict(given.later, p=given.e_later).ravel()


def r_causalml(given: Given) -> Any:
    from causalml.inference.meta import BaseRRegressor

    model = BaseRRegressor(given.regressor(), random_state=SEED)
    model.fit(given.X, given.w, given.y, p=given.e, verbose=False)
    return model.predict(given.later).ravel()


def dr_causalml(given: Given) -> Any:
    from causalml.inference.meta import BaseDRRegressor

    model = BaseDRRegressor(given.regressor())
    model.fit(given.X, given.w, given.y, p=given.e, seed=SEED)
    return model.predict(given.later).ravel()


def x_econml(given: Given) -> Any:
    from econml.metalearners import XLearner

    model = XLearner(models=given.regressor(), propensity_model=given.propensity_model())
    model.fit(given.y, given.w, X=given.X)
    return model.effect(given.later)


def r_econml(given: Given) -> Any:
    from econml.dml import NonParamDML

    model = NonParamDML(
        model_y=given.regressor(),
        model_t=given.classifier(),
        model_final=given.regressor(),
        discrete_treatment=True,
        cv=5,
        random_state=SEED,
    )
    model.fit(given.y, given.w, X=given.X)
    return model.effect(given.later)


def dr_econml(given: Given) -> Any:
    from econml.dr import DRLearner

    model = DRLearner(
        model_propensity=given.propensity_model(),
        model_regression=given.regressor(),
        model_final=given.regressor(),
        cv=5,
        random_state=SEED,
    )
    model.fit(given.y, given.w, X=given.X)
    return model.effect(given.later)


def forest_econml(given: Given) -> Any:
    from econml.dml import CausalForestDML

    model = CausalForestDML(
        model_y=given.regressor(), model_t=given.classifier(), discrete_treatment=True, cv=5, random_state=SEED, n_jobs=1
    )
    model.fit(given.y, given.w, X=given.X)
    return model.effect(given.later)


def forest_causalml(given: Given) -> Any:
    from causalml.inference.tree import UpliftRandomForestClassifier

    model = UpliftRandomForestClassifier(
        control_name="0", n_estimators=100, max_depth=8, min_samples_leaf=100, min_samples_treatment=50, random_state=SEED, n_jobs=1
    )
    model.fit(given.X, given.w.astype(str), given.y.astype(int))
    return model.predict(given.later).ravel()


def main() -> None:
    names, folder, trees, leaves = sys.argv[1].split(), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    costs = []
    for place in range(len(list(folder.glob("campaign_*.npz")))):
        given = Given(str(folder / f"campaign_{place}.npz"), trees, leaves)
        given.regressor().fit(given.X[:200], given.y[:200])  # the libraries are loaded before anything is measured
        made, cost = {}, {}
        for name in names:
            found, seconds, memory = measured(lambda name=name, given=given: globals()[name](given))
            made[name], cost[name] = np.asarray(found, dtype=float), (seconds, memory)
        np.savez(folder / f"forecasts_{place}.npz", **made)
        costs.append(cost)
    libraries = {name: version(name) for name in ("causalml", "econml", "scikit-uplift", "lightgbm")}
    print(json.dumps({"costs": costs, "versions": libraries}))


if __name__ == "__main__":
    main()
