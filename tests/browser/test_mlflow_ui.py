"""The MLflow UI, started as the demo prints it, lists the registered versions with their descriptions."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.browser

DESCRIBED = """
import json
from mlflow.tracking import MlflowClient
client = MlflowClient("sqlite:///mlruns/mlflow.db")
print(json.dumps([[v.name, v.version, v.description or ""] for m in client.search_registered_models() for v in
                  client.search_model_versions(f"name = '{m.name}'")]))
"""


def test_it_lists_the_versions_with_their_descriptions(browser, demo, mlflow_ui, environment, tmp_path) -> None:
    done = subprocess.run([sys.executable, "-c", DESCRIBED], cwd=demo, env=environment, capture_output=True, text=True, check=True)
    versions = json.loads(done.stdout.splitlines()[-1])
    assert {name for name, *_ in versions} >= {"demo.lifetime_value.bg_nbd", "demo.survival.cox"}
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{mlflow_ui}/#/models")
    for name in {name for name, *_ in versions}:
        page.get_by_role("link", name=name, exact=True).first.wait_for(timeout=60_000)
    page.screenshot(path=tmp_path / "models.png")
    for name, version, description in versions:
        page.goto(f"{mlflow_ui}/#/models/{name}/versions/{version}")
        page.get_by_text(f"Version {version}").first.wait_for(timeout=60_000)
        for words in description.split("\n")[:1]:
            if words:
                page.get_by_text(" ".join(words.split()[:6])).first.wait_for(timeout=60_000)
        page.screenshot(path=tmp_path / f"{name}-{version}.png")
    page.close()
