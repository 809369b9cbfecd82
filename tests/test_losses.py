"""Losses against answers worked out by hand on 3x3 masks, one number an image."""

import keras
import numpy as np
import pytest
from keras import ops

from handseg_lib.losses import bce_loss, dice_bce_loss, dice_loss
from handseg_lib.metrics import mean_iou

EMPTY, FULL = np.zeros((3, 3)), np.ones((3, 3))
ROW = np.array([[1, 1, 1], [0, 0, 0], [0, 0, 0]])
SHIFTED = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])  # shares two of its three pixels with ROW
CORNER = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 1]])  # shares none
LOSSES = (dice_loss, bce_loss, dice_bce_loss)


def batch(*masks, dtype="float32"):
    return ops.convert_to_tensor(np.stack(masks)[..., None].astype(dtype))


def loss_of(function, true, pred) -> float:
    value = ops.convert_to_numpy(function(batch(true), batch(pred)))
    assert value.shape == (1,)
    return float(value[0])


@pytest.mark.parametrize(
    "true, pred, want",
    [
        (ROW, ROW, 0),  # 1 - (6 + 1) / (6 + 1)
        (ROW, SHIFTED, 2 / 7),  # 1 - (2*2 + 1) / (3 + 3 + 1)
        (ROW, CORNER, 4 / 5),  # 1 - (0 + 1) / (3 + 1 + 1)
        (ROW, EMPTY, 3 / 4),  # 1 - (0 + 1) / (3 + 0 + 1)
        (ROW, FULL, 6 / 13),  # 1 - (2*3 + 1) / (3 + 9 + 1)
        (ROW, FULL / 2, 9 / 17),  # 1 - (2*1.5 + 1) / (3 + 4.5 + 1)
        (EMPTY, EMPTY, 0),  # 1 - (0 + 1) / (0 + 1)
        (EMPTY, FULL, 9 / 10),  # 1 - (0 + 1) / (0 + 9 + 1)
        (FULL, EMPTY, 9 / 10),
        (FULL, FULL, 0),
    ],
)
def test_dice(true, pred, want):
    assert loss_of(dice_loss, true, pred) == pytest.approx(want, abs=1e-6)


def test_smooth_is_counted_in_pixels():
    value = float(dice_loss(batch(ROW), batch(SHIFTED), smooth=0.0)[0])
    assert value == pytest.approx(1 - 4 / 6, abs=1e-6)


@pytest.mark.parametrize(
    "true, pred, want",
    [
        (ROW, np.where(ROW, 0.8, 0.2), -np.log(0.8)),
        (ROW, FULL / 2, np.log(2)),
        (ROW, np.where(CORNER, 0.9, np.where(ROW, 0.8, 0.2)), -(8 * np.log(0.8) + np.log(0.1)) / 9),
        (EMPTY, FULL / 4, -np.log(0.75)),
        (FULL, FULL / 4, -np.log(0.25)),
        (EMPTY, EMPTY, 0),
        (FULL, FULL, 0),
    ],
)
def test_cross_entropy(true, pred, want):
    assert loss_of(bce_loss, true, pred) == pytest.approx(want, abs=1e-5)


@pytest.mark.parametrize("true, pred", [(EMPTY, FULL), (FULL, EMPTY)])
def test_a_wholly_wrong_answer_has_a_finite_cross_entropy(true, pred):
    assert 14 < loss_of(bce_loss, true, pred) < 17  # Keras keeps probabilities 1e-7 away from 0 and 1: -ln(1e-7) = 16.1


def test_the_sum_is_the_sum():
    pred = np.where(ROW, 0.8, 0.2)  # shares 2.4, sums to 3.6
    want = 1 - (2 * 2.4 + 1) / (3 + 3.6 + 1) - np.log(0.8)
    assert loss_of(dice_bce_loss, ROW, pred) == pytest.approx(want, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_each_image_counts_for_itself(loss):
    trues, preds = (ROW, EMPTY, FULL), (FULL / 2, FULL / 4, SHIFTED)
    together = ops.convert_to_numpy(loss(batch(*trues), batch(*preds)))
    assert together.shape == (3,)
    assert together == pytest.approx([loss_of(loss, true, pred) for true, pred in zip(trues, preds)], rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_masks_may_be_uint8_as_batches_give_them(loss):
    pred = batch(np.where(SHIFTED, 0.7, 0.1))
    assert float(loss(batch(ROW, dtype="uint8"), pred)[0]) == float(loss(batch(ROW), pred)[0])


@pytest.mark.parametrize("loss", LOSSES)
def test_a_saved_model_finds_its_loss_and_its_metric_again(loss, tmp_path):
    model = keras.Sequential([keras.Input((3, 3, 1)), keras.layers.Conv2D(1, 1, activation="sigmoid")])
    model.compile("sgd", loss=loss, metrics=[mean_iou(0.3)])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.loss is loss
    x, y = batch(SHIFTED), batch(ROW)
    assert again.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))
