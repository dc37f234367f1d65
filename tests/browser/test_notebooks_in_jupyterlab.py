"""Each notebook, opened in JupyterLab right after the demo with nothing touched: Run All reaches the end, in one language."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
PICTURES = {"segment_customer_value": 6, "segment_churn_risk": 4, "study_telco_churn": 3, "explore_first_steps": 1}
FRENCH = re.compile("[àâèêëîïôùûœ«»]|\\b(les|des|une|pour|dans|avec|clients)\\b")
RUN_SECONDS = 240

pytestmark = pytest.mark.browser

STATE = """() => {
  const cells = [...document.querySelectorAll('.jp-CodeCell')];
  return {
    cells: cells.length,
    prompts: cells.map(cell => cell.querySelector('.jp-InputPrompt')?.textContent ?? ''),
    errors: [...document.querySelectorAll('.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"], .jp-RenderedText pre')]
      .map(found => found.textContent).filter(text => /Error|Traceback/.test(text)),
  };
}"""


def run_all(page, address: str) -> dict:
    """Open a notebook, run it through the menu, and wait until every cell has its number."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=90_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    until = time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        state = page.evaluate(STATE)
        if state["errors"] or all(re.search(r"\d", prompt) for prompt in state["prompts"]):
            return state
        page.wait_for_timeout(500)
    raise AssertionError(f"it did not end within {RUN_SECONDS} seconds: {state}")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_top_to_bottom_and_shows_one_language(browser, jupyter, tmp_path, name) -> None:
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    # All cells are in the page at once, whatever is in sight.
    state = run_all(page, jupyter.format(path=f"notebooks/{name}.ipynb"))
    assert state["errors"] == []
    assert state["cells"] > 4
    page.wait_for_timeout(1000)
    page.screenshot(path=tmp_path / f"{name}.png")
    pictures = page.locator(".jp-OutputArea img")
    assert pictures.count() >= PICTURES.get(name, 1)
    assert page.locator('.jp-OutputArea img[src^="http"]').count() == 0
    shown = page.locator(".jp-Notebook").inner_text()
    code = "\n".join(page.locator(".jp-Notebook .jp-InputArea-editor").all_inner_texts())
    prose = "\n".join(page.locator(".jp-RenderedMarkdown, .jp-RenderedHTMLCommon, .jp-OutputArea").all_inner_texts())
    assert not FRENCH.search(prose), FRENCH.search(prose)
    assert "À décider" not in shown
    assert code
    page.close()
