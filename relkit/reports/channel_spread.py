"""Spread of each channel's share over models, next to the noise of the data: which of the two decides the share.

spread = channel_spread(credit)
spread.filter("is_model_bound")         channels whose share depends on the model more than on the data
"""

from __future__ import annotations

import polars as pl

from relkit.metrics.credit_shares import share_spread

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "channel": pl.String,
    "mean_share": pl.Float64,
    "low": pl.Float64,
    "least_model": pl.String,
    "high": pl.Float64,
    "most_model": pl.String,
    "spread": pl.Float64,
    "width": pl.Float64,
    "is_model_bound": pl.Boolean,
}


def channel_spread(credit: pl.DataFrame) -> pl.DataFrame:
    """Return, for each channel, its least and greatest share over models and the mean width of their intervals.

    Args:
        credit: channel, model, conversions, share, lower, upper (null for models without intervals), one row per channel and model.

    Returns:
        the columns of `SCHEMA`, the channel with the greatest mean share first. Shares and widths are of the conversions credited to any
        channel. `width` is null if no model has intervals, and the channel is then not model-bound; nor is it with a single model.

    Examples:
        >>> credit = pl.DataFrame(
        ...     {
        ...         "channel": ["a", "b", "a", "b"],
        ...         "model": ["Linear", "Linear", "Last touch", "Last touch"],
        ...         "conversions": [60.0, 40.0, 70.0, 30.0],
        ...         "share": [0.6, 0.4, 0.7, 0.3],
        ...         "lower": [58.0, 30.0, 68.0, 20.0],
        ...         "upper": [62.0, 50.0, 72.0, 40.0],
        ...     }
        ... )
        >>> channel_spread(credit).select("channel", "least_model", "most_model", "is_model_bound").rows()
        [('a', 'Linear', 'Last touch', True), ('b', 'Last touch', 'Linear', False)]
    """
    if credit.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    total = pl.col("conversions").sum().over("model")
    widths = credit.with_columns(width=pl.when(total != 0).then((pl.col("upper") - pl.col("lower")) / total))
    shares = by_model(credit, "share", missing=0.0)
    found = share_spread(shares.drop("model").to_numpy(), by_model(widths, "width", missing=float("nan")).drop("model").to_numpy())
    models, channels = shares["model"].to_list(), shares.drop("model")
    columns = [channels[name] for name in channels.columns]
    frame = pl.DataFrame(
        {
            "channel": channels.columns,
            "mean_share": [column.mean() for column in columns],
            "low": found.low,
            "least_model": [models[column.arg_min() or 0] for column in columns],
            "high": found.high,
            "most_model": [models[column.arg_max() or 0] for column in columns],
            "spread": found.spread,
            "width": found.width,
            "is_model_bound": found.is_model_bound,
        },
        schema=SCHEMA,
    )
    return frame.with_columns(pl.col("width").fill_nan(None)).sort("mean_share", "channel", descending=[True, False])


def by_model(credit: pl.DataFrame, column: str, *, missing: float) -> pl.DataFrame:
    """Return model, then one column per channel with the values of a column; one row per model.

    Args:
        credit: channel, model and the column.
        column: the values.
        missing: value of a channel that a model does not have, or of which the value is null.
    """
    wide = credit.pivot("channel", index="model", values=column, maintain_order=True)
    return wide.with_columns(pl.exclude("model").cast(pl.Float64).fill_null(missing))
