"""Each column is declared once in relkit, and all its texts are in both languages."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from source_trees import nodes

from relkit.delivery import budget_files, ranking_files, rule_files
from relkit.delivery.columns import OWN, declared
from relkit.features.columns import ATTRIBUTES, DECLARED
from relkit.file_column import CHANNELS, UNITS, FileColumn, channel_in_words
from relkit.models import catalogue
from relkit.models.roles import Role
from relkit.scores import action_scores, channel_credit
from relkit.scores.columns import DERIVED
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).resolve().parents[1] / "relkit"
OF_MODELS = tuple(column for role in catalogue.roles() for column in role.columns)
HOUSE = (*DECLARED, *ATTRIBUTES, *OF_MODELS, *DERIVED, *OWN)
CREDIT = (*channel_credit.COLUMNS, *channel_credit.TOTAL_COLUMNS, *budget_files.COLUMNS)
LISTS = (*ranking_files.COLUMNS, *rule_files.COLUMNS, *action_scores.COLUMNS, *CREDIT)
"""Columns of the lists that leave relkit besides the customer file."""


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def declared_names(path: Path) -> Iterator[str]:
    """Return the names of the columns that a module declares by a literal."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "FileColumn":
            yield from (str(k.value.value) for k in node.keywords if k.arg == "name" and isinstance(k.value, ast.Constant))


def test_no_column_is_declared_twice() -> None:
    assert [name for name, times in Counter(column.name for column in HOUSE).items() if times > 1] == []
    written = Counter(name for path in sources() for name in declared_names(path))
    assert len(written) > 50
    assert [name for name, times in written.items() if times > 1] == []
    assert set(written) <= {column.name for column in (*HOUSE, *LISTS)}


def test_every_delivered_column_is_one_of_the_house() -> None:
    assert all(any(column is known for known in HOUSE) for column in declared())


def test_each_score_of_a_model_has_a_column_that_shows_it() -> None:
    for role in catalogue.roles():
        shown = {column.score.removesuffix("_{h}d").removesuffix("_{h}d_{reason}").removesuffix("_{product}") for column in role.columns}
        assert shown == {kind.stem for kind in role.scores}, role.name


def test_the_columns_of_a_family_that_the_order_does_not_name_follow_the_other_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = FileColumn(name="toy", dtype=pl.Float64, kind="score", score="toy")
    role = Role(name="toys", label=Text("toys", "jouets"), columns=(toy,))
    known = catalogue.roles()
    monkeypatch.setattr(catalogue, "roles", lambda: (*known, role))
    names = [column.name for column in declared()]
    assert names[names.index("toy") : names.index("toy") + 2] == ["toy", "last_nps"]
    assert all(names.index(column.name) < names.index("toy") for each in known for column in each.columns)


@pytest.mark.parametrize("column", HOUSE, ids=lambda column: column.name)
def test_every_text_is_in_both_languages(column: FileColumn) -> None:
    for text in (column.label, column.meaning, *column.codes.values()):
        assert text.en, text
        assert text.fr, text
    for text in (column.null_means, column.absent_means, column.empty_means):
        assert bool(text.en) == bool(text.fr)


def test_channels_have_their_words_in_one_place() -> None:
    def is_words(node: ast.AST) -> bool:
        return isinstance(node, ast.Call | ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))

    def names_channels(node: ast.AST) -> bool:
        if not isinstance(node, ast.Dict) or not all(map(is_words, node.values)):
            return False
        return len({getattr(key, "value", None) for key in node.keys} & set(CHANNELS)) > 1

    found = [path.relative_to(PACKAGE).as_posix() for path in sources() for node in nodes(path) if names_channels(node)]
    assert found == ["file_column.py"]
    assert all(text.en and text.fr for text in (*CHANNELS.values(), *UNITS.values()))
    assert channel_in_words("store")["fr"] == "magasin"


def test_an_empty_cell_means_what_the_row_and_what_the_table_lack() -> None:
    given, lacking = Text("never ordered", "jamais commandé"), Text("no purchases", "achats non fournis")
    both = FileColumn(name="x", dtype=pl.Int32, null_means=given, absent_means=lacking)
    assert both.empty_means == Text("never ordered, or no purchases", "jamais commandé, ou achats non fournis")
    assert FileColumn(name="x", dtype=pl.Int32, null_means=given).empty_means == given
    assert FileColumn(name="x", dtype=pl.Int32, absent_means=lacking).empty_means == lacking
    assert not FileColumn(name="x", dtype=pl.Int32).empty_means
