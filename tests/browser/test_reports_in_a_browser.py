"""The reports of the demo, opened as files: they ask the network for nothing, and their pictures are there."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "name",
    [
        "segment_customer_value",
        "segment_churn_risk",
        "segment_product_affinity",
        "measure_channel_attribution",
        "interact_customer_journeys",
    ],
)
def test_it_makes_no_network_request(browser, demo, tmp_path, name) -> None:
    (path,) = (demo / "out" / "demo" / "reports").glob(f"*/{name}_en.html")
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    asked, complained = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complained.append(message.text))
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert [url for url in asked if url.startswith("file:")] == [path.as_uri()]
    assert complained == []
    widths = page.evaluate("() => [...document.images].map(image => image.naturalWidth)")
    assert len(widths) >= 3
    assert all(widths)
    # Nothing is wider than the page.
    assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
    page.close()
