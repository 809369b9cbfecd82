"""The course as ``make lab`` opens it: its links lead out of notebooks/, to the glossary among others."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from .conftest import OPEN_TO_TESTS, ROOT, recipe, settle


def command() -> list[str]:
    """What ``make lab`` starts, without a port: each test has its own."""
    jupyter, *words = recipe("lab")
    assert jupyter.endswith("/jupyter") and words[-1] == "notebooks/00_start_here.ipynb"
    port = words.index("--port")
    return ["jupyter", *words[:port], *words[port + 2 :]]


def test_the_readme_starts_it_the_same_way():
    words = [word for word in command() if word != "--allow-root"]  # which Jupyter wants of root alone
    assert f"`{' '.join(words)}`" in (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def clone(page, tmp_path):
    """A copy of what ``make lab`` serves, for Lab writes checkpoints beside what it opens; and no network."""
    settle(tmp_path)
    for name in ("notebooks", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.fulfill(body=""))  # the badges
    return tmp_path


def test_a_link_to_the_glossary_opens_it_at_its_word(page, serve, clone):
    """JupyterLab follows no link out of the folder that it serves, and says nothing: that must be the whole clone."""
    with serve(clone, *command(), *OPEN_TO_TESTS) as address:
        page.goto(f"{address}/lab/tree/{command()[-1]}?reset")
        link = page.locator(".jp-Notebook a[href*='glossary.md']").first
        word = link.get_attribute("href").rpartition("#")[2]
        link.click()
        glossary = page.locator(".jp-MarkdownViewer")  # rendered, not its source in an editor
        expect(glossary.get_by_role("heading", name="Glossary")).to_be_attached()
        expect(glossary.get_by_role("row", name=re.compile(f"^{word} "))).to_be_in_viewport()
        page.goto("about:blank")  # before its server is gone


def test_a_link_to_the_glossary_opens_it_in_notebook_7_too(page, serve, clone):
    """There in a new tab, from its beginning, and as text."""
    with serve(clone, *command(), *OPEN_TO_TESTS) as address:
        page.goto(f"{address}/notebooks/{command()[-1]}")
        link = page.locator(".jp-Notebook a[href*='glossary.md']").first
        expect(link).to_be_visible()
        page.errors.clear()  # what Notebook says of itself as it starts
        with page.context.expect_page() as opened:
            link.click()
        expect(opened.value.locator(".cm-content")).to_contain_text("# Glossary")
        opened.value.close()
        page.goto("about:blank")
