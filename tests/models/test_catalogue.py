from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import model_checks
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from relkit.errors import ParameterError
from relkit.models import catalogue, storage

if TYPE_CHECKING:
    from relkit.models.roles import Role

SAVED = Path(__file__).resolve().parents[1] / "golden" / "models"


@pytest.mark.parametrize(
    ("name", "check"),
    [pytest.param(name, check, id=f"{name}-{check.__name__}") for name in catalogue.names() for check in model_checks.checks_of(name)],
)
def test_every_model(name: str, check: model_checks.Check, tmp_path: Path) -> None:
    check(model_checks.case_of(name), tmp_path)


@pytest.mark.parametrize("name", catalogue.names())
def test_models_saved_by_earlier_versions_still_load(name: str) -> None:
    """A folder for each model and format number, with features and their scores when it was saved."""
    formats = sorted((SAVED / name).glob("format_*"))
    assert [int(folder.name.removeprefix("format_")) for folder in formats] == list(range(1, catalogue.fitted_class(name).format + 1))
    for folder in formats:
        fitted: Any = storage.load(folder)
        scores = model_checks.given_for(fitted, pl.read_parquet(folder / "features_given.parquet"))
        expected = pl.read_parquet(folder / "scores_expected.parquet")
        if "p_alive" in scores.columns:  # blank today if it is 1 by construction
            assert expected.filter(scores["p_alive"].is_null())["p_alive"].eq(1).all()
            expected = expected.with_columns(p_alive=pl.when(scores["p_alive"].is_not_null()).then("p_alive"))
        assert_frame_equal(scores.select(expected.columns), expected, rel_tol=1e-9)


def test_names_are_paths_of_modules() -> None:
    root = Path(catalogue.__file__).parent
    assert all((root / f"{name.replace('.', '/')}.py").is_file() for name in catalogue.names())
    assert sum(catalogue.families().values(), ()) == catalogue.names()


@pytest.mark.parametrize("name", catalogue.names())
def test_classes_carry_the_name(name: str) -> None:
    assert catalogue.settings_class(name).name == name
    assert catalogue.fitted_class(name).name == name


def test_naming_models_loads_none_of_them() -> None:
    code = "import sys; from relkit.models import catalogue; catalogue.families(); print({'scipy', 'pydantic'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_an_unknown_model() -> None:
    three = "'lifetime_value.bg_nbd', 'lifetime_value.mbg_nbd' or 'lifetime_value.nbd'"
    with pytest.raises(ParameterError, match=rf"unknown model 'lifetime_value.bgnbd'; did you mean {three}\? Known"):
        catalogue.make("lifetime_value.bgnbd", {})


def test_an_unknown_setting() -> None:
    with pytest.raises(ParameterError, match=r"bg_nbd: unknown setting 'perod_days'; did you mean 'period_days'\?"):
        catalogue.make("lifetime_value.bg_nbd", {"perod_days": 7})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"period_days": "week"}, "bg_nbd: period_days is 'week': input should be a valid number"),
        ({"period_days": 0}, r"^lifetime_value\.bg_nbd: period_days is 0; it must be above 0\.$"),
        ({"level": None}, "level is None: input should be a valid number"),
    ],
)
def test_a_setting_out_of_range(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        catalogue.make("lifetime_value.bg_nbd", settings)


def test_settings_may_come_as_text() -> None:
    assert catalogue.make("lifetime_value.bg_nbd", {"period_days": "1"}).period_days == 1.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", catalogue.roles(), ids=lambda role: role.name)
def test_an_order_lists_models_of_its_role(role: Role) -> None:
    known = catalogue.models_of(role)
    assert [name.partition(".")[2] for name in known][: len(role.preferred)] == list(role.preferred)


def test_every_model_plays_one_role_and_every_score_is_of_one() -> None:
    played = [name for role in catalogue.roles() for name in catalogue.models_of(role)]
    assert sorted(played) == list(catalogue.names())
    stems = [kind.stem for kind in catalogue.scores()]
    assert len(stems) == len(set(stems))


def test_a_choice_compares_models_of_its_family_only() -> None:
    for choice in catalogue.choices():
        family = catalogue.family(choice)
        assert all(name.startswith(f"{family.name}.") for name in catalogue.candidates(choice))
        assert family.compare is not None
        assert family.texts is not None
        assert family.yardstick is not None
        assert set(family.texts.measures) <= set(family.yardstick.measures)
    with pytest.raises(ParameterError, match=r"unknown choice 'survival.cox'; did you mean 'survival.auto'"):
        catalogue.candidates("survival.cox")


def test_a_module_that_lacks_a_class_or_its_name_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import relkit.models.survival as package

    bodies = {
        "alone": 'class Alone:\n    name: ClassVar[str] = "survival.alone"\n',
        "unnamed": "class Unnamed: ...\nclass FittedUnnamed: ...\n",
        "made_up": 'class MadeUp:\n    name: ClassVar[str] = "survival.made_up"\nclass FittedMadeUp: ...\n',
    }
    for module, body in bodies.items():
        (tmp_path / f"{module}.py").write_text(body)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    assert "survival.made_up" in catalogue.names()
    assert not {"survival.alone", "survival.unnamed"} & set(catalogue.names())
