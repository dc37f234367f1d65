"""Save each model of the catalogue as written by this version, if no model of its format number is kept yet.

Run `python tests/save_golden_models.py` when a model is new or its `format` has risen, and commit the new files.
"""

from __future__ import annotations

from pathlib import Path

import model_checks

from relkit.models import catalogue, storage

if __name__ == "__main__":
    for name in catalogue.names():
        folder = Path(__file__).parent / "golden" / "models" / name / f"format_{catalogue.fitted_class(name).format}"
        if not folder.exists():
            case = model_checks.case_of(name)
            fitted = case.fit()
            storage.save(fitted, folder)
            few = case.features.head(40)
            few.write_parquet(folder / "features_given.parquet")
            model_checks.given_for(fitted, few).write_parquet(folder / "scores_expected.parquet")
