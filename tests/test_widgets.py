"""The sliders of the notebooks in a real browser: JupyterLab, a kernel, Chromium, a key press."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from browsing import CHROMIUM, started

from ivim.files import ROOT

EXPLORERS = {
    "prevalence": "from ivim.report.explore import prevalence\nfrom ivim import load_cohort\n"
    "prevalence(load_cohort())",
    "signal": "from ivim.synthetic import explore\nexplore.signal()",
    "voxel": "from ivim.synthetic import cases, explore, phantom\n"
    "explore.voxel(cases.measure_case(phantom.CASES['figure1']))",
}
PATIENCE_MS = 120_000


def _notebook(folder):
    cells = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": code, "outputs": [],
         "execution_count": None}
        for name, code in EXPLORERS.items()
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "sliders.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a free port of the loopback address; its address."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    pytest.importorskip("playwright.sync_api")
    folder = tmp_path_factory.mktemp("lab")
    _notebook(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / "set")}
    environment.pop("IVIM_RESULTS", None)
    options = ["--no-browser", f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1"]
    options += ["--IdentityProvider.token=", "--ServerApp.allow_root=True", "--LabApp.news_url="]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(address, server, seconds=60):
    for _ in range(seconds * 2):
        try:
            urllib.request.urlopen(f"{address}/api")
        except OSError:
            assert server.poll() is None, "JupyterLab ended at its start"
            time.sleep(0.5)
        else:
            return
    pytest.fail("JupyterLab did not answer")


@pytest.fixture(scope="module")
def page(lab):
    """The notebook in a browser, all cells run."""
    with started() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 2600})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{lab}/lab/tree/sliders.ipynb")
        # Before its kernel is ready, a notebook lets the menu be clicked and runs nothing.
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        yield page


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_slider_moves_the_picture(page, name):
    """The first slider of each explorer, moved by a key, draws another picture with other words."""
    from playwright.sync_api import expect

    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(list(EXPLORERS).index(name))
    image = cell.locator(".jp-OutputArea .jupyter-widgets img")
    image.wait_for()
    before = image.get_attribute("src")
    cell.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    expect(image).not_to_have_attribute("src", before, timeout=PATIENCE_MS)
    assert len(image.get_attribute("alt")) > 30
