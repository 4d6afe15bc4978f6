"""The site: built from what is stored, without the network, without a warning, every link leading
somewhere.
"""

import subprocess
import sys
from urllib.parse import unquote, urlsplit

import pytest
from browsing import needs_browser, started
from lxml import html

from ivim.files import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-c",
        "docs",
        "-b",
        "html",
    ]
    done = subprocess.run(
        [*command, "-d", str(out / "doctrees"), ".", str(out / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out / "html"


def _pages(site):
    for path in sorted(site.rglob("*.html")):
        if "_static" not in path.parts and "results" not in path.parts:
            yield path, html.parse(path).getroot()


def test_every_link_leads_somewhere(site):
    """Each link and picture inside the site is a file of it, and each anchor an element of its
    page.
    """
    ids, broken = {}, []
    for path, page in _pages(site):
        ids[path] = set(page.xpath("//@id")) | set(page.xpath("//a/@name"))
    for path, page in _pages(site):
        for address in page.xpath("//a/@href | //img/@src | //script/@src | //link/@href"):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                broken.append(f"{path.relative_to(site)}: {address}")
            elif parts.fragment and target in ids and unquote(parts.fragment) not in ids[target]:
                broken.append(f"{path.relative_to(site)}: {address} (no such anchor)")
    assert broken == []


def test_nothing_is_fetched_from_elsewhere(site):
    """No script, style, font or picture of another host: the site reads the same on a machine
    without a network.
    """
    for path, page in _pages(site):
        loaded = page.xpath("//script/@src | //link[@rel='stylesheet']/@href | //img/@src")
        assert [one for one in loaded if urlsplit(one).netloc] == [], path


def test_search_works_without_a_server(site):
    """The index that the search page reads is part of the site and knows the field's words."""
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert all(word in index for word in ("youden", "glossari", "kurtosi"))


def test_every_notebook_and_public_name_has_its_place(site):
    """All numbered notebooks are pages, all public names are in the reference, all commands with
    their help.
    """
    import ivim
    from ivim.cli import COMMANDS

    for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"):
        assert (site / "notebooks" / f"{path.stem}.html").is_file()
    text = (site / "docs" / "reference.html").read_text(encoding="utf-8")
    assert [
        name for name in ivim.__all__ if name != "__version__" and f'id="ivim.{name}"' not in text
    ] == []
    words = html.fromstring(text).text_content()
    names = (name.rstrip("_").replace("_", "-") for name in COMMANDS)
    assert [name for name in names if f"usage: ivim {name}" not in words] == []


def test_every_picture_has_a_text(site):
    """Pictures in texts and notebooks say in words what they show."""
    silent = [
        f"{path.relative_to(site)}: {picture.get('src')}"
        for path, page in _pages(site)
        for picture in page.xpath("//article//img")
        if len((picture.get("alt") or "").strip()) < 10
    ]
    assert silent == []


# What sticks out on the right and lies in no box that scrolls.
CUT_OFF = """
() => [...document.querySelectorAll("body *")].filter((one) => {
  const place = one.getBoundingClientRect();
  if (!place.width || place.right <= document.documentElement.clientWidth + 1) return false;
  for (let box = one; box; box = box.parentElement)
    if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return false;
  return !one.closest(".prev-next-area");
}).map((one) => one.outerHTML.slice(0, 80))
"""


@needs_browser
def test_no_page_is_wider_than_its_window(site):
    """On a telephone and on a desk no page scrolls sideways; what is wider scrolls in its box."""
    wide = {}
    with started() as browser:
        page = browser.new_page()
        for path in sorted(site.rglob("*.html")):
            if "_static" in path.parts or path == site / "index.html":
                continue
            page.goto(path.as_uri(), wait_until="domcontentloaded")
            for width in (390, 1400):
                page.set_viewport_size({"width": width, "height": 900})
                across = page.evaluate("document.documentElement.scrollWidth")
                cut = page.evaluate(CUT_OFF)
                if across > width or cut:
                    wide[path.relative_to(site).as_posix(), width] = across, cut
    assert wide == {}
