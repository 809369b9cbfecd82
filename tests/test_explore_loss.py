"""Losses under sliders: the numbers are right, and follow."""

import numpy as np
import pytest

from handseg_lib import explore, losses
from handseg_lib.explore import loss


@pytest.fixture
def square():
    """20 x 20 of 100 x 100 pixels."""
    mask = np.zeros((100, 100), np.uint8)
    mask[40:60, 40:60] = 1
    return mask


def test_scores_of_a_shifted_square(square):
    """Moved by 5 of its 20 columns: 300 pixels shared, 100 missed, 100 false, of 10 000."""
    scores = loss.scores(square, loss.spoil(square, shift=5))
    assert scores["Dice"] == pytest.approx(600 / 800)
    assert scores["IoU"] == pytest.approx(300 / 500)
    assert scores["accuracy"] == pytest.approx(0.98)
    # 200 pixels are 0.99 sure of the wrong thing, the others 0.99 sure of the right one
    assert scores["BCE"] == pytest.approx(-(200 * np.log(0.01) + 9800 * np.log(0.99)) / 10_000, rel=1e-4)
    assert scores["pull of BCE"] == pytest.approx((200 * 0.99 + 9800 * 0.01) / 10_000, rel=1e-4)


def test_a_mask_of_0_and_255_scores_the_same(square):
    """Dice and BCE once took 255 for the share of hand."""
    hand = loss.spoil(square, shift=4)
    assert np.array_equal(loss.spoil(square * 255, shift=4), hand)
    assert loss.scores(square * 255, hand) == loss.scores(square, hand)


def test_scores_of_a_shrunken_square(square):
    scores = loss.scores(square, loss.spoil(square, shrink=2))
    assert scores["IoU"] == pytest.approx(16 * 16 / 400)
    assert loss.spoil(square, shrink=-2)[50].argmax() == 38, "a negative one lets it grow"


def test_blur_leaves_the_sum_and_makes_it_less_sure(square):
    sharp, soft = loss.spoil(square), loss.spoil(square, blur=3)
    assert soft[50, 50] < sharp[50, 50] + 1e-6 and 0.3 < soft[50, 40] < 0.7


def test_the_gradients_are_those_of_the_losses(square):
    """By the logit, against small steps of it at a few pixels."""
    hand = loss.spoil(square, shift=4, blur=4).astype(np.float64)
    logit, step = np.log(hand / (1 - hand)), 1e-2
    for name, function in (("BCE", losses.bce_loss), ("Dice", losses.dice_loss)):
        gradient = loss.gradients(square, hand)[name]
        for at in ((50, 41), (50, 50), (50, 62), (45, 45)):
            around = []
            for sign in (1, -1):
                moved = logit.copy()
                moved[at] += sign * step
                moved = 1 / (1 + np.exp(-moved))
                around.append(float(function(square[None, ..., None], moved[None, ..., None])[0]))
            assert gradient[at] == pytest.approx((around[0] - around[1]) / (2 * step), rel=1e-3, abs=1e-8), (name, at)


def test_the_small_hand_suffers_more_from_the_same_shift():
    large, small = (loss.scores(true, loss.spoil(true, shift=6)) for true in loss.hand_masks().values())
    assert small["Dice"] < large["Dice"] - 0.1
    assert small["accuracy"] > large["accuracy"], "which accuracy does not notice"


def test_the_pulls_of_a_loss_are_drawn_at_one_scale_for_both_hands():
    """White is the strongest of both, and brightness the root of a pull: a quarter of it is half as bright."""
    pictures = explore.draw_losses().pictures
    found = [loss.gradients(true, loss.spoil(true, 12, 0, 2.0)) for true in loss.hand_masks().values()]
    for at, name in ((1, "BCE"), (2, "Dice")):
        top = max(np.abs(pulls[name]).max() for pulls in found)
        for picture, pulls in zip((pictures[at], pictures[at + 3]), found, strict=True):
            np.testing.assert_allclose(picture**2, np.abs(pulls[name]) / top, atol=1e-6)
    assert pictures[2].max() < 0.6 and pictures[5].max() == 1, "Dice pulls harder at the small hand"


def test_picture_and_numbers_follow_each_slider():
    window = explore.play_loss()
    assert "large: Dice 0." in window.picture.value, "it opens on something to see"
    window.controls["shift"].value, window.controls["blur"].value = 0, 0.0
    assert "Dice 1.000, IoU 1.000, accuracy 1.000" in window.picture.value
    for name, value in {"shift": 12, "shrink": 3, "blur": 6.0}.items():
        before = window.picture.value
        window.controls[name].value = value
        assert window.picture.value != before and not window.message.value, name
    assert window.picture.value == explore.draw_losses(12, 3, 6.0).html()
