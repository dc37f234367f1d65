"""Roles, readings and families: the records in which a family folder declares what its models share.

    ORDERS = Role(name="orders", label=Text("orders", "commandes"), scores=(ScoreKind(stem="expected_orders", horizon="days"),))
    FAMILY = Family(name="lifetime_value", label=..., roles=(ORDERS,), reads=PURCHASES)

A model class names its role and its reading; `relkit.models.catalogue` has everything else. Nothing here refers to a model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from relkit.file_column import FileColumn
    from relkit.models.comparison import ModelComparison, Origin, Yardstick
    from relkit.score_kinds import ScoreKind


THE_RULE = Text(
    "In brackets 95% of what other samples of these customers would give. The best log-score leads; another model is taken if it is "
    "clearly better on its error or total and worse on nothing, or if it is as good and simpler.",
    "Entre parenthèses, 95\u00a0% de ce que donneraient d’autres échantillons de ces clients. Le meilleur score logarithmique "
    "l’emporte ; un autre modèle est retenu s’il est nettement meilleur sur l’erreur ou le total et moins bon sur rien, ou s’il est "
    "aussi bon et plus simple.",
)
"""The rule of `relkit.models.comparison` for readers of a report."""


@dataclass(frozen=True)
class Reading:
    """The rows that models learn from and score.

    Attributes:
        name: of this kind of rows.
        table: the one without which there is nothing to learn.
        unit: name of a row for display, in the plural.
        instead: what is read if the table is absent and another one has the same facts; None if none does.

    Examples:
        >>> Reading("spells", table="contracts", unit="contracts").table
        'contracts'
    """

    name: str
    table: str
    unit: str = "customers"
    instead: Reading | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Role:
    """The use that the scores of some models serve: models of one role give the same scores, and one of them is used.

    Attributes:
        name: of the role, in the plural.
        label: for display.
        scores: that models of the role may give.
        columns: of delivered files that are based on these scores.
        preferred: names of models within their families, in the order in which they are tried; those not listed come last.
        credits_channels: whether its models give credit to channels instead of scores to customers; all of them are used, side by side.

    Examples:
        >>> from relkit.score_kinds import ScoreKind
        >>> from relkit.texts import Text
        >>> Role(name="orders", label=Text("orders", "commandes"), scores=(ScoreKind(stem="p_alive", high=1.0),)).scores[0].stem
        'p_alive'
    """

    name: str
    label: Text
    scores: tuple[ScoreKind, ...] = ()
    columns: tuple[FileColumn, ...] = ()
    preferred: tuple[str, ...] = ()
    credits_channels: bool = False

    def rank(self, name: str) -> tuple[int, str]:
        """Return the sort key of a model of the role: the preferred in their order, then the others alphabetically."""
        short = name.partition(".")[2]
        return (self.preferred.index(short) if short in self.preferred else len(self.preferred), name)


class Compare(Protocol):
    """A function that judges fitted models of a family on one holdout and selects one."""

    def __call__(
        self,
        fitted: Mapping[str, Any],
        features: Mapping[str, pl.DataFrame],
        outcomes: pl.DataFrame,
        *,
        past: pl.DataFrame | None = None,
        replicates: int = 200,
        seed: int = 0,
    ) -> ModelComparison:
        """Return the comparison; `past` is all purchases up to the end of the holdout, if the family has any."""


class CompareOrigins(Protocol):
    """A function that judges the models of a family at several past origins, the newest first, and selects one."""

    def __call__(self, origins: Sequence[Origin], *, replicates: int = 200, seed: int = 0) -> ModelComparison:
        """Return the comparison, its figures those of the newest origin."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ComparisonTexts:
    """The titles and labels with which a comparison of models is shown.

    Attributes:
        groups: title, horizontal and vertical axis of the figure by group of customers.
        course: title and vertical axis of the figure over time.
        is_share: whether the groups show shares.
        measures: those shown in the reports, with their headings.
        rule: the intervals and the rule of the choice, in words for readers of a report.
    """

    groups: tuple[Text, Text, Text]
    course: tuple[Text, Text]
    is_share: bool = False
    measures: Mapping[str, Text] = field(default_factory=dict)
    rule: Text = THE_RULE


@dataclass(frozen=True, kw_only=True, eq=False)
class Family:
    """Models of one kind of behaviour.

    Attributes:
        name: of its folder.
        label: for display.
        roles: that its folder declares.
        reads: what most of its models read, and what a command reads if it names only the family.
        compared: the role whose models `<name>.auto` compares; None if there is no such choice.
        yardstick: the measures they are compared by.
        compare: the function that compares them on one holdout.
        compare_origins: the function that compares them at several past origins; None if they are compared on one holdout.
        judged_customers: customers on whom candidates are compared by default; 0 for all.
        texts: with which the comparison is shown.
        side_by_side: whether `<name>.all` fits all its models, none of which is right by a number: they are shown next to each other.
    """

    name: str
    label: Text
    roles: tuple[Role, ...]
    reads: Reading
    compared: Role | None = None
    yardstick: Yardstick | None = None
    compare: Compare | None = None
    compare_origins: CompareOrigins | None = None
    judged_customers: int = 0
    texts: ComparisonTexts | None = None
    side_by_side: bool = False
