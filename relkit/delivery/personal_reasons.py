"""Personal data in the reasons of a risk: a reason reveals the attribute that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.scores.reasons import NAMES, covariate_of
from relkit.tables.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

CLASSES = ("none", "pseudonym", "personal", "sensitive")
"""Classes of personal data, each more personal than the one before it."""
DERIVED = {"age_at_start_years": "personal"}
"""Covariates that relkit makes of personal data; the others of its own come from contracts."""


def personal_data_of_reasons(codes: Iterable[str], dictionary: pl.DataFrame | None) -> str:
    """Return the most personal class of the attributes behind the codes; one that is described nowhere counts as personal.

    Args:
        codes: reasons, such as `monthly_amount_high`.
        dictionary: of the customer table, with the class of each attribute; None if there is none.

    Examples:
        >>> personal_data_of_reasons(["monthly_amount_high"], None), personal_data_of_reasons(["age_at_start_years_low"], None)
        ('none', 'personal')
        >>> import polars as pl
        >>> words = pl.DataFrame({"column": ["region", "union"], "personal_data": ["none", "sensitive"]})
        >>> personal_data_of_reasons(["region=North"], words), personal_data_of_reasons(["union_yes", "income_low"], words)
        ('none', 'sensitive')
    """
    known = {column.name: column.personal_data for column in TABLES["contracts"].columns} | dict.fromkeys(NAMES, "none") | DERIVED
    if dictionary is not None and "personal_data" in dictionary.columns:
        known = {**dict(dictionary.select("column", "personal_data").iter_rows()), **known}
    found = {known.get(covariate_of(code)) or "personal" for code in codes}
    return max(found, key=CLASSES.index, default="none")
