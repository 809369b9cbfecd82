"""The site, as make site has left it: every page opens, the search finds, a link leads to its word, axe is content."""

import re

import pytest
from playwright.sync_api import expect

from benchmarks.camera import hosted

from .conftest import ROOT, shut_out

SITE = ROOT / "build" / "site"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
BROKEN = "[...document.images].filter(i => !i.src.startsWith('http') && !i.naturalWidth).map(i => i.alt)"
FITS = "document.documentElement.scrollWidth <= innerWidth"
pytestmark = pytest.mark.skipif(not PAGES, reason="needs the site: make site")


@pytest.fixture
def alone(page):
    """A page without a network: what is from elsewhere, badges and MathJax, is left empty."""
    kinds = {"script": "text/javascript", "stylesheet": "text/css"}  # badges are pictures; formulas ask for MathJax
    page.route(
        re.compile(r"^https?://(?!127\.0\.0\.1)"),
        lambda route: route.fulfill(body="", content_type=kinds.get(route.request.resource_type, "image/svg+xml")),
    )
    return page


def address(name: str) -> str:
    return (SITE / name).as_uri()


@pytest.fixture(scope="module")
def host():
    """The site's address on a host. From a file no page may read another, and axe no style sheet."""
    with hosted(SITE, {}) as (address, _):
        yield address


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_with_all_its_pictures_and_fits_a_phone(alone, name):
    alone.set_viewport_size({"width": 390, "height": 844})
    alone.goto(address(name))
    assert alone.evaluate(BROKEN) == []
    assert alone.evaluate(FITS)


def test_the_search_finds_the_skips(alone, host):
    alone.goto(f"{host}search.html?q=skip")
    found = alone.locator("#search-results a")
    expect(found.filter(has_text="04 The U-Net").first).to_be_visible()


def test_a_words_link_leads_to_the_word(alone):
    alone.goto(address("notebooks/04_the_u_net.html"))
    link = alone.locator("article a[href*='glossary.html#']").first
    word = link.get_attribute("href").rpartition("#")[2]
    link.click()
    expect(alone.locator(f"tr:has([id='{word}'])")).to_be_in_viewport()


def test_a_quiz_answers(alone):
    alone.goto(address("notebooks/05_losses_and_metrics.html"))
    button = alone.locator(".MCButton", has_text="0.6")
    button.click()
    expect(alone.locator("article")).to_contain_text("Right: 60 shared")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "notebooks/05_losses_and_metrics.html", "docs/api/network.html"])
def test_axe_finds_nothing_of_ours(alone, host, name, theme):
    alone.emulate_media(color_scheme=theme)
    alone.goto(host + name)
    assert shut_out(alone, ".bd-article") == []  # what is around the article is the theme's
