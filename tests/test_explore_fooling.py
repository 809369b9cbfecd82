"""A brush on the photo: the paint lies where it was put, and the mask follows it."""

import numpy as np

from handseg_lib import Predictor, explore
from handseg_lib.explore.fooling import brushes, example_strokes, paint

RED = {"colour": "#ff0000", "strength": 1.0, "width": 0.1}


def half(size=64):
    """A photo whose left half is skin, and its mask."""
    image, mask = np.full((size, size, 3), (60, 90, 130), np.uint8), np.zeros((size, size), np.uint8)
    image[:, : size // 2], mask[:, : size // 2] = (210, 150, 120), 1
    return image, mask


def test_a_stroke_lies_where_it_was_put_and_nowhere_else():
    image, _ = half()
    painted = paint(image, [RED | {"points": [(0.2, 0.5), (0.8, 0.5)]}])
    red = (painted == (255, 0, 0)).all(axis=2)
    rows, columns = np.nonzero(red)
    assert red[31:33, 20:45].all() and 28 <= rows.min() and rows.max() <= 35
    assert columns.min() >= 8 and columns.max() <= 55 and (painted[:20] == image[:20]).all()
    assert (half()[0] == image).all(), "the photo itself stays clean"


def test_a_dab_is_paint_too_and_a_shadow_lets_the_photo_shine_through():
    image, _ = half()
    assert (paint(image, [RED | {"points": [(0.5, 0.5)]}])[32, 32] == (255, 0, 0)).all()
    shadow = {"colour": "#000000", "strength": 0.6, "width": 0.2, "points": [(0.1, 0.5), (0.3, 0.5)]}
    assert paint(image, [shadow])[31, 12].tolist() == [84, 60, 48]  # 0.4 of 210, 150, 120


def test_the_brushes_have_the_photos_own_colours():
    image, mask = half()
    found = brushes(image, mask)
    assert found["the skin's colour"]["colour"] == "#d29678" and found["the wall's colour"]["colour"] == "#3c5a82"
    assert brushes(image, 0 * mask)["the skin's colour"]["colour"] == "#cd9b7d"


def test_what_is_lost_and_what_is_new_are_counted_by_hand():
    """Of a hand of 32 columns eight are lost, and four others are new: 24 of 36 are in both."""
    image, mask = half()
    before, after = mask.astype(np.float32), np.roll(mask, 4, axis=1).astype(np.float32)
    after[:, :8] = 0
    drawing = explore.draw_fooled(image, before, after)
    assert drawing.text == "IoU with the mask before 0.667 | 25% of the hand is lost, and as much as 12% of it is new"
    assert (drawing.pictures[2][:, :8] == (0, 114, 178)).all() and (
        drawing.pictures[2][:, 32:36] == (230, 159, 0)
    ).all()
    assert "0%" in explore.draw_fooled(image, 0 * before, 0 * before).text


class Redness:
    """Takes for hand what is redder than blue."""

    size, threshold, calls = 64, 0.5, 0

    def __call__(self, image):
        self.calls += 1
        return (image[..., 0] > image[..., 2]).astype(np.float32)


def test_the_mask_follows_the_brush_and_comes_back_when_the_photo_is_clean():
    predictor = Redness()
    view = explore.fool(predictor, half()[0])
    clean, pad = view.picture.value, view.controls["strokes"]
    assert "IoU with the mask before 1.000" in clean and len(view.still.pictures) == 3
    stroke = pad.brush | {"points": [[0.9, 0.1], [0.9, 0.9]]}
    pad.value = [stroke]
    assert "0% of the hand is lost" in view.picture.value and "IoU with the mask before 1.000" not in view.picture.value
    kinds, width = view.children[0].children
    kinds.value = "the wall's colour"
    width.value = 32
    assert pad.brush["colour"] == "#3c5a82" and pad.brush["width"] == 0.5
    calls = predictor.calls
    pad.value = [stroke, pad.brush | {"points": [[0.0, 0.0], [0.0, 1.0]]}]
    assert predictor.calls == calls + 1, "another brush alone asks the network nothing"
    pad.value = []
    assert view.picture.value == clean and not view.message.value


def test_a_real_network_answers_paint(unet):
    view = explore.fool(Predictor(unet), half()[0])
    view.controls["strokes"].value = example_strokes(brushes(*half()))
    assert not view.message.value and "of the hand is lost" in view.picture.value
