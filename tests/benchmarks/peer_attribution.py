"""Credit by ChannelAttribution and marketing-attribution-models, run by the interpreter of an environment of their own.

    python peer_attribution.py markov PATHS.npz

Prints, by peer, the credit of each channel (null if it gives another quantity), seconds of CPU and peak memory in MB over the input, as
JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
from importlib.metadata import version
from typing import Any

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from measuring import measured  # noqa: E402

NAMES = [f"channel_{k:02d}" for k in range(12)]
PRECISIONS = (0.05, 0.01)
"""Values of conv_par: the first is ChannelAttribution's default."""


def paths_of(arrays: Any) -> Any:
    """Return a polars table of paths as text, one row per journey."""
    import polars as pl

    offsets = arrays["offsets"]
    journey = np.repeat(np.arange(len(offsets) - 1, dtype=np.uint32), np.diff(offsets))
    touches = pl.DataFrame({"journey": journey, "path": pl.Series(NAMES).gather(arrays["touches"])})
    text = touches.group_by("journey", maintain_order=True).agg(pl.col("path").str.join(" > "))
    return text.select("path", conversions=arrays["conversions"], value=arrays["value"], nulls=1 - arrays["conversions"])


def channel_attribution(paths: Any) -> dict[str, Any]:
    """Return runs on rows and on grouped paths, with the default precision and with higher ones."""
    with contextlib.redirect_stdout(io.StringIO()):
        from ChannelAttribution import markov_model
    import polars as pl

    def credit(table: Any, precision: float) -> dict[str, float]:
        settings = {"conv_par": precision, "verbose": False, "flg_pro": False}
        found = markov_model(table, "path", "conversions", "value", "nulls", sep=">", **settings)
        return dict(zip(found["channel_name"], map(float, found["total_conversions"]), strict=True))

    name = f"ChannelAttribution {version('ChannelAttribution')}"
    grouped = paths.group_by("path").agg(pl.sum("conversions", "value", "nulls")).sort("path").to_pandas()
    rows = paths.to_pandas()
    credit(grouped.head(1000), 0.05)
    runs = {f"{name}, by rows": measured(lambda: credit(rows, 0.05))}
    for precision in PRECISIONS:
        runs[f"{name}, grouped, {precision}"] = measured(lambda precision=precision: credit(grouped, precision))
    return runs


def marketing_attribution_models(paths: Any, task: str) -> dict[str, Any]:
    """Return the run on its own table of lists; its Markov credit is spread anew in each journey, so that only its cost is compared."""
    import polars as pl
    from mam import MAM

    columns = {"channels_colname": "path", "journey_with_conv_colname": "converted", "occurrences_colname": "occurrences"}
    table = paths.select("path", "value", converted=pl.col("conversions") > 0, occurrences=pl.lit(1))

    def ready(rows: Any) -> Any:
        return MAM(rows, format_type="format_3", conversion_value_colname="value", **columns)

    def run(model: Any) -> None:
        getattr(model, f"run_{task}")()

    run(ready(table.head(1000)))
    model = ready(table)
    return {f"marketing-attribution-models {version('marketing-attribution-models')}": measured(lambda: run(model))}


def main() -> None:
    task = sys.argv[1]
    with np.load(sys.argv[2]) as arrays:
        paths = paths_of(arrays)
    runs = channel_attribution(paths) if task == "markov" else {}
    print(json.dumps(runs | marketing_attribution_models(paths, task)))


if __name__ == "__main__":
    main()
