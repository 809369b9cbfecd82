"""Figures: each with alt text that travels with its picture; painted masks that say what is there."""

import io

import numpy as np
import pytest
from PIL import Image

from handseg_lib import History, InputError, Predictor, build_unet, explore, plots

BLUE, ORANGE = (0, 114, 178), (230, 159, 0)


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (100, 120, 3), np.uint8)


@pytest.fixture
def mask():
    mask = np.zeros((100, 120), np.uint8)
    mask[30:70, 40:80] = 1
    mask[45:55, 50:60] = 0  # a hole
    return mask


def shown(fig) -> Image.Image:
    """The picture that a notebook shows, after checking that its alt text comes along."""
    data, metadata = fig._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata == {"image/png": {"alt": fig.alt}}
    assert data["text/plain"] == fig.alt
    assert len(fig.alt) > 20 and "\n" not in fig.alt
    picture = Image.open(io.BytesIO(data["image/png"]))
    assert 100 < picture.width < 1000
    return picture


# Painting


def test_overlay_paints_where_the_mask_is_and_its_outline_and_nowhere_else(photo, mask):
    before = photo.copy()
    painted = plots.overlay(photo, mask, strength=0.35)
    assert painted.shape == photo.shape and painted.dtype == np.uint8
    assert np.array_equal(photo, before), "the photo itself stays as it was"
    changed = (painted != photo).any(axis=2)
    assert changed[mask == 1].mean() > 0.99
    assert not changed[:25].any() and not changed[75:].any() and not changed[:, :35].any() and not changed[:, 85:].any()
    assert not changed[48:52, 53:57].any(), "a hole is no hand"
    assert (painted[30, 41:79] == (86, 180, 233)).all(), "the outline is drawn in full colour"
    fill = painted[40, 45].astype(int) - (0.65 * photo[40, 45] + 0.35 * np.array((86, 180, 233)))
    assert np.abs(fill).max() <= 1


def test_overlay_of_an_empty_mask_is_the_photo(photo):
    assert np.array_equal(plots.overlay(photo, np.zeros((100, 120), np.uint8)), photo)


def test_overlay_takes_another_colour_and_bool_masks(photo, mask):
    painted = plots.overlay(photo, mask.astype(bool), colour=plots.VERMILION, strength=1.0)
    assert (painted[40, 45] == (0xD5, 0x5E, 0x00)).all()


def test_errors_are_blue_where_hand_is_missed_and_orange_where_it_is_false(photo):
    true, pred = np.zeros((2, 100, 120), np.uint8)
    true[:, :60], pred[:, 30:90] = 1, 1
    painted = plots.errors(photo, true, pred)
    assert (painted[:, :30] == BLUE).all() and (painted[:, 60:90] == ORANGE).all()
    assert np.array_equal(painted[:, 30:60], photo[:, 30:60])
    assert np.array_equal(painted[:, 90:], photo[:, 90:] // 2 + 96)


# Figures


def test_images_shows_all_of_them_in_rows(photo, mask):
    fig = plots.images([photo, mask, mask / 2] * 2, list("abcdef"), "Six pictures of one hand.", columns=4)
    shown(fig)
    assert [ax.get_title() for ax in fig.axes] == [*"abcdef", "", ""]
    assert [len(ax.images) for ax in fig.axes] == [1] * 6 + [0] * 2
    assert fig.axes[1].images[0].get_clim() == (0, 1), "a mask's grey must not be stretched"


def test_no_pictures_are_refused():
    with pytest.raises(InputError, match="no pictures to show: the list is empty"):
        plots.samples([])


def test_samples_are_shown_with_their_masks(samples):
    fig = plots.samples(samples[:5])
    shown(fig)
    assert fig.alt.startswith("5 photos of hands of 5 people")
    assert fig.axes[0].get_title() == f"person {samples[0].person}, gesture {samples[0].gesture}"
    assert np.array_equal(fig.axes[0].images[0].get_array(), plots.overlay(*samples[0].read()))


def test_predictions_are_a_row_of_four_for_each_sample(samples, unet):
    predictor = Predictor(unet)
    fig = plots.predictions(predictor, samples[:2])
    shown(fig)
    assert len(fig.axes) == 8 and "2 rows of four" in fig.alt
    image, true = samples[0].read()
    hand = predictor(image)
    wrong = plots.errors(image, true, (hand >= predictor.threshold).astype(np.uint8))
    assert np.array_equal(fig.axes[1].images[0].get_array(), hand)
    assert np.array_equal(fig.axes[3].images[0].get_array(), wrong)


def test_a_threshold_is_drawn_with_its_scores(samples):
    sample = samples[0]
    hand = sample.read()[1] * np.float32(0.6)
    right, empty = explore.draw_threshold(sample, hand, 0.5), explore.draw_threshold(sample, hand, 0.7)
    shown(right), shown(empty)
    assert "IoU 1.00" in right.alt and "IoU 0.00" in empty.alt and "0.70" in empty.alt


def test_curves_say_what_was_best():
    rows = [
        {"epoch": k, "stage": "frozen" if k < 2 else "tuned", "seconds": 1, "loss": 1 / (k + 1), "iou": k / 5}
        | {"val_loss": 1 / (k + 1), "val_iou": (0.2, 0.4, 0.71, 0.6)[k]}
        for k in range(4)
    ]
    fig = plots.curves(History(rows))
    shown(fig)
    assert "4 epochs" in fig.alt and "0.71, after epoch 3" in fig.alt
    assert [ax.get_ylabel() for ax in fig.axes] == ["loss", "IoU"]
    train, val = fig.axes[1].lines
    assert list(train.get_ydata()) == [0, 0.2, 0.4, 0.6] and list(val.get_ydata()) == [0.2, 0.4, 0.71, 0.6]
    assert train.get_linestyle() != val.get_linestyle(), "to be told apart without colour"


def test_numbers_are_written_into_their_cells():
    arrays = [np.array([[1, 0, 2], [0, 3, 0]]), np.zeros((2, 3))]
    fig = plots.numbers(arrays, ["one", "nothing"], "Two small arrays with their numbers.")
    shown(fig)
    assert [text.get_text() for text in fig.axes[0].texts] == ["1", "0", "2", "0", "3", "0"]


def test_lines_differ_in_more_than_colour():
    fig, ax = plots.figure("Three curves over the same x, told apart by dashes.")
    plots.lines(ax, [0, 1], {"a": [0, 1], "b": [1, 0], "c": [1, 1]}, "x", "y")
    shown(fig)
    assert len({line.get_linestyle() for line in ax.lines}) == 3
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]


def test_the_diagram_shows_every_map_of_the_network():
    model = build_unet(96, weights=None)
    fig = plots.unet_diagram(model)
    shown(fig)
    texts = [text.get_text() for text in fig.axes[0].texts]
    for side, channels in ((96, 3), (48, 64), (24, 256), (12, 512), (6, 1024), (12, 128), (24, 64), (48, 32), (96, 1)):
        assert f"{side} × {side}\n{channels} ch." in texts
    assert texts.count("skip") == 3 and "3 skips" in fig.alt


def test_no_figure_is_left_in_pyplots_hands(samples):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    plots.samples(samples[:1])
    assert plt.get_fignums() == before
