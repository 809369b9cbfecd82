"""The sliders: moving one shows what the plain function draws. (In a real browser: tests/browser.)"""

import base64
import csv
import gc
import io
import re
import weakref

import cv2
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from handseg_lib import InputError, Predictor, evaluate, explore, plots
from handseg_lib.evaluation.audit import mirrored
from handseg_lib.explore.predictions import hatched_errors
from handseg_lib.explore.view import Drawing, View, choice, data_uri, pages, shrink, slider, tick


def decoded(address: str) -> np.ndarray:
    """The picture behind a data URI, RGB."""
    code = base64.b64decode(address.split(",")[1])
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def buttons(view) -> dict:
    """Every button of a widget, by its label."""
    found = {view.description: view} if type(view).__name__ == "Button" else {}
    for child in getattr(view, "children", ()):
        found |= buttons(child)
    return found


# The base


def test_a_control_that_moves_draws_again():
    view = View(lambda n: Drawing([np.full((8, 8), n / 10)], [f"number {n}"], "A square."), {"n": slider("n", 3, 0, 9)})
    assert "number 3" in view.picture.value
    view.controls["n"].value = 7
    assert "number 7" in view.picture.value and "number 3" not in view.picture.value
    grey = decoded(re.search('src="([^"]+)"', view.picture.value)[1])
    assert abs(int(grey.mean()) - 178) <= 1


def test_with_a_widget_goes_a_picture_for_pages_that_cannot_run_it():
    view = View(lambda n: Drawing([np.full((8, 8), n / 10)], [f"number {n}"], f"A {n}."), {"n": slider("n", 3, 0, 9)})
    view.controls["n"].value = 7
    data, metadata = view._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
    picture, _ = view.drawn._repr_mimebundle_()
    assert data["text/html"] == picture["text/html"] and 'alt="A 7."' in data["text/html"] and metadata == {}


def test_with_a_widget_that_draws_nothing_yet_goes_its_sentence():
    data, metadata = View(lambda: Drawing([], [], "Nothing yet.", "Nothing <yet>."), {})._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and metadata == {}
    assert data["text/html"] == "Nothing &lt;yet&gt;."


@pytest.mark.parametrize(
    "error, words", [(InputError("no <such> photo."), "no &lt;such&gt; photo."), (KeyError(4), "4")]
)
def test_an_error_is_a_sentence_and_the_widget_goes_on(error, words):
    def draw(n):
        if n == 5:
            raise error
        return Drawing([np.zeros((8, 8))], [f"number {n}"], "A square.")

    view = View(draw, {"n": slider("n", 3, 0, 9)})
    view.controls["n"].value = 5
    assert words in view.message.value and "did not work" in view.message.value
    view.controls["n"].value = 6
    assert view.message.value == "" and "number 6" in view.picture.value


def test_a_figure_can_be_drawn_too():
    view = View(lambda n: plots.figure(f"A figure of {n}.")[0], {"n": slider("n", 3, 0, 9)})
    assert 'alt="A figure of 3."' in view.picture.value and "data:image/webp;base64," in view.picture.value


def test_pages_stop_at_the_ends():
    number = slider("photo", 1, 1, 2)
    previous, following = pages(number)
    seen = []
    for button in (previous, following, following, previous):
        button.click()
        seen.append(number.value)
    assert seen == [1, 2, 2, 1]


def test_controls_have_labels():
    for control in (slider("a", 1, 0, 2), slider("a", 0.5, 0.0, 1.0, 0.1), choice("a", ["x"]), tick("a")):
        assert control.description == "a"


@pytest.mark.parametrize(
    "picture", [np.full((9, 7, 3), (10, 200, 90), np.uint8), np.full((900, 2000, 3), 77, np.uint8)]
)
def test_a_picture_reaches_the_page_in_its_colours_and_no_larger_than_needed(picture):
    there = decoded(data_uri(picture))
    assert max(there.shape) <= 512 and np.allclose(there.mean((0, 1)), picture.mean((0, 1)), atol=3)


@pytest.mark.parametrize("shape", [(3, 4000), (4000, 3), (1, 30_000)])
def test_a_strip_reaches_the_page_one_pixel_wide(shape):
    """It ended in an error of OpenCV, for a side of no pixels."""
    for picture in (np.zeros((*shape, 3), np.uint8), np.zeros(shape)):
        sides = shrink(picture).shape[:2]
        assert (max(sides), min(sides)) == (512, 1)
        assert data_uri(picture).startswith("data:image/jpeg")
        drawing = Drawing([picture], ["strip"], "A strip.").html()
        assert "width:0px" not in drawing


def test_a_mask_is_white_on_black_whatever_its_type():
    for kind in (np.uint8, np.float32, bool):
        assert decoded(data_uri(np.eye(2, dtype=kind).repeat(8, 0).repeat(8, 1))).max() > 250


# explore


@pytest.fixture
def window(unet, samples):
    return explore.explore(Predictor(unet), samples[:4])


def ranked(samples, predictor):
    table = evaluate(predictor, samples).table
    return [samples[k] for k in np.argsort(table.iou.to_numpy(), kind="stable")]


def test_the_photos_come_worst_first(window, samples, unet):
    for number, sample in enumerate(ranked(samples[:4], Predictor(unet)), 1):
        window.controls["photo"].value = number
        assert f"person {sample.person}, gesture {sample.gesture}" in window.picture.value


def test_another_order_shows_another_photo_first(window, samples):
    for order, key in (("by gesture", lambda s: s.gesture), ("smallest hand first", lambda s: s.read()[1].mean())):
        window.controls["order"].value = order
        first = min(samples[:4], key=key)
        assert f"person {first.person}, gesture {first.gesture}" in window.picture.value


def test_the_picture_follows_the_threshold(window, samples, unet):
    predictor = Predictor(unet)
    worst = ranked(samples[:4], predictor)[0]
    for threshold in (0.02, 0.3, 0.98):
        window.controls["threshold"].value = threshold
        plain = explore.draw_threshold(worst, predictor(worst.read()[0]), threshold, tuned=predictor.threshold)
        assert window.picture.value == plain.html() and f"threshold {threshold:.2f}: IoU" in plain.text


def test_the_tuned_threshold_is_a_button_away(window, unet):
    window.controls["threshold"].value = 0.9
    buttons(window)["tuned threshold, 0.50"].click()
    assert window.controls["threshold"].value == 0.5


def test_the_network_runs_once_a_photo_however_often_a_slider_moves(unet, samples):
    runs = []

    class Counting(Predictor):
        def predict_batch(self, images):
            runs.append(len(images))
            return super().predict_batch(images)

    controls = explore.explore(Counting(unet), samples[:3]).controls
    runs.clear()
    for value in (0.1, 0.2, 0.3):
        controls["threshold"].value = value
    assert runs == []
    for number in (2, 1, 2):
        controls["photo"].value = number
    assert runs == [1]
    runs.clear()
    for value in (True, False, True):
        controls["by_mirror"].value = value
    assert runs == [1]


def spoil(sample) -> None:
    """Leaves files that nobody can read."""
    sample.image.write_bytes(b"")
    sample.mask.write_bytes(b"")


def test_a_photo_is_read_once_however_often_a_slider_moves(unet, make_pair):
    """A phone's photo takes longer to decode than to draw: a photo whose files are gone follows the sliders still."""
    grey, hand = np.full((40, 60, 3), 90, np.uint8), np.zeros((40, 60), np.uint8)
    hand[10:30, 10:50] = 1
    pairs = [make_pair(grey, hand, f"A_P_hgr1_id0{k}_1.png") for k in (1, 2)]
    windows = [explore.explore(Predictor(unet), pairs), explore.browse(pairs), explore.play_augmentation(pairs[0])]
    shown = [view.picture.value for view in windows]
    for pair in pairs:
        spoil(pair)
    moves = [("threshold", 0.3), ("strength", 0.9), ("rotate", 180.0)]
    for view, before, (name, value) in zip(windows, shown, moves, strict=True):
        view.controls[name].value = value
        assert view.message.value == "" and view.picture.value != before, name
    windows[0].controls["by_mirror"].value = True
    assert windows[0].message.value == ""


def test_what_is_read_is_not_kept_for_ever(samples):
    """Of many photos only the last few stay in memory."""
    view = explore.browse(samples[:3])
    kept = weakref.ref(view.drawn.pictures[0])
    for number in (2, 3):
        view.controls["number"].value = number
    gc.collect()
    assert kept() is None


def test_a_photo_that_is_refused_is_a_sentence_and_is_read_again_once_it_is_mended(make_pair):
    image, hand = np.full((40, 60, 3), 90, np.uint8), np.eye(40, 60, dtype=np.uint8)
    sample = make_pair(image, hand)
    good = sample.image.read_bytes(), sample.mask.read_bytes()
    spoil(sample)
    for view, name, value in (
        (explore.browse([sample]), "strength", 0.9),
        (explore.play_augmentation(sample), "rotate", 180.0),
    ):
        assert f"{sample.image.name}: this is not a picture that can be read" in view.message.value
        sample.image.write_bytes(good[0]), sample.mask.write_bytes(good[1])
        view.controls[name].value = value
        assert view.message.value == "" and "<img" in view.picture.value
        spoil(sample)


def test_the_network_is_unsure_where_the_mirror_image_says_otherwise(make_pair):
    """A network that takes the left 30 of 40 columns for the hand, whatever it sees: both ways agree on 20 of them."""
    image, hand = np.full((20, 40, 3), 90, np.uint8), np.zeros((20, 40), np.float32)
    hand[:, :30] = 1
    mirror = mirrored(lambda photo: hand, image)
    drawing = explore.draw_threshold(make_pair(image, np.ones((20, 40), np.uint8)), hand, 0.5, mirror=mirror)
    assert (drawing.pictures[-1] == (np.abs(np.arange(40) - 19.5) > 10)).all()
    assert "IoU with the mask of the mirror image 0.500" in drawing.text


@pytest.mark.slow
def test_a_progress_bar_leaves_nothing_behind():
    """Of a real kernel, what stays below the cell: nothing that was written to stderr."""
    code = "import sys\nfrom handseg_lib.explore.view import passing\nwith passing():\n    print('!', file=sys.stderr)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3").execute()
    assert [output.get("data") for output in notebook.cells[0].outputs] == [{"text/html": ""}]


def test_wrong_pixels_are_hatched_each_kind_its_own_way():
    image, none, all_ = np.full((60, 60, 3), 90, np.uint8), np.zeros((60, 60), np.uint8), np.ones((60, 60), np.uint8)
    missed, false = hatched_errors(image, all_, none), hatched_errors(image, none, all_)
    for painted, colour in ((missed, (0, 114, 178)), (false, (230, 159, 0))):
        white = (painted == 255).all(2)
        assert 0.2 < white.mean() < 0.5 and (painted[~white] == colour).all()
    # stripes that fall to the right stay what they are when moved along their own direction, and not along the other
    falls, rises = ((missed == 255).all(2), (false == 255).all(2))
    assert (falls[1:, 1:] == falls[:-1, :-1]).all() and (rises[1:, :-1] == rises[:-1, 1:]).all()
    assert not (falls[1:, :-1] == falls[:-1, 1:]).all()


def test_noted_failures_are_there_to_download(window, samples, unet):
    field, add, link = window.children[-1].children
    sample = ranked(samples[:4], Predictor(unet))[0]
    for text in ('thumb, "gone"', "ärmel"):
        field.value = text
        add.click()
    assert field.value == ""
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(re.search('base64,([^"]+)', link.value)[1]).decode())))
    assert [row["note"] for row in rows] == ['thumb, "gone"', "ärmel"]
    assert rows[0]["image"] == sample.image.name and rows[0]["threshold"] == "0.5"


def test_text_that_begins_a_formula_is_text_in_a_spreadsheet():
    rows = [
        {"image": name, "person": "01", "threshold": -0.5} for name in ("=1+1", "+1", "-1", "@A1", " =1", "\t=1", "＝1")
    ]
    rows.append({"image": "a=1 'b", "person": "\udcff", "threshold": 0.5})
    link = explore.predictions.csv_link(rows, "failures.csv")
    table = list(csv.DictReader(io.StringIO(base64.b64decode(re.search('base64,([^"]+)', link)[1]).decode())))
    assert [row["image"] for row in table] == ["'=1+1", "'+1", "'-1", "'@A1", "' =1", "'\t=1", "'＝1", "a=1 'b"]
    assert {row["threshold"] for row in table} == {"-0.5", "0.5"}, "numbers stay numbers"
    assert table[-1]["person"] == r"\udcff"


# browse


def test_browsing_shows_every_sample_once(samples):
    view = explore.browse(samples[:5])
    seen = []
    for _ in range(5):
        seen.append(next(s for s in samples if f" {s.image.name} |" in view.picture.value))
        buttons(view)["next"].click()
    assert seen == samples[:5] and view.controls["number"].value == 5
    assert view.picture.value == explore.draw_sample(samples[4], text="photo 5 of 5").html()


def test_browsing_one_person_or_gesture(samples):
    view = explore.browse(samples)
    view.controls["number"].value = len(samples)
    view.controls["person"].value = "05"
    assert "photo 1 of 3" in view.picture.value and "person 05" in view.picture.value
    view.controls["gesture"].value = "Z"
    assert "photo 1 of 1" in view.picture.value and "person 05, gesture Z" in view.picture.value
    assert view.controls["number"].max == 1 and view.message.value == ""


def test_a_person_without_that_gesture_is_a_sentence(samples):
    view = explore.browse([s for s in samples if (s.person, s.gesture) != ("05", "Z")])
    view.controls["person"].value, view.controls["gesture"].value = "05", "Z"
    assert "No photo shows person 05 with gesture Z" in view.message.value
    view.controls["person"].value = "02"
    assert view.message.value == "" and "person 02, gesture Z" in view.picture.value


def test_nothing_to_browse_is_said():
    with pytest.raises(InputError, match="nothing to browse"):
        explore.browse([])
