"""What axe finds in a figure and in the widgets of JupyterLab: nothing of ours may shut anybody out."""

import pytest

from .conftest import shut_out
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
