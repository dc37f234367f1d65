"""The offer a company declares: valid and refused declarations, and the record kept of it."""

from __future__ import annotations

import json
from typing import Any

import modelled_company as company
import polars as pl
import pytest

from relkit.errors import ParameterError
from relkit.jobs.declared_offer import ContractsOffered, as_kept, declared_offer, kept_offer
from relkit.scores.retention_offer import RetentionOffer

COSTS = {"contact_cost": "4", "offer_cost": "20"}


def test_numbers_and_lists_may_come_as_text() -> None:
    given = COSTS | {"averted_share": "0.25", "budget": "5000", "window_days": "60", "averts": "voluntary, move"}
    assert declared_offer(given) == RetentionOffer(
        contact_cost=4.0, offer_cost=20.0, averted_share=0.25, budget=5000.0, window_days=60, averts=("voluntary", "move")
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (COSTS | {"contactcost": 4}, r"offer: unknown setting 'contactcost'; did you mean 'contact_cost'"),
        (COSTS | {"averted_share": "1.5"}, r"offer: .*averted_share is 1\.5; it must lie in \[0, 1\]"),
        (COSTS | {"contact_cost": "-4"}, r"offer: .*contact_cost is -4; it must be 0 or more"),
        (COSTS | {"contact_cost": "four"}, r"offer: contact_cost is 'four': input should be a valid number"),
        (COSTS | {"window_days": "90.5"}, r"offer: window_days is '90\.5'"),
        (COSTS | {"budget": "-1"}, r"offer: .*budget is -1; it must be 0 or more"),
        ({"contact_cost": 4}, r"offer: offer_cost is not declared; what an offer costs has no default\. Give --offer\.offer_cost 4"),
        ({"budget": 9}, r"contact_cost and offer_cost are not declared"),
    ],
)
def test_invalid_values_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        declared_offer(given)


def test_what_is_kept_gives_the_same_offer_again() -> None:
    given = COSTS | {"averts": "voluntary", "budget": "0"}
    offer = declared_offer(given)
    kept = json.loads(json.dumps({"retention_offer_profit": as_kept(offer, given, 0.4)}))
    assert kept_offer(kept) == (offer, 0.4)
    assert kept["retention_offer_profit"]["offer_declared"] == ["averts", "budget", "contact_cost", "offer_cost"]
    assert kept_offer({"p_alive": {}}) == (None, None)


def test_who_refuses_profiling_or_has_no_known_margin_is_left_aside_and_counted(fitted_workplace) -> None:
    from relkit.features.spells import contract_spells, main_contracts
    from relkit.models.catalogue import make

    held = company.contracts()
    running = held.filter(pl.col("ended_on").is_null()).unique("customer_id", keep="none").sort("customer_id")
    refuses, unknown = running["customer_id"][0], running["contract_id"][1]
    margin = pl.when(pl.col("contract_id") != unknown).then(pl.col("monthly_amount") * 0.5)
    consents = pl.DataFrame({"customer_id": [refuses], "purpose": ["profiling"], "status": ["refused"]}).with_columns(
        changed_at=pl.lit("2024-01-01T00:00:00").str.to_datetime(time_unit="us", time_zone="UTC"),
        identifier=pl.lit(None, pl.String),
        channel_id=pl.lit(None, pl.String),
        valid_to=pl.lit(None, pl.Date),
    )
    frames = {"contracts": held.with_columns(monthly_margin=margin), "consents": consents}
    tables = company.write_company(fitted_workplace / "out" / "default", frames, assumed_margin_rate=None)
    as_of = tables.as_of()
    rows = main_contracts(contract_spells(tables, as_of))
    fitted = make("survival.kaplan_meier").fit(contract_spells(tables, as_of), as_of=as_of.day)
    found = ContractsOffered.of(tables, as_of, rows, fitted.needs)
    assert found is not None
    assert (len(found.known), found.unknown, found.refusing) == (len(rows) - 2, 1, 1)
    assert refuses not in found.known["customer_id"]
    assert found.known["margin_a_month"].to_list() == (found.known["monthly_amount"] * 0.5).to_list()
    given = ContractsOffered.of(tables, as_of, rows, fitted.needs, margin_rate=0.2)
    assert given is not None
    assert given.unknown == 0
