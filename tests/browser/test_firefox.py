"""What learners meet first, in Firefox: a lesson's widgets, its quiz and its links in JupyterLab, and the site."""

import shutil
import time

import nbformat
import pytest

from .conftest import OPEN_TO_TESTS, ROOT, settle
from .firefox import firefox
from .test_lab import command
from .test_site import BROKEN, FITS, PAGES, SITE, address, hosted

CELLS = {
    "loss": "import handseg_lib as hs\nhs.explore.play_loss()",
    "pad": "photo = hs.drawn.load()[0].read()[0]\nhs.explore.convolve(photo)",
    "quiz": 'hs.quiz("05")',
}
site = pytest.mark.skipif(not PAGES, reason="needs the site: make site")


@pytest.fixture(scope="module")
def fox(tmp_path_factory):
    with firefox(tmp_path_factory.mktemp("firefox")) as page:
        if page is None:
            pytest.skip("needs Firefox: apt-get install firefox-esr")
        yield page


@pytest.fixture(scope="module")
def lab(fox, serve, tmp_path_factory):
    """JupyterLab, as ``make lab`` starts it: its address. It has the clone's notebooks, and one of CELLS."""
    folder = tmp_path_factory.mktemp("lab")
    settle(folder)
    for name in ("notebooks", "docs"):
        shutil.copytree(ROOT / name, folder / name)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS.values()])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "cells.ipynb")
    with serve(folder, *command(), *OPEN_TO_TESTS) as address:
        yield address
        fox.goto("about:blank")  # before its server is gone


@pytest.fixture(scope="module")
def notebook(fox, lab):
    """The notebook of CELLS, its kernel at rest."""
    fox.goto(f"{lab}/lab/tree/cells.ipynb?reset")
    fox.wait("document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status == 'idle'")
    return fox


def run(fox, name: str) -> str:
    """Runs a cell, by mouse and keys. Returns an expression for what is below it."""
    cell = f"document.querySelectorAll('.jp-CodeCell')[{list(CELLS).index(name)}]"
    fox.wait(f"!!{cell}?.querySelector('.cm-content')")
    for _ in range(20):  # a key pressed before the page listens is lost
        fox.click(f"{cell}.querySelector('.cm-content')")
        fox.press("Control", "Enter")
        time.sleep(3)
        if fox.js(f"{cell}.querySelector('.jp-InputPrompt').textContent != '[ ]:'"):
            break
    fox.wait(f"!!{cell}.querySelector('.jp-OutputArea-output :is(.jupyter-widgets, img, .MCButton)')")
    return f"{cell}.querySelector('.jp-Cell-outputArea')"


def test_a_slider_moves_by_keys_and_the_pictures_follow(notebook):
    below = run(notebook, "loss")
    handle = f"[...{below}.querySelectorAll('.widget-slider')].find(s => s.textContent.includes('shrink'))"
    handle += "?.querySelector('[role=slider]')"
    notebook.wait(f"{below}.querySelectorAll('img').length >= 2 && !!({handle})")
    shown = notebook.js(f"{below}.querySelector('img').src.slice(-99)")
    notebook.click(f"({handle})")
    notebook.press("ArrowRight")
    notebook.wait(f"{below}.querySelector('img').src.slice(-99) != {shown!r}")
    assert notebook.errors == []


def test_a_pad_follows_the_mouse(notebook):
    """One of the widgets with a script of its own, which no front end has built in."""
    below = run(notebook, "pad")
    notebook.click(f"{below}.querySelector('[role=application]')", 0.26, 0.74)
    notebook.wait(f"{below}.textContent.includes('line 32, column 11:')")
    assert notebook.errors == []


def test_a_quiz_answers_in_the_notebook(notebook):
    below = run(notebook, "quiz")
    notebook.click(f"[...{below}.querySelectorAll('.MCButton')].find(b => b.textContent.includes('0.6'))")
    notebook.wait(f"{below}.textContent.includes('Right: 60 shared')")
    assert notebook.errors == []


def test_a_link_to_the_glossary_opens_it_in_lab(fox, lab):
    fox.goto(f"{lab}/lab/tree/{command()[-1]}?reset")
    fox.click("document.querySelector(\".jp-Notebook a[href*='glossary.md']\")")
    fox.wait("[...document.querySelectorAll('.jp-MarkdownViewer h1')].some(h => h.textContent.includes('Glossary'))")


@site
def test_every_page_of_the_site_opens_with_its_pictures_and_fits_a_phone(fox):
    fox.resize(390, 844)
    wrong = []
    for name in PAGES:
        fox.goto(address(name))
        wrong += [(name, alt) for alt in fox.js(BROKEN)] + [(name, error) for error in fox.errors]
        wrong += [(name, "too wide")] * (not fox.js(FITS))
    fox.resize(1200, 900)
    assert wrong == []


@site
def test_the_site_searches_and_its_words_and_quizzes_answer(fox):
    with hosted(SITE, {}) as (host, _):
        fox.goto(f"{host}search.html?q=skip")
        fox.wait(
            "[...document.querySelectorAll('#search-results a')].some(a => a.textContent.includes('04 The U-Net'))"
        )
        fox.goto("about:blank")
    fox.goto(address("notebooks/04_the_u_net.html"))
    link = "document.querySelector(\"article a[href*='glossary.html#']\")"
    word = fox.js(f"{link}.hash.slice(1)")
    fox.click(link)
    top = f"document.querySelector('tr:has([id=\"{word}\"])')?.getBoundingClientRect().top"
    fox.wait(f"{top} >= 0 && {top} < innerHeight")
    fox.goto(address("notebooks/05_losses_and_metrics.html"))
    fox.click("[...document.querySelectorAll('.MCButton')].find(b => b.textContent.includes('0.6'))")
    fox.wait("document.querySelector('article').textContent.includes('Right: 60 shared')")
