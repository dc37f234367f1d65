"""Spread of each channel's share over models, next to the noise of the data: which of the two decides the share.

spread = channel_spread(credit)
spread.filter("is_model_bound")         channels whose share depends on the model more than on the data
"""

from __future__ import annotations

import polars as pl

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
    total = pl.col("conversions").sum().over("model")
    shares = credit.with_columns(width=pl.when(total != 0).then((pl.col("upper") - pl.col("lower")) / total))
    by_share = {"least_model": pl.col("share").arg_min(), "most_model": pl.col("share").arg_max()}
    found = shares.group_by("channel", maintain_order=True).agg(
        pl.col("width").mean(),
        mean_share=pl.col("share").mean(),
        low=pl.col("share").min(),
        high=pl.col("share").max(),
        **{name: pl.col("model").get(at) for name, at in by_share.items()},
    )
    spread = (pl.col("high") - pl.col("low")).round(12)  # equal gaps of different shares are equal
    bound = (spread > pl.col("width")).fill_null(value=False)
    whole = found.with_columns(spread=spread, is_model_bound=bound)
    return whole.select(*SCHEMA).cast(SCHEMA).sort("mean_share", "channel", descending=[True, False])  # type: ignore[arg-type]
