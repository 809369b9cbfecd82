"""What axe finds in a figure and in the widgets of JupyterLab, and in an exported lesson: it may shut nobody out."""

import re

import pytest
from nbconvert import HTMLExporter

from .conftest import ROOT, shut_out
from .test_widgets import SETUP

CELLS = {
    "figure": SETUP + "hs.plots.images([photo, mask], ['photo', 'mask'], alt='A hand, and its mask.')",
    "draw_photo": SETUP + "hs.explore.draw_photo(photo, hs.load_predictor()(photo), 0.5, 'by the course')",
    "open_network": SETUP + "hs.explore.open_network()",
    "convolve": SETUP + "hs.explore.convolve(photo)",
    "play_augmentation": SETUP + "hs.explore.play_augmentation(samples[0])",
    "play_loss": SETUP + "hs.explore.play_loss()",
    "explore": SETUP + "hs.explore.explore(hs.load_predictor(), samples[:3])",
    "try_photo": SETUP + "hs.explore.try_photo(hs.load_predictor())",
}


@pytest.mark.parametrize("name", CELLS)
def test_axe_finds_nothing_in_an_output(run, page, name):
    run("lab", name)
    assert shut_out(page, ".jp-OutputArea-output") == []


def test_axe_finds_nothing_in_an_exported_lesson(page, tmp_path):
    """As nbconvert makes a page of it; what is around the outputs, links without a line among it, is nbconvert's."""
    text, _ = HTMLExporter(embed_images=True).from_filename(ROOT / "notebooks" / "05_losses_and_metrics.ipynb")
    (path := tmp_path / "lesson.html").write_text(text, "utf-8")
    page.route(re.compile(r"^https?://"), lambda route: route.fulfill(body=""))  # MathJax and RequireJS
    page.goto(path.as_uri())
    assert shut_out(page, ".jp-OutputArea-output") == []
