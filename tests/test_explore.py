"""The sliders: moving one draws the figure that the plain function draws."""

import ipywidgets as widgets
import numpy as np
import pytest

from handseg_lib import Predictor, evaluate, explore


@pytest.fixture
def window(monkeypatch, unet, samples):
    """The widget, its parts, and the list of figures that it has shown (there is no notebook to show them in)."""
    pictures = []
    monkeypatch.setattr(explore.predictions, "display", pictures.append)
    predictor = Predictor(unet)
    box = explore.explore(predictor, samples[:4])
    which, threshold, output = box.children
    return which, threshold, output, pictures, predictor


def test_it_is_two_sliders_and_a_picture(window):
    which, threshold, output, pictures, predictor = window
    assert isinstance(which, widgets.IntSlider) and isinstance(threshold, widgets.FloatSlider)
    assert isinstance(output, widgets.Output)
    assert (which.min, which.max, threshold.value) == (1, 4, predictor.threshold)
    assert len(pictures) == 1 and pictures[0].alt


def test_the_photos_come_worst_first(window, samples):
    which, _, _, pictures, predictor = window
    for number in (2, 3, 4):
        which.value = number
    table = evaluate(predictor, samples[:4]).table
    worst_first = [samples[k] for k in np.argsort(table.iou.to_numpy(), kind="stable")]
    assert len(pictures) == 4
    for picture, sample in zip(pictures, worst_first):
        assert picture.alt.startswith(f"Person {sample.person}, gesture {sample.gesture}:")


def test_the_picture_follows_the_threshold(window, samples):
    _, threshold, _, pictures, predictor = window
    for value in (0.02, 0.3, 0.98):
        threshold.value = value
        assert f"threshold {value:.2f}" in pictures[-1].alt
    assert len(pictures) == 4
    first = next(s for s in samples if pictures[0].alt.startswith(f"Person {s.person}, gesture {s.gesture}:"))
    assert pictures[-1].alt == explore.draw_threshold(first, predictor(first.read()[0]), 0.98).alt


def test_the_network_runs_once_a_photo_however_often_a_slider_moves(monkeypatch, unet, samples):
    monkeypatch.setattr(explore.predictions, "display", lambda figure: None)
    runs = []

    class Counting(Predictor):
        def many(self, images):
            runs.append(len(images))
            return super().many(images)

    which, threshold, _ = explore.explore(Counting(unet), samples[:3]).children
    runs.clear()
    for value in (0.1, 0.2, 0.3):
        threshold.value = value
    assert runs == []
    which.value = 2
    which.value = 1
    which.value = 2
    assert runs == [1]
