"""Figures: each with alt text that travels with its picture; painted masks that say what is there."""

import base64
import dataclasses
import html
import io
import re
import tracemalloc
import warnings

import numpy as np
import pytest
from PIL import Image

from handseg_lib import History, InputError, Predictor, check_pairs, explore, plots
from handseg_lib.explore.predictions import hatched_errors
from handseg_lib.explore.upload import cut_out, download_links, draw_photo
from handseg_lib.explore.watching import draw_training
from handseg_lib.painting import paint_on

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
    data, _ = fig._repr_mimebundle_()
    alt, code, width = re.fullmatch(
        r'<img alt="([^"]+)" src="data:image/webp;base64,([^"]+)" width="(\d+)" style="[^"]+">', data["text/html"]
    ).groups()
    assert html.unescape(alt) == fig.alt == data["text/plain"]
    assert len(fig.alt) > 20 and "\n" not in fig.alt
    picture = Image.open(io.BytesIO(base64.b64decode(code)))
    assert 200 < picture.width < 2400 and picture.width // 2 == int(width), "two pixels for one of the page"
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


@pytest.mark.parametrize("wall", [(86, 180, 233), (0, 0, 0), (255, 255, 255)])
def test_an_outline_can_be_seen_on_any_wall(mask, wall):
    """A blue outline on a blue wall could not be."""
    photo = np.full((*mask.shape, 3), wall, np.uint8)
    line = plots.overlay(photo, mask, strength=0)[25:36, 60].astype(int)  # across the outline
    assert np.abs(line - wall).sum(axis=1).max() > 200


def test_overlay_of_an_empty_mask_is_the_photo(photo):
    assert np.array_equal(plots.overlay(photo, np.zeros((100, 120), np.uint8)), photo)


def test_a_photo_is_painted_in_strips_down_to_its_last_row_and_without_a_copy():
    """A photo may have a hundred million pixels."""
    photo, mask = np.full((600, 90, 3), 100, np.uint8), np.zeros((600, 90), np.uint8)
    mask[20:, 10:80] = 1
    tracemalloc.start()
    try:
        paint_on(photo, mask, colour="#C80000", strength=0.5)  # (200, 0, 0)
        assert tracemalloc.get_traced_memory()[1] < 0.8 * photo.nbytes
    finally:
        tracemalloc.stop()
    assert (photo[40:580, 30:60] == (150, 50, 50)).all() and (photo[:10] == 100).all()
    assert (photo[599, 30:60] == (200, 0, 0)).all(), "there is the outline"


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


SAME_MASK = [lambda mask: mask * 255, lambda mask: mask.astype(bool), lambda mask: mask[..., None] * 1.0]


@pytest.mark.parametrize("same", SAME_MASK)
def test_a_mask_is_painted_the_same_in_whatever_numbers_it_is_written(photo, mask, same):
    """Of masks of 0 and 255, ``errors`` once painted nothing, and a cut-out hand had an alpha of 1."""
    other = np.roll(mask, 9, axis=1)
    assert np.array_equal(plots.overlay(photo, same(mask)), plots.overlay(photo, mask))
    for paint in (plots.errors, hatched_errors):
        assert np.array_equal(paint(photo, same(mask), same(other)), paint(photo, mask, other))
    assert np.array_equal(cut_out(photo, same(mask)), cut_out(photo, mask))
    assert download_links("a.jpg", photo, same(mask)) == download_links("a.jpg", photo, mask)


def test_what_is_no_mask_of_the_photo_is_not_painted(photo, mask):
    for paint in (plots.overlay, lambda *pair: plots.errors(*pair, mask), cut_out):
        with pytest.raises(InputError, match=".* is float64 with 0.5 in it"):
            paint(photo, mask / 2)
        with pytest.raises(InputError, match="photo 100 x 120, .* 120 x 100"):
            paint(photo, mask.T)
    for paint in (plots.overlay, lambda *pair: plots.errors(*pair, mask)):
        with pytest.raises(InputError, match=r"a photo must be uint8 \(H, W, 3\) RGB, this is float64"):
            paint(photo / 255, mask)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 4000), (4000, 3)])
@pytest.mark.parametrize("hand", [0, 1])
def test_photos_of_any_shape_with_no_hand_or_nothing_else_are_painted_and_shown(size, hand):
    """Of a photo of 3 x 4000 pixels, a widget's picture once had 0 rows, which OpenCV refused."""
    photo, mask = np.full((*size, 3), 100, np.uint8), np.full(size, hand, np.uint8)
    painted = [plots.overlay(photo, mask), plots.errors(photo, mask, 1 - mask), hatched_errors(photo, mask, mask), mask]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.images(painted, ["a", "b", "c", "d"], "Four pictures of an odd shape.")._repr_mimebundle_()
        drawn = draw_photo(photo, mask * np.float32(0.9), 0.5)
        assert "width:0px" not in drawn.html() and drawn.html().count("<img") == 3
        history = History([dict(epoch=0, stage="frozen", seconds=1, loss=1, iou=0, val_loss=1, val_iou=0)])
        draw_training(history, photo, mask, mask)._repr_mimebundle_()


# Figures


NAMES = {
    "$": ["a$x^$b.png", "$\\frac$", "$$", "a$_b", r"\$a$\$"],  # in matplotlib, mathematics, and some of it wrong
    "glyph": ["手.png", "\N{WAVING HAND SIGN}", "שלום"],
    "control": ["a\tb", "a\nb\nc", "a\x07b", "a\u202eb"],
    "bytes": ["a\udcffb.png"],  # of a name that is no UTF-8
}


@pytest.mark.parametrize("name", [name for names in NAMES.values() for name in names])
def test_names_are_drawn_as_they_stand_without_an_error_or_a_warning(name, photo, mask):
    """A file's name may have any characters; one with two dollars once ended ``check_pairs(...).figure()``."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown(plots.images([photo], [name], f"A photo whose name is {name}, drawn as it stands."))
        shown_in_axes, ax = plots.figure(f"A bar, a point and a curve that are called {name}.")
        if name not in NAMES["bytes"]:
            ax.bar([name, "other"], [1, 2], label=name)
        ax.annotate(name, (0, 0))
        plots.lines(ax, [0, 1], {name: [0, 1]}, name, name)
        shown(shown_in_axes)


def test_dollars_are_drawn_as_dollars_and_a_log_scale_keeps_its_powers():
    def pixels(text, **options):
        fig, ax = plots.figure("One word in the middle of a figure.")
        ax.axis("off")
        ax.text(0.5, 0.5, text, **options)
        return np.asarray(shown(fig))

    assert np.array_equal(pixels("$x$ $y$"), pixels("$x$ $y$", parse_math=False))
    fig, ax = plots.figure("Axes with a log scale, whose numbers are powers of ten.")
    ax.set(xscale="log", xlim=(1, 1000))
    shown(fig)
    powers = [label for label in ax.get_xticklabels(which="both") if label.get_text()]
    assert len(powers) >= 4 and all(label.get_parse_math() for label in powers)


def test_suspects_of_any_name_are_shown(make_pair, photo):
    """A mask without a hand, of a photo with two dollars in its name: a suspect that could not be shown."""
    sample = make_pair(photo, np.zeros((100, 120), np.uint8), "a$^$b.png")
    found = check_pairs([dataclasses.replace(sample, person="$_$", gesture="$^$")])
    assert "a$^$b.png" in found.figure().alt
    shown(found.figure())
    shown(plots.samples([sample for sample, _ in found.suspects]))


def test_images_shows_all_of_them_in_rows(photo, mask):
    fig = plots.images([photo, mask, mask / 2] * 2, list("abcdef"), "Six pictures of one hand.", columns=4)
    shown(fig)
    assert [ax.get_title() for ax in fig.axes] == [*"abcdef", "", ""]
    assert [len(ax.images) for ax in fig.axes] == [1] * 6 + [0] * 2
    assert fig.axes[1].images[0].get_clim() == (0, 1), "a mask's grey must not be stretched"


def test_no_pictures_are_refused():
    with pytest.raises(InputError, match="no samples: there is nothing to show"):
        plots.samples([])


def test_what_cannot_be_shown_is_said_in_a_sentence(photo):
    with pytest.raises(InputError, match="2 pictures and 1 titles"):
        plots.images([photo, photo], ["one"], "Two photos.")
    for odd in (photo[:0], photo[0, 0], photo[None]):
        with pytest.raises(InputError, match="name.png: no picture, its shape is "):
            plots.images([odd], ["name.png"], "No photo.")
    with pytest.raises(InputError, match="no arrays to show"):
        plots.numbers([], [], "Nothing.")
    with pytest.raises(InputError, match="the history has no epochs"):
        plots.curves(History([]))


def test_samples_are_shown_with_their_masks(samples):
    fig = plots.samples(samples[:5])
    shown(fig)
    assert fig.alt == "5 photos of 5 persons, each with its hand filled and outlined in blue."
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


def test_whoever_hears_the_page_of_leaves_hears_of_leaves(samples, unet):
    for fig in (
        plots.samples(samples[:2], noun="leaf", whose="plant"),
        plots.predictions(Predictor(unet), samples[:1], noun="leaf", whose="plant"),
    ):
        assert "leaf" in fig.alt and not re.search("hand|person", fig.alt)
        assert fig.axes[0].get_title() == f"plant {samples[0].person}"  # a leaf makes no gesture


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
    for drawn, whose in ((fig, "person"), (plots.curves(History(rows), whose="plant"), "plant")):
        legend = [text.get_text() for text in drawn.axes[1].get_legend().get_texts()]
        assert legend[:2] == [f"training {whose}s", f"validation {whose}s"]


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


def test_no_figure_is_left_in_pyplots_hands(samples):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    plots.samples(samples[:1])
    assert plt.get_fignums() == before
