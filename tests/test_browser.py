"""What a reader can move outside a notebook, moved in a real browser: the curve of the site, the
ledger.
"""

import pytest
from browsing import needs_browser, started

from ivim import files

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser():
    """A browser without a window."""
    with started() as one:
        yield one


def test_the_curve_of_the_site_follows_its_sliders(browser, tmp_path):
    """Moving f moves the curve and the dots; the same draw of the noise gives the same dots
    again.
    """
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
    """At 390 pixels nothing hangs over the edge; choosing a verdict leaves rows of that verdict
    only.
    """
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((files.ROOT / "results" / "audit" / "ledger.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 392
    page.locator("select[name=verdict]").select_option("misprint")
    left = page.locator("tr.entry:visible")
    assert left.count() > 0
    assert set(left.evaluate_all("all => all.map(one => one.dataset.verdict)")) == {"misprint"}
    page.locator("select[name=verdict]").select_option("")
    assert page.locator("tr.entry:visible").count() == page.locator("tr.entry").count()
    page.close()
