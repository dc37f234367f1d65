"""The tree of errors, its exit codes, and the message builder."""

from __future__ import annotations

import pytest

from relkit import errors
from relkit.errors import GateError, MissingPackageError, ParameterError, RelkitError, TableError, nearest


def test_message_is_where_what_remedy_and_the_parts_stay_readable():
    error = TableError("37 rows are negative.", where="orders.amount", remedy="Map them to returns.", rows=[1])
    assert str(error) == "orders.amount: 37 rows are negative. Map them to returns."
    assert (error.where, error.what, error.remedy, error.rows) == ("orders.amount", "37 rows are negative.", "Map them to returns.", [1])


def test_parts_may_be_left_out():
    assert str(RelkitError("it broke.")) == "it broke."
    assert str(RelkitError("it broke.", remedy="Mend it.")) == "it broke. Mend it."


@pytest.mark.parametrize(
    ("name", "code"),
    [("GateError", 1), ("FitError", 1), ("NotConvergedError", 1), ("NotEnoughEventsError", 1), ("UnforeseenError", 1)]
    + [
        (name, 2)
        for name in ("RelkitError", "TableError", "PeriodError", "ParameterError", "StorageError", "ResourceError", "MissingPackageError")
    ],
)
def test_exit_codes_are_those_of_the_tree(name, code):
    assert getattr(errors, name).exit_code == code


def test_every_error_is_in_the_tree_and_drawn_in_it():
    classes = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert all(issubclass(e, RelkitError) for e in classes)
    assert all(e.__name__ in errors.__doc__ for e in classes)


def test_errors_are_also_what_python_calls_them():
    assert issubclass(TableError, ValueError)
    assert issubclass(ParameterError, ValueError)
    assert issubclass(MissingPackageError, ImportError)
    assert not issubclass(GateError, ValueError)


def test_unknown_name_lists_the_nearest_and_all_known():
    error = ParameterError.unknown("parameter", "asof", ["model", "as_of"], where="fit")
    assert str(error) == "fit: unknown parameter 'asof'; did you mean 'as_of'? Known: as_of, model."


def test_a_long_list_of_known_names_is_cut_and_the_rest_counted():
    message = str(ParameterError.unknown("product", "p07", [f"p{number:04}" for number in range(5_000)]))
    assert message.endswith("p0038, p0039 and 4,960 more.")
    assert not str(ParameterError.unknown("product", "x", [f"p{number}" for number in range(40)])).endswith("more.")


def test_unknown_name_without_neighbours_or_without_any_known():
    assert str(TableError.unknown("table", "zzz", ["customers"])) == "unknown table 'zzz'. Known: customers."
    assert str(TableError.unknown("table", "zzz", [])) == "unknown table 'zzz'. None are known."


def test_nearest_ignores_case_and_gives_none_when_nothing_is_near():
    assert nearest("CUSTOMERID", ["customer_id", "net_amount"]) == "customer_id"
    assert nearest("Net_Amount", ["NET_AMOUNT"]) == "NET_AMOUNT"
    assert nearest("zzz", ["customer_id"]) is None
    assert nearest("x", []) is None


def test_nearest_knows_a_dotted_name_by_its_last_part_and_can_ask_for_more_likeness():
    assert nearest("bgnbd", ["lifetime_value.bg_nbd", "survival.cox"]) == "lifetime_value.bg_nbd"
    assert nearest("ventes", ["identifiers"]) == "identifiers"
    assert nearest("ventes", ["identifiers"], likeness=0.7) is None


def test_of_models_tables_and_commands_three_are_suggested() -> None:
    models = ["survival.cox", "survival.cox_time_varying", "survival.cause_specific_cox", "survival.weibull_aft", "uplift.auto"]
    for kind in ("model", "registered model"):
        hint = "did you mean 'survival.cox', 'survival.cox_time_varying' or 'survival.cause_specific_cox'? Known"
        assert hint in str(ParameterError.unknown(kind, "survival.coxx", models))
    assert "did you mean 'contracts', 'contact' or 'contacts'? Known" in str(
        ParameterError.unknown("table", "contract", ["contracts", "contacts", "contact", "costs"])
    )
    assert "did you mean 'fit'? Known" in str(ParameterError.unknown("command", "fti", ["fit", "budget", "models"]))
    assert "did you mean" not in str(ParameterError.unknown("model", "zzzz", models))
    assert "did you mean 'level'? Known" in str(ParameterError.unknown("setting", "leveel", ["level", "levels"]))
