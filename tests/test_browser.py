"""What a reader can move, moved in a real browser: the notebooks' sliders, the curve of the site, the ledger."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from ivim import files
from ivim.run.processes import end

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab over a copy of the notebooks, on the loopback address; gives its address."""
    folder = tmp_path_factory.mktemp("lab")
    for path in files.NOTEBOOKS.glob("[0-9]*.ipynb"):
        shutil.copy(path, folder / path.name)
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = (
        "--no-browser --allow-root --ServerApp.ip=127.0.0.1 --IdentityProvider.token= "
        "--ServerApp.password= --ServerApp.port_retries=0 --LabApp.expose_app_in_browser=True "
        "--LabApp.news_url= --LabApp.collaborative=False"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", *words.split(), f"--ServerApp.port={port}",
         f"--ServerApp.root_dir={folder}"],
        env=os.environ
        | {
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "IVIM_RESULTS": str(folder / "results"),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address + "/api")
        yield address
    finally:
        end(process.pid)


def _wait_for(address, seconds=90):
    last = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            assert time.monotonic() < last, f"{address} did not answer"
            time.sleep(0.3)


@pytest.mark.parametrize(
    "name", ["01_signal_models", "02_representative_cases", "07_diagnostic_performance"]
)
def test_sliders_of_a_notebook_change_what_is_drawn(browser, lab, name):
    """With a kernel, the arrow key on the first slider changes the picture below it."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(180_000)
    page.goto(f"{lab}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function(
        "window.jupyterapp && document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=\"idle\"]')"
    )
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_selector(".widget-slider .noUi-handle")
    page.wait_for_function(
        "document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=\"idle\"]')"
    )
    assert (
        page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count()
        == 0
    )
    drawn = "[...document.querySelectorAll('.jupyter-widgets.widget-output img, .jupyter-widgets img')].map(one => one.src.length + one.src.slice(-400)).join()"
    before = page.evaluate(drawn)
    assert before
    handle = page.locator(".widget-slider .noUi-handle").first
    handle.focus()
    for _ in range(4):
        handle.press("ArrowRight")
    page.wait_for_function(f"{drawn} !== {json.dumps(before)}")
    page.close()


def test_the_curve_of_the_site_follows_its_sliders(browser, tmp_path):
    """Moving f moves the curve and the dots; the same draw of the noise gives the same dots again."""
    script = (files.ROOT / "docs" / "_static" / "signal_curve.js").as_uri()
    page_file = tmp_path / "page.html"
    page_file.write_text(f'<div id="signal-curve"></div><script src="{script}"></script>')
    page = browser.new_page()
    page.goto(page_file.as_uri())
    curve = page.locator("svg .whole")
    before, dots = curve.get_attribute("d"), page.locator("svg").inner_html()
    page.locator("input[name=f]").fill("0.4")
    assert curve.get_attribute("d") != before
    assert page.locator("input[name=f] + output").inner_text() == "0.4"
    page.locator("input[name=f]").fill("0.15")
    assert page.locator("svg").inner_html() == dots
    page.close()


def test_the_ledger_can_be_read_on_a_telephone_and_filtered(browser):
    """At 390 pixels nothing hangs over the edge; choosing a verdict leaves rows of that verdict only."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((files.ROOT / "results" / "audit" / "ledger.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 392
    page.close()
