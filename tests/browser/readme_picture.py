"""The picture of the README: the head of the demo's report on customer value, as a browser shows it. `make readme-picture` runs this."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "images" / "customer_value_report.png"
WIDTH, HEIGHT, MARGIN = 1080, 1420, 16
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def report() -> Path:
    """Return the newest report on customer value that the demo has written."""
    found = sorted((ROOT / "out" / "demo" / "reports").glob("*/segment_customer_value_en.html"))
    return found[-1] if found else sys.exit("There is no report to show: run make demo first.")


def browser_path() -> str:
    """Return the path of a browser."""
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    return found or sys.exit("Chromium is not installed, so there is no picture: apt-get install chromium")


def main() -> None:
    """Write the picture."""
    from playwright.sync_api import sync_playwright

    page_file, path = report(), browser_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(page_file.as_uri())
        # Down to the end of the first plot, whatever stands above it.
        plot = page.locator("figure").first.bounding_box()
        page.screenshot(path=TARGET, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": plot["y"] + plot["height"] + MARGIN})
        browser.close()
    print(f"Wrote {TARGET.relative_to(ROOT)} from {page_file.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
