"""Output of a measurement: its folder, the row of the results ledger, and the sentences for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from relkit.commands import command
from relkit.jobs.base import Result

if TYPE_CHECKING:
    from pathlib import Path

    from relkit.measurement.measured_campaign import MeasuredCampaign

FOLDER = "measurements"
WAIT_SECONDS = 20.0
"""Time to wait for another measurement that is being written."""


def folder_of(out_dir: Path, action: str, wave: str | None, *, kind: str = "draw") -> Path:
    """Return the folder of a measurement: measurements/<action>/<wave>, or all.

    Examples:
        >>> from pathlib import Path
        >>> folder_of(Path("out"), "voucher", None).as_posix(), folder_of(Path("out"), "a/b", "all").as_posix()
        ('out/measurements/voucher/all', 'out/measurements/a%2Fb/%61ll')
    """
    from relkit.measurement.measured_campaign import ALL_WAVES

    name = ALL_WAVES if wave is None else as_name(wave)
    return out_dir / FOLDER / as_name(action) / (name if kind == "draw" else f"{kind}-{name}")


def kept_measurement(out_dir: Path, action: str, wave: str | None = None, *, kind: str = "draw") -> MeasuredCampaign:
    """Return a measurement that was written.

    Raises:
        StorageError: there is none, or it is damaged.
    """
    from relkit.measurement.measured_campaign import MeasuredCampaign

    return MeasuredCampaign.read(folder_of(out_dir, action, wave, kind=kind))


def as_name(text: str) -> str:
    """Return an id as the name of a folder; one that would have another meaning there is escaped."""
    name = quote(text, safe=" ")
    if name in {"all", "", ".", ".."} or name.startswith((".", "comparison-")):
        return f"%{ord(name[0]):02x}{name[1:]}" if name else "%00"
    return name


def written(measured: MeasuredCampaign, out_dir: Path) -> Result:
    """Write a measurement and its row of the ledger, and return the result of the job."""
    from relkit.locks import held
    from relkit.measurement.results_ledger import FOLDER as RESULTS
    from relkit.measurement.results_ledger import ledger_row, read_ledger, with_row, write_ledger

    facts = measured.facts
    folder = folder_of(out_dir, facts.action_id, facts.wave_id, kind=facts.kind)
    (out_dir / RESULTS).mkdir(parents=True, exist_ok=True)
    with held(out_dir / RESULTS, "another measurement", seconds=WAIT_SECONDS):
        ledger = with_row(read_ledger(out_dir), ledger_row(measured, measured_at=datetime.now(tz=UTC)))
        paths = measured.write(folder)
        path = write_ledger(out_dir, ledger)
    return Result(
        job="measure",
        passed=not facts.mismatch,
        metrics=_metrics(measured),
        counts=dict(facts.counts),
        paths={"folder": folder, **paths, "ledger": path},
        warnings=tuple(remark.en for remark in measured.remarks),
        sentences=_sentences(measured),
        details=_details(measured),
    )


def _sentences(measured: MeasuredCampaign) -> tuple[str, ...]:
    """Return the findings in the words of the report, and how to open it."""
    from relkit.reports.campaign_uplift import CampaignUplift

    facts, page = measured.facts, CampaignUplift(measured=measured)
    if facts.kind != "draw":
        return (*page.headlines().sentences, f"Read it as a page: {_page('measure_campaign_comparison', measured)}")
    parts = (page.headlines(), page.split_sentences(), page.randomisation(), page.segment_sentences(), page.guardrail_sentences())
    return (*(line for part in parts for line in part.sentences), f"Read it as a page: {_page('measure_campaign_uplift', measured)}")


def _page(notebook: str, measured: MeasuredCampaign) -> str:
    """Return the command that shows a measurement."""
    facts = measured.facts
    flags = {"campaign": facts.action_id, "wave": facts.wave_id, **_windows(measured)}
    given = "".join(f" --parameters.{name} {quote_word(value)}" for name, value in flags.items() if value is not None)
    return f"{command('report', notebook)}{given}"


def _windows(measured: MeasuredCampaign) -> dict[str, int]:
    """Return the windows that differ from the usual ones."""
    from relkit.features.campaign_windows import POST_WINDOW_DAYS, RESPONSE_WINDOW_DAYS

    usual = {"response_window_days": RESPONSE_WINDOW_DAYS, "post_window_days": POST_WINDOW_DAYS}
    return {name: getattr(measured.facts, name) for name, days in usual.items() if getattr(measured.facts, name) != days}


def quote_word(value: object) -> str:
    """Return a value as a word of a command."""
    import shlex

    return shlex.quote(str(value))


def _metrics(measured: MeasuredCampaign) -> dict[str, float | None]:
    """Return the figures of money by name, with the ends of their intervals, and those of the first window."""
    found: dict[str, float | None] = {}
    for row in measured.table("money").iter_rows(named=True):
        name = row["figure"] if row["window"] != "response" else f"{row['figure']}_response"
        found[name] = row["value"]
        if row["low"] is not None or row["high"] is not None:
            found |= {f"{name}_low": row["low"], f"{name}_high": row["high"]}
    return found


def _details(measured: MeasuredCampaign) -> dict[str, Any]:
    """Return the facts and the tables but that of days, for scripts."""
    facts = measured.facts
    plain = {name: getattr(facts, name) for name in ("action_id", "wave_id", "kind", "waves", "level", "method", "currency", "mismatch")}
    plain |= {name: str(getattr(facts, name)) for name in ("as_of", "first_draw", "last_draw")}
    plain |= {name: getattr(facts, name) for name in ("response_window_days", "post_window_days", "srm_p_value", "balance_p_value")}
    plain |= {"verdict": facts.verdict, "verdict_why": facts.verdict_why.en, "units_needed": facts.units_needed}
    rows = {
        name: measured.table(name).drop("drawn_on", strict=False).to_dicts() for name in ("estimates", "guardrails", "segments", "waves")
    }
    return plain | rows
