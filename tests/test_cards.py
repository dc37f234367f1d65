"""Cards that objects show in a cell of a notebook."""

from __future__ import annotations

import re
from datetime import date

import modelled_company as company
import polars as pl

from relkit.cards import MOST_ROWS, Card, FittedCard, shown
from relkit.jobs.base import Result
from relkit.models.base import FitInfo
from relkit.remarks import Remark


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", "|", html)


def test_every_text_is_escaped() -> None:
    card = Card("<b>t</b>", ("<i>s</i>",)).warned(("<u>w</u>",)).with_facts("<h>", {"<k>": "<v>"}).with_rows("r", [{"<c>": "<d>"}])
    html = shown(card)
    assert not re.search(r"<(b|i|u|h|k|v|c|d)>", html)
    assert html.count("&lt;") >= 9


def test_it_sets_no_colour_of_text_or_ground() -> None:
    html = shown(Card("t").with_facts("Counts", {"rows": 3}))
    assert not re.search(r"[^-]color:|background:(?!transparent)", html)


def test_facts_of_several_things_are_a_table_with_a_row_a_thing() -> None:
    counts = {"rows": 1234, "tables": {"orders": {"rows_kept": 20, "rules": {}}, "people": {"rows_kept": 3, "rules": {}}}}
    seen = text(shown(Card("check").with_facts("Counts", counts)))
    assert "1,234" in seen
    assert re.search(r"tables\|+rows_kept\|", seen)
    assert re.search(r"orders\|+20\|", seen)
    assert "rules" not in seen


def test_long_tables_end() -> None:
    seen = text(shown(Card("t").with_rows("r", [{"n": n} for n in range(MOST_ROWS + 7)])))
    assert "7 more" in seen


def test_a_result_shows_what_was_done() -> None:
    result = Result(
        job="fit",
        sentences=("It was fitted.",),
        warnings=("Look out.",),
        metrics={"brier_score": 0.14},
        details={"summary": [{"term": "r", "estimate": 1.2345678, "lower": 1.0, "upper": 1.4}]},
    )
    seen = text(result._repr_html_())
    assert all(shown_text in seen for shown_text in ("relkit fit", "It was fitted.", "Look out.", "brier_score", "0.14", "1.235", "upper"))


class Fitted(FittedCard):
    name = "lifetime_value.none"
    settings = FitInfo(as_of=date(2025, 6, 30), rows=1, log_likelihood=None, converged=True)
    info = FitInfo(
        as_of=date(2025, 6, 30),
        rows=1200,
        log_likelihood=-12.5,
        converged=False,
        remarks=(Remark("left_out", "One was left out.", "Une ligne a été écartée."),),
    )

    def summary(self) -> pl.DataFrame:
        return pl.DataFrame({"term": ["r"], "estimate": [1.5], "lower": [1.0], "upper": [None]})


def test_a_fitted_model_shows_settings_estimates_and_notes() -> None:
    seen = text(Fitted()._repr_html_())
    for shown_text in ("1,200 rows as of 2025-06-30", "One was left out.", "did not converge", "Settings", "-12.5", "1.5", "–"):
        assert shown_text in seen


def test_all_fitted_models_show_themselves() -> None:
    from relkit.models import catalogue

    lacking = [name for name in catalogue.names() if not issubclass(catalogue.fitted_class(name), FittedCard)]
    assert lacking == []


def test_no_customer_stands_on_a_card(tmp_path) -> None:
    from relkit.features.purchases import purchase_summary
    from relkit.models.lifetime_value.bg_nbd import BgNbd

    tables = company.write_company(tmp_path / "out")
    features = purchase_summary(tables, tables.as_of())
    html = BgNbd().fit(features, as_of=company.LAST)._repr_html_() + tables._repr_html_()
    assert "transactions" in html
    assert not [customer for customer in features["customer_id"] if customer in html]
