"""The customers of a report: those of the delivered file, so that a page and the file agree to the cent.

    people = scored_people(folder, programme="demo", edge=edge, currency="EUR")

The delivered file is authoritative. If one of that day was made from these very features and scores, it is read, whatever models
it prefers; otherwise it is made as `relkit deliver` would by default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from relkit.periods import AsOf

FILE = "customers_scored.parquet"


def scored_people(folder: Path, *, programme: str, edge: AsOf, currency: str) -> pl.DataFrame:
    """Return the scored customer file of a day, full view, one row per customer, with the other columns of the customer table.

    Args:
        folder: the output root.
        programme: its id.
        edge: the day.
        currency: ISO code of money.

    Returns:
        The columns of the file first, in order of customer_id.

    Raises:
        TableError: there are no features of that day.
    """
    import polars as pl

    from relkit.commands import command
    from relkit.delivery.customer_files import customer_file
    from relkit.errors import TableError
    from relkit.scores.kept_scores import KeptScores

    path = folder / "features" / str(edge) / "customers.parquet"
    if not path.is_file():
        raise TableError(
            "there are no features of that day.", where=str(path.parent), remedy=f"Run {command('features', as_of=edge)} first."
        )
    customers, delivered = pl.read_parquet(path), delivered_file(folder, programme=programme, edge=edge)
    if delivered is None:
        scored = folder / "scores" / str(edge)
        products = pl.read_parquet(path) if (path := scored / "next_products.parquet").is_file() else None
        scores = KeptScores.read(scored)
        people = customer_file(customers, scores, as_of=edge.day, currency=currency, next_products=products).frame
    else:
        people = pl.read_parquet(delivered)
    further = customers.select("customer_id", *(name for name in customers.columns if name not in people.columns))
    return people.join(further.cast({"customer_id": pl.String}), on="customer_id", how="left", maintain_order="left")


def delivered_file(folder: Path, *, programme: str, edge: AsOf) -> Path | None:
    """Return the newest delivered file of a day if it was made from the current features and scores; else None."""
    from relkit.delivery.publishing import deliveries, sha256

    of_day = [delivery for delivery in deliveries(folder / "deliveries" / programme) if delivery.as_of == edge.day]
    if not of_day:
        return None
    read = {entry["name"]: entry.get("sha256") for entry in of_day[-1].manifest().get("inputs", ())}
    for kind, name in (("features", "customers"), ("scores", "scores")):
        path = folder / kind / str(edge) / f"{name}.parquet"
        now = sha256(path) if path.is_file() else None
        if read.get(f"{kind}/{edge}/{name}") != now:
            return None
    return of_day[-1].folder / FILE
