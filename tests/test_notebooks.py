"""The notebooks: thin, cleared, with the parameters of their job, and readable pages when they run on a small company."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import nbformat
import polars as pl
import pytest

from relkit.reports.engine import read_notebook
from relkit.reports.site import loads_from_outside
from relkit.running import job_class

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
BOOKS = sorted(FOLDER.glob("*.ipynb"))
LINES = 12
FORBIDDEN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.comprehension, ast.Try)
STAGES = ("organise", "segment", "interact", "collect", "feed", "measure", "explore", "study")
"""Notebooks of the loop; one that explores a folder of tables; those that study public data, and so concern no company."""
FRENCH = re.compile("[àâçèêëîïôùûœ«»]|\\b(les|des|une|pour|dans|avec)\\b")


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def code(path: Path) -> list[str]:
    return [cell.source for cell in cells(path, "code") if "parameters" not in cell.metadata.get("tags", ())]


def test_there_is_one_of_each_family() -> None:
    families = {"segment_customer_value", "segment_churn_risk", "segment_product_affinity", "measure_campaign_uplift"}
    families |= {"measure_channel_attribution"}
    assert families <= {path.stem for path in BOOKS}


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
class TestEachNotebook:
    def test_is_named_after_a_stage_of_the_loop(self, path: Path) -> None:
        assert path.stem.split("_")[0] in STAGES

    def test_has_no_outputs(self, path: Path) -> None:
        assert [cell for cell in cells(path, "code") if cell.outputs or cell.execution_count is not None] == []

    def test_is_thin(self, path: Path) -> None:
        for source in code(path):
            assert len(source.splitlines()) <= LINES, source
            assert [type(node).__name__ for node in ast.walk(ast.parse(source)) if isinstance(node, FORBIDDEN)] == [], source

    def test_has_literals_in_the_parameters_cell_only(self, path: Path) -> None:
        for source in code(path):
            assert [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)] == [], source

    def test_imports_nothing_but_relkit(self, path: Path) -> None:
        tree = ast.parse("\n".join(code(path)))
        imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert imported
        assert all(name.startswith("relkit.") for name in imported)
        assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))

    def test_has_the_parameters_of_its_job(self, path: Path) -> None:
        notebook = read_notebook(path)
        fields = job_class(notebook.job).model_fields
        shared = {"programme", "out", "as_of", "language"} if notebook.is_of_a_day else {"language"}
        own = set(notebook.defaults) & set(fields)
        assert own == shared  # its own are given as --parameters.NAME
        # A notebook that names no programme takes the only one there is; all else is as in the job.
        usual = {name: None if name == "programme" else fields[name].get_default() for name in own}
        assert {name: notebook.defaults[name] for name in own} == usual

    def test_says_what_it_needs_of_a_company(self, path: Path) -> None:
        notebook = read_notebook(path)
        assert bool(notebook.needs) == notebook.is_of_a_day == path.stem.startswith(STAGES[:6])

    def test_shows_one_language_and_holds_the_other(self, path: Path) -> None:
        """Each text is in English, and its metadata contain the French one, with as many headings and paragraphs."""
        prose = cells(path, "markdown")
        assert prose
        for cell in prose:
            french = cell.metadata["relkit"]["fr"]
            assert set(cell.metadata) == {"relkit"}
            assert not FRENCH.search(cell.source), cell.source
            assert french != cell.source
            assert [line.split(" ")[0] for line in cell.source.splitlines() if line.startswith(("#", ">"))] == [
                line.split(" ")[0] for line in french.splitlines() if line.startswith(("#", ">"))
            ]
            assert cell.source.count("\n\n") == french.count("\n\n")


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("name", "language", "sentences"),
    [
        ("segment_customer_value", "fr", ("Ce que valent les clients", "30 juin 2025", "Dixième, 1 = meilleur", "lifetime_value.bg_nbd")),
        (
            "segment_churn_risk",
            "en",
            (
                *("Which contracts are about to end", "30 June 2025", "Pays by direct debit", "survival.cox"),
                *("Contracts are told apart most clearly by", "Whether what goes with an early end does so at every age"),
                "Share that ended within 90 days, forecast and observed",
            ),
        ),
        (
            "segment_product_affinity",
            "fr",
            (
                *("Ce qui va ensemble", "30 juin 2025", "coffee 1", "Favoris du client, puis meilleures ventes"),
                *("aucun des 15 produits comparés n’en remplace un autre", "affinity.next_product", "affinity.rules"),
            ),
        ),
        pytest.param(
            "interact_customer_journeys",
            "fr",
            ("Comment les clients en viennent à acheter", "30 juin 2025", "Qui prépare, qui conclut", "Où les parcours s’arrêtent"),
            marks=pytest.mark.slow,  # its cells also run without a kernel, in the tests of its material
        ),
        pytest.param(
            "measure_campaign_uplift",
            "fr",
            ("Ce que la campagne a ajouté", "30 juin 2025", "Les groupes ont les tailles prévues", "Jour après jour", "Garde-fou"),
            marks=pytest.mark.slow,  # its cells also run without a kernel, in the tests of its sentences
        ),
    ],
)
def test_it_becomes_a_page_that_a_marketer_reads(
    reported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, language: str, sentences: tuple[str, ...]
) -> None:
    from relkit.jobs.write_report import WriteReport

    shutil.copytree(reported / "mlruns", tmp_path / "mlruns")
    shutil.copytree(reported / "out", tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    result = WriteReport.parse(notebook=name, language=language).run()
    html = result.paths["page"].read_text(encoding="utf-8")
    assert loads_from_outside(html) == []
    assert not re.search(r"https?:", html)
    assert all(text in html for text in sentences)
    assert html.count("data:image/png;base64,") >= 3
    other = "To decide:" if language == "fr" else "À décider"
    assert other not in html
    assert "import " not in re.sub(r'src="[^"]*"', "", html)
    assert html.count("To decide:" if language == "en" else "À décider") >= 4
    ids = pl.read_parquet(tmp_path / "out" / "default" / "features" / "2025-06-30" / "customers.parquet")["customer_id"]
    assert not [customer for customer in ids if customer in html]


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        ("study_telco_churn", ("Qui quitte un opérateur téléphonique", "Qui part en premier", "gradient (scikit-survival)")),
        ("study_next_products", ("Habitudes et découvertes", "alimentaire, par catégorie, dernier", "+2,03 (de +1,51 à +2,57)")),
        ("study_uplift", ("Qui la campagne fait bouger", "Femmes, intervalles qui excluent 0", "tirée, la plupart n’achètent rien")),
        ("study_attribution", ("Quel modèle voit ce que les canaux provoquent", "Le plus proche de la vérité", "la moitié des visites")),
    ],
)
def test_a_study_of_public_data_becomes_a_page_where_there_is_no_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sentences: tuple[str, ...]
) -> None:
    from relkit.jobs.write_report import WriteReport

    monkeypatch.chdir(tmp_path)
    result = WriteReport.parse(notebook=name, language="fr").run()
    assert result.paths["page"] == Path("out") / "default" / "reports" / f"{name}_fr.html"
    html = result.paths["page"].read_text(encoding="utf-8")
    assert loads_from_outside(html) == []
    assert all(text in html for text in sentences)
    assert html.count("data:image/png;base64,") == 4
    assert "To decide" not in html
