"""Printed commands: complete, and valid on the command line."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from relkit import cli
from relkit.commands import Place, at_work, command, program, stay_at
from relkit.errors import ParameterError, RelkitError
from relkit.jobs.report_material import ReportMaterial
from relkit.jobs.score_customers import ScoreCustomers
from relkit.jobs.write_report import WriteReport

NAMES = ("check", "features", "fit", "score", "deliver", "report", "models")
AFTER = {"first", "again", "to", "and", "in", "has"}
"""Words of a sentence that may follow a command."""


def printed(text: str) -> list[str]:
    """Return the commands in a text, each up to the end of its sentence or the words that follow it."""
    found = []
    for text_after in re.split(rf"\brelkit (?=(?:{'|'.join(NAMES)})\b)", text)[1:]:
        words: list[str] = []
        for word in text_after.split():
            if word.rstrip(".,;:") in AFTER:
                break
            words.append(word.rstrip(".,;:"))
            if word[-1] in ".,;:":
                break
        found.append(" ".join(["relkit", *words]))
    return list(dict.fromkeys(found))


def test_it_names_what_differs_from_the_defaults() -> None:
    assert command("score") == "relkit score"
    with at_work(Place(programme="demo", out=Path("/my out"), as_of="2025-03-31")):
        assert command("score") == "relkit score --as-of 2025-03-31 --programme demo --out '/my out'"
        assert command("models") == "relkit models --programme demo --out '/my out'"
        assert command("fit", "survival.cox", as_of="2025-01-31").startswith("relkit fit survival.cox --as-of 2025-01-31 ")
        assert command("score", programme="other") == "relkit score --programme other"
    assert command("score") == "relkit score"


def test_parts_of_a_declared_parameter_keep_their_spelling() -> None:
    assert command("score", horizon_days=30, **{"offer.contact_cost": 4}) == "relkit score --horizon-days 30 --offer.contact_cost 4"


def test_a_notebook_stays_where_it_reads() -> None:
    with at_work(Place()):
        stay_at(Place(programme="demo"))
        assert command("score") == "relkit score --programme demo"


def test_a_program_that_the_shell_finds_goes_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert program("no-such-program") == "no-such-program"
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("sys.executable", str(Path.cwd() / "pyproject.toml"))
    assert program("README.md") == "README.md"


class TestInASmallCompany:
    """Commands of pages and messages are parsed from what was printed, and run."""

    @pytest.fixture
    def company(self, reported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        import shutil

        from relkit.tracking import embedded

        shutil.copytree(reported / "mlruns", tmp_path / "mlruns")
        shutil.copytree(reported / "out" / "default", tmp_path / "out" / "shop")
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.setattr("relkit.families.bindings.diagnostic_figures", lambda *_, **__: {})
        embedded.relocate(embedded.current())
        return tmp_path

    def test_a_message_s_command_makes_what_was_missing(self, company: Path) -> None:
        with pytest.raises(RelkitError, match="no features of that day") as refused:
            ReportMaterial.read(as_of="2025-03-31")
        (found,) = printed(str(refused.value))
        assert found == "relkit features --as-of 2025-03-31 --programme shop"
        assert cli.run(shlex.split(found)[1:]) == 0
        assert (company / "out" / "shop" / "features" / "2025-03-31" / "customers.parquet").is_file()

    @pytest.mark.usefixtures("company")
    def test_scores_of_a_programme_without_models_say_which_to_fit(self) -> None:
        with pytest.raises(ParameterError) as refused:
            ScoreCustomers.parse().run()
        commands = printed(str(refused.value))
        assert "relkit fit lifetime_value.gamma_gamma --programme shop" in commands
        assert cli.run(shlex.split(next(c for c in commands if "gamma_gamma" in c))[1:]) == 0
        assert ScoreCustomers.parse().run().sentences[0] == "Programme shop, the only one in out."

    def test_a_report_on_an_earlier_day_builds_what_it_lacks_or_says_so(self, company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        early = {"notebook": "segment_churn_risk", "as_of": "2025-03-31"}
        monkeypatch.setattr(WriteReport, "_write", lambda *_, **__: company / "mlruns" / "mlflow.db")  # the page has tests of its own
        lacking = WriteReport.parse(**early).run()
        assert lacking.skipped
        assert "Built the features as of 2025-03-31." in lacking.sentences
        fit = next(c for c in printed(" ".join(lacking.sentences)) if "survival.cox" in c)
        assert fit == "relkit fit survival.cox --as-of 2025-03-31 --programme shop"
        assert cli.run(shlex.split(fit)[1:]) == 0
        made = WriteReport.parse(**early).run()
        assert made.skipped is None
        assert any("survival.cox version 1, trained as of 2025-03-31, scored" in sentence for sentence in made.sentences)
        assert not any("knows what happened then" in sentence for sentence in (*made.sentences, *made.warnings))
        again = WriteReport.parse(**early).run()
        assert not any(sentence.startswith("Built") for sentence in again.sentences)
