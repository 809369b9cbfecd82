"""The figures that lessons have stored are read out in a notebook that nobody has trusted, as a fresh clone's are."""

import html
import re

import nbformat
import pytest
from playwright.sync_api import expect

from .conftest import FRONT_ENDS, ROOT

LESSON = ROOT / "notebooks" / "04_the_u_net.ipynb"


@pytest.mark.parametrize("front_end", sorted(FRONT_ENDS))
def test_a_stored_figure_has_its_alt_text(page, jupyter, front_end):
    address, folder = jupyter
    notebook = nbformat.read(LESSON, 4)
    notebook.cells = [cell for cell in notebook.cells if "<img" in str(cell.get("outputs"))][:1]
    alt = html.unescape(re.search('<img alt="([^"]+)"', str(notebook.cells[0].outputs))[1])
    nbformat.write(notebook, folder / "stored.ipynb")
    page.goto(f"{address}/{FRONT_ENDS[front_end]}/stored.ipynb?reset")
    picture = page.get_by_role("img", name=alt, exact=True)
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => picture.naturalWidth") > 100
    page.errors.clear()  # Notebook 7 has one of its own while it starts
