"""The retention offer declared by a company: `--offer.contact_cost 4`, or `offer: {contact_cost: 4}` in a pipeline.

    offer = declared_offer({"contact_cost": "4", "offer_cost": "20", "budget": "5000"})
    held = ContractsOffered.of(tables, as_of, rows, fitted.needs)
    offer_values(fitted, held.known, offer=offer, ahead=ahead)

Its costs must be declared, as no default would be right for any company. The other assumptions have defaults; those that were
declared are kept alongside the scores (`models.json`), from which the report and the delivery read them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from relkit.errors import ParameterError
from relkit.jobs.given_settings import read_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from relkit.contracts import Contract
    from relkit.periods import AsOf
    from relkit.scores.retention_offer import RetentionOffer
    from relkit.tables.table_set import TableSet

WHERE = "offer"
MUST_BE_DECLARED = ("contact_cost", "offer_cost")
SCORE = "retention_offer_profit"
"""Key under which `models.json` keeps the scored offer."""


def declared_offer(given: Mapping[str, Any]) -> RetentionOffer:
    """Return the offer, from values that may be text; a hyphen in a name, as in flags, counts as an underscore.

    Raises:
        ParameterError: an unknown assumption (with the nearest known one), an invalid one, or a cost that is not declared.

    Examples:
        >>> offer = declared_offer({"contact_cost": "4", "offer_cost": 20, "averts": "voluntary"})
        >>> offer.contact_cost, offer.averted_share, offer.averts
        (4.0, 0.3, ('voluntary',))
    """
    from relkit.models.catalogue import checked
    from relkit.scores.retention_offer import RetentionOffer

    named = _named(given)
    offer = checked(RetentionOffer, WHERE, read_texts(RetentionOffer, named))
    if lacking := [name for name in MUST_BE_DECLARED if name not in named]:
        raise ParameterError(
            f"{' and '.join(lacking)} {'are' if len(lacking) > 1 else 'is'} not declared; what an offer costs has no default.",
            where=WHERE,
            remedy=f"Give --offer.{lacking[0]} 4, or offer: {{{lacking[0]}: 4}} in a pipeline; 0 if it costs nothing.",
        )
    return offer


def as_kept(offer: RetentionOffer, given: Mapping[str, Any], margin_rate: float | None) -> dict[str, Any]:
    """Return the record of an offer kept alongside its scores, ready for JSON.

    Args:
        offer: the offer used.
        given: the declared values.
        margin_rate: of contracts without a margin of their own; None if the job was given none.
    """
    return {
        "offer": asdict(offer) | {"averts": list(offer.averts)},
        "offer_declared": sorted(_named(given)),
        "offer_margin_rate": margin_rate,
    }


def _named(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in given.items()}


def kept_offer(models: Mapping[str, Mapping[str, Any]]) -> tuple[RetentionOffer | None, float | None]:
    """Return the scored offer and the given margin rate, from `models.json`; None if no offer was declared."""
    record = models.get(SCORE, {})
    if "offer" not in record:
        return None, None
    rate = record.get("offer_margin_rate")
    return declared_offer(record["offer"]), None if rate is None else float(rate)


@dataclass(frozen=True, eq=False)
class ContractsOffered:
    """The contracts an offer concerns: the main running contract of each customer.

    Attributes:
        known: contracts whose monthly margin and model inputs are all known, with margin_a_month and, for customers who may
            not be phoned, not_called_because.
        unknown: number of the others.
        refusing: number of customers excluded because they refuse profiling.
    """

    known: pl.DataFrame
    unknown: int
    refusing: int

    @classmethod
    def of(
        cls, tables: TableSet, as_of: AsOf, rows: pl.DataFrame, needs: Contract, *, margin_rate: float | None = None
    ) -> ContractsOffered | None:
        """Return the contracts, or None if contracts have no margin of their own.

        Args:
            tables: the company.
            as_of: the information cutoff.
            rows: one row per customer, as scored by the model of contracts.
            needs: the columns it reads.
            margin_rate: margin over amount for a contract without a margin of its own; None for the rate the company declared.
        """
        from relkit.features.channels import refusing_profiling
        from relkit.features.contract_margins import contract_margins, has_contract_margins
        from relkit.scores.scoring import scorable

        if not has_contract_margins(tables, rate=margin_rate):
            return None
        margins = contract_margins(tables, as_of, rate=margin_rate).select("contract_id", margin_a_month="monthly_margin")
        held = rows.join(margins, on="contract_id", how="left", maintain_order="left")
        asked = held.join(refusing_profiling(tables, as_of), on="customer_id", how="anti", maintain_order="left")
        known, _ = scorable(asked.drop_nulls("margin_a_month"), needs)
        return cls(_with_bars(known, tables, as_of), len(asked) - len(known), len(held) - len(asked))


def _with_bars(contracts: pl.DataFrame, tables: TableSet, as_of: AsOf) -> pl.DataFrame:
    """Add the reason why customers may not be phoned; null for those who may, or if nothing forbids it and no consents are known."""
    import polars as pl

    from relkit.features.contactability import contactability
    from relkit.scores.retention_offer import NOT_CALLED

    found = contactability(contracts, tables, as_of)
    agreed = pl.col("consent_phone") == "granted" if "consent_phone" in found.columns else pl.lit(value=True)
    why = (
        pl.when("is_protected")
        .then(pl.lit("protected"))
        .when(pl.col("may_contact_phone").not_() & agreed.fill_null(value=False))
        .then(pl.lit("unreachable"))
        .when(pl.col("may_contact_phone").not_())
        .then(pl.lit("no_consent"))
    )
    return contracts.with_columns(found.select(why.alias(NOT_CALLED)).to_series())
