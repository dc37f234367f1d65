"""Remarks on journeys, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.remarks import Remark, french

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relkit.features.wanted_journeys import Wanted

UNTOUCHED = "conversions_without_touch"


def remarks_of(counts: Mapping[str, int], wanted: Wanted) -> tuple[Remark, ...]:
    """Return the remarks that counts of journeys call for."""
    if not counts["conversions"] or not counts["untouched"]:
        return ()
    share = counts["untouched"] / counts["conversions"]
    return (
        Remark(
            UNTOUCHED,
            f"{counts['untouched']:,} of {counts['conversions']:,} conversions ({share:.0%}) have no touch within the lookback: they are "
            "credited to no channel.",
            f"{french(counts['untouched'])} conversions sur {french(counts['conversions'])} ({french(100 * share)} %) n’ont aucun contact "
            "dans la fenêtre : elles ne sont attribuées à aucun canal.",
        ),
    )
