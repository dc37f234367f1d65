"""A measured campaign as it is kept: facts, tables and remarks in one folder, written whole or not at all.

out/default/measurements/voucher/all/measurement.json, estimates.parquet, money.parquet, ..., remarks.json
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from relkit.errors import StorageError
from relkit.measurement.result_tables import TABLES
from relkit.remarks import FILE, Remark, read_remarks, write_remarks
from relkit.replaced_folders import drafted, put_in_place
from relkit.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FACTS = "measurement.json"
FORMAT = 1
ALL_WAVES = "all"
"""Name of the folder of a measurement over all waves of an action."""
_DAYS = ("as_of", "first_draw", "last_draw")
_TEXTS = ("what", "verdict_why")


@dataclass(frozen=True, kw_only=True)
class MeasurementFacts:
    """Facts of a measurement.

    Attributes:
        action_id: the action.
        wave_id: the only wave measured; None for all waves.
        kind: draw, or comparison if nobody was drawn.
        as_of: last day known.
        first_draw, last_draw: days of the first and last draw.
        waves: number of waves.
        response_window_days: days after the draw in which a response is expected.
        post_window_days: further days in which it may be taken back.
        level: of the intervals.
        method: method of the figures of money and of the verdict: drawn or adjusted.
        what: name of the amount that the campaign is to add: the margin, if it is known.
        currency: ISO code.
        counts: units by what became of them: drawn, treated, control, in_both_arms, ...
        srm_p_value: p-value of the planned shares; None if it was not tested.
        mismatch: true if the shares are not those planned.
        balance_p_value: p-value of equal means before the draw, jointly.
        verdict: continue, stop, retest or not_measurable.
        verdict_why: one sentence, in both languages.
        units_needed: units to draw to detect the effect that pays; None if not applicable.
        fingerprint: of the tables measured.
        version: of relkit.
        settings: further parameters of the job.
    """

    action_id: str
    wave_id: str | None
    kind: str
    as_of: date
    first_draw: date
    last_draw: date
    waves: int
    response_window_days: int
    post_window_days: int
    level: float
    method: str
    what: Text
    currency: str
    counts: Mapping[str, int]
    srm_p_value: float | None
    mismatch: bool
    balance_p_value: float | None
    verdict: str
    verdict_why: Text
    units_needed: int | None
    fingerprint: str
    version: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The action, and the wave if only one was measured."""
        return self.action_id if self.wave_id is None else f"{self.action_id}, {self.wave_id}"

    @property
    def days(self) -> dict[str, int]:
        """Days from the draw to the end of each window."""
        return {"response": self.response_window_days, "post": self.response_window_days + self.post_window_days}


@dataclass(frozen=True, eq=False, kw_only=True)
class MeasuredCampaign:
    """A measured campaign.

    Attributes:
        facts: facts.
        tables: frames by name, as declared in `relkit.measurement.result_tables`.
        remarks: remarks that affect how the figures are to be read.
    """

    facts: MeasurementFacts
    tables: Mapping[str, pl.DataFrame]
    remarks: tuple[Remark, ...] = ()

    def table(self, name: str) -> pl.DataFrame:
        """Return a table by its name."""
        return self.tables[name]

    def money(self, figure: str, window: str = "post") -> dict[str, Any]:
        """Return the row of a figure of money: value, low, high, reason_en, reason_fr; all null if there is none."""
        return _row(self.tables["money"].filter(pl.col("figure") == figure, pl.col("window") == window), self.tables["money"].columns)

    def estimate(self, measure: str, window: str = "post", method: str = "drawn") -> dict[str, Any]:
        """Return the row of an effect; all null if there is none."""
        rows = self.tables["estimates"]
        return _row(rows.filter(pl.col("measure") == measure, pl.col("window") == window, pl.col("method") == method), rows.columns)

    def write(self, folder: Path) -> dict[str, Path]:
        """Write everything in place of an earlier measurement, and return the files by name.

        The files are written beside the folder first, so that a run that is killed leaves the earlier measurement as it was.
        """
        with drafted(folder.parent) as draft:
            (draft / folder.name).mkdir()
            self._fill(draft / folder.name)
            put_in_place(draft, folder.name)
        return {path.stem: path for path in sorted(folder.iterdir())}

    def _fill(self, folder: Path) -> None:
        for table in TABLES:
            self.tables[table.name].write_parquet(folder / f"{table.name}.parquet")
        write_remarks(folder / FILE, self.remarks)
        plain = {"format": FORMAT, **asdict(self.facts)}
        plain |= {name: plain[name].isoformat() for name in _DAYS}
        text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / FACTS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> MeasuredCampaign:
        """Read a measurement.

        Raises:
            StorageError: there is none, it is damaged, or another version of relkit wrote it.
        """
        try:
            plain = _known_format(json.loads((folder / FACTS).read_text(encoding="utf-8")))
            plain |= {name: date.fromisoformat(plain[name]) for name in _DAYS} | {name: Text(**plain[name]) for name in _TEXTS}
            tables = {table.name: pl.read_parquet(folder / f"{table.name}.parquet") for table in TABLES}
            return cls(facts=MeasurementFacts(**plain), tables=tables, remarks=read_remarks(folder / FILE))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, pl.exceptions.PolarsError) as error:
            remedy = "Measure the campaign again."
            raise StorageError("there is no measurement here, or it is damaged.", where=str(folder), remedy=remedy) from error


def _known_format(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the facts without their format, or raise a ValueError for an unknown one."""
    if plain.pop("format") != FORMAT:
        raise ValueError
    return plain


def _row(found: pl.DataFrame, columns: list[str]) -> dict[str, Any]:
    return found.row(0, named=True) if len(found) else dict.fromkeys(columns)
