"""Each notebook, opened in JupyterLab right after the demo with nothing touched: Run All reaches the end, in one language."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
PICTURES = {
    "segment_customer_value": 8,
    "segment_churn_risk": 8,
    "segment_product_affinity": 5,
    "interact_customer_journeys": 8,
    "study_telco_churn": 4,
    "study_next_products": 4,
    "study_uplift": 4,
    "study_attribution": 4,
}
"""Pictures that each shows, at least; others show one."""
FRENCH = re.compile("[àâèêëîïôùûœ«»]|\\b(les|des|une|pour|dans|avec|clients)\\b")
RUN_SECONDS = 600
STATE = """() => ({
  prompts: [...document.querySelectorAll('.jp-CodeCell')].map(cell => cell.querySelector('.jp-InputPrompt')?.textContent ?? ''),
  errors: [...document.querySelectorAll('.jp-OutputArea-output[data-mime-type*="stderr"]')].map(found => found.textContent),
})"""


def run_all(page, address: str) -> dict:
    """Open a notebook, run it through the menu, and wait until every cell has its number or one has failed."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
    # The indicator of the notebook says idle before there is a kernel; the bar below tells when it has answered.
    page.get_by_text("| Idle").first.wait_for(timeout=120_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    until = time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        state = page.evaluate(STATE)
        numbered = [bool(re.search(r"\d", prompt)) for prompt in state["prompts"]]
        if state["errors"] or (numbered and all(numbered)):
            return state
        page.wait_for_timeout(500)
    raise AssertionError(f"it did not end within {RUN_SECONDS} seconds: {state}")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_top_to_bottom_and_shows_one_language(browser, jupyter, tmp_path, name) -> None:
    # So tall that all cells are in the page: JupyterLab draws only those in sight.
    page = browser.new_page(viewport={"width": 1300, "height": 12_000})
    state = run_all(page, jupyter.format(name=name))
    page.wait_for_timeout(2000)
    page.screenshot(path=tmp_path / f"{name}.png")
    assert state["errors"] == []
    assert page.locator(".jp-OutputArea img").count() >= PICTURES.get(name, 1)
    shown = page.locator(".jp-RenderedMarkdown, .jp-OutputArea").all_inner_texts()
    assert len("".join(shown)) > 1000
    assert [found[0] for text in shown if (found := FRENCH.search(text))] == []
    if name.startswith("segment_"):
        assert any("Programme demo, as of 2025-06-30" in text for text in shown)
    page.close()
