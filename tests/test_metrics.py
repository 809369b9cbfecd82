"""Metrics against answers worked out by hand on 3x3 masks; empty masks included."""

import numpy as np
import pytest
from keras import ops

from handseg_lib import InputError, metrics
from handseg_lib.data.gate import as_masks

EMPTY, FULL = np.zeros((3, 3), np.uint8), np.ones((3, 3), np.uint8)
ROW = np.array([[1, 1, 1], [0, 0, 0], [0, 0, 0]], np.uint8)
SHIFTED = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0]], np.uint8)  # shares two of its four pixels with ROW
CORNER = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 1]], np.uint8)  # shares none

# true, pred, (tp, fp, fn, tn), IoU, F1, accuracy
BY_HAND = [
    (ROW, ROW, (3, 0, 0, 6), 1, 1, 1),
    (ROW, SHIFTED, (2, 2, 1, 4), 2 / 5, 4 / 7, 6 / 9),
    (SHIFTED, ROW, (2, 1, 2, 4), 2 / 5, 4 / 7, 6 / 9),
    (ROW, CORNER, (0, 1, 3, 5), 0, 0, 5 / 9),
    (ROW, EMPTY, (0, 0, 3, 6), 0, 0, 6 / 9),
    (ROW, FULL, (3, 6, 0, 0), 3 / 9, 6 / 12, 3 / 9),
    (EMPTY, EMPTY, (0, 0, 0, 9), 1, 1, 1),
    (EMPTY, FULL, (0, 9, 0, 0), 0, 0, 0),
    (FULL, EMPTY, (0, 0, 9, 0), 0, 0, 0),
    (FULL, FULL, (9, 0, 0, 0), 1, 1, 1),
]


def random_masks(seed, shape=(3, 3)):
    rng = np.random.default_rng(seed)
    return [(rng.random(shape) < rng.random()).astype(np.uint8) for _ in range(2)]


def batch(*masks):
    return ops.convert_to_tensor(np.stack(masks)[..., None].astype("float32"))


@pytest.mark.parametrize("true, pred, counts, iou, f1, accuracy", BY_HAND)
def test_by_hand(true, pred, counts, iou, f1, accuracy):
    assert metrics.confusion(true, pred) == counts
    assert metrics.iou(true, pred) == pytest.approx(iou)
    assert metrics.f1(true, pred) == pytest.approx(f1)
    assert metrics.accuracy(true, pred) == pytest.approx(accuracy)


@pytest.mark.parametrize("score", [metrics.iou, metrics.f1, metrics.accuracy])
def test_masks_may_be_bool(score):
    assert score(ROW.astype(bool), SHIFTED.astype(bool)) == score(ROW, SHIFTED)


@pytest.mark.parametrize("seed", range(50))
def test_f1_follows_from_iou(seed):
    true, pred = random_masks(seed)
    iou = metrics.iou(true, pred)
    assert metrics.f1(true, pred) == pytest.approx(2 * iou / (1 + iou))


@pytest.mark.parametrize("score", [metrics.iou, metrics.f1, metrics.accuracy])
def test_it_does_not_matter_which_mask_comes_first(score):
    for seed in range(50):
        true, pred = random_masks(seed)
        assert score(true, pred) == score(pred, true)


def test_an_answer_with_no_hand_at_all_has_a_fine_accuracy_and_no_iou():
    true = np.zeros((10, 10), np.uint8)
    true[:2, :11] = 1
    true[2, :2] = 1  # 22 of 100 pixels, as on HGR1
    nothing = np.zeros_like(true)
    assert metrics.accuracy(true, nothing) == pytest.approx(0.78)
    assert metrics.iou(true, nothing) == metrics.f1(true, nothing) == 0


@pytest.mark.parametrize("score", [metrics.iou, metrics.f1, metrics.accuracy, metrics.confusion])
def test_masks_of_two_shapes_are_refused(score):
    with pytest.raises(InputError, match="true 3 x 3, pred 3 x 1"):
        score(ROW, ROW[:, :1])


# What counts as a mask


ALL = [metrics.confusion, metrics.iou, metrics.f1, metrics.accuracy, metrics.boundary_px, metrics.offset_px]
ALL += [metrics.forgive]
TYPES = ["bool", "uint8", "int8", "uint16", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("score", ALL)
@pytest.mark.parametrize("top, dtype", [(1, name) for name in TYPES] + [(255, name) for name in TYPES[1:2] + TYPES[3:]])
def test_a_mask_scores_the_same_in_whatever_numbers_it_is_written(score, top, dtype):
    """A mask of 0 and 255 once had a boundary_px of nan, and forgive gave answers of 0, 1 and 255."""
    true, pred = square(20, 20), square(22, 21)
    expected = score(true, pred)
    for one, other in ((true, pred), (true[..., None], pred[..., None])):  # as a network has it, too
        for pair in (((one * np.uint8(top)).astype(dtype), other), (one, (other * np.uint8(top)).astype(dtype))):
            assert np.array_equal(score(*pair), expected)


@pytest.mark.parametrize("score", ALL)
@pytest.mark.parametrize(
    "odd, found",
    [
        (np.float32([[0.85, 0.4, 0.1]] * 3), "float32 with 0.1, 0.4, 0.85 in it"),
        (np.linspace(0, 1, 9).reshape(3, 3), "float64 with 0.125, 0.25, 0.375, ... in it"),
        (np.where(ROW, np.nan, 0.0), "float64 with nan in it"),
        (np.where(ROW, np.inf, 0.0), "float64 with inf in it"),
        (ROW * 7, "uint8 with 7 in it"),
        (-ROW.astype(int), "int64 with -1 in it"),
        (np.uint8([[0, 1, 255]] * 3), "uint8 with 0, 1, 255 in it"),
        (np.repeat(ROW[..., None], 3, 2), r"uint8 \(3, 3, 3\)"),
        (ROW[0], r"uint8 \(3,\)"),
        (np.zeros((0, 3)), r"float64 \(0, 3\)"),
        (None, r"object \(\)"),
        (ROW.astype("U1"), r"<U1 \(3, 3\)"),
    ],
)
def test_what_is_no_mask_is_refused_by_name(score, odd, found):
    """A probability of 0.85 once counted as hand, and so did one of 0.1: an IoU of 0.42 for a model with 0.85."""
    for name, pair in {"true": (odd, ROW), "pred": (ROW, odd)}.items():
        with pytest.raises(InputError, match=f"{name} is {found}.*hs.read_mask"):
            score(*pair)


def test_a_probability_is_told_where_to_be_cut():
    with pytest.raises(InputError, match="Cut a probability first: hand >= predictor.threshold"):
        metrics.iou(ROW, ROW * 0.85)


def test_a_mask_that_is_one_already_is_not_copied():
    """The gate stands before each score of each photo of a report: it must cost nothing to speak of."""
    for mask in (ROW, ROW.astype(bool), ROW[::-1].T):
        assert np.shares_memory(as_masks(mask=mask)[0], mask)


def test_what_forgive_gives_is_a_mask_of_its_own():
    pred = ROW.copy()
    metrics.forgive(EMPTY, pred)[:] = 1
    assert np.array_equal(pred, ROW)


# Boundary


def square(top, left, side=20):
    mask = np.zeros((60, 60), np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


@pytest.mark.parametrize("shift", [0, 1, 3, 7])
def test_boundary_of_a_shifted_square_is_the_shift(shift):
    assert metrics.boundary_px(square(20, 20), square(20 + shift, 20 + shift)) == shift


@pytest.mark.parametrize("grow", [1, 2, 5])
def test_boundary_of_a_grown_square_is_the_growth(grow):
    assert metrics.boundary_px(square(20, 20), square(20 - grow, 20 - grow, 20 + 2 * grow)) == grow


def test_a_hole_has_an_outline_too():
    holed = square(10, 10, 40)
    holed[20:40, 20:40] = 0
    assert metrics.boundary_px(holed, square(20, 20)) == 1  # the square's rim lies inside the hole's


def test_the_edge_of_the_photo_is_no_outline():
    left, right = np.zeros((2, 40, 50), np.uint8)
    left[:, :10] = 1
    right[:, :16] = 1
    assert metrics.boundary_px(left, right) == 6


def test_the_outline_goes_round_an_inner_corner_too():
    """Its pixels are those that touch what is outside, be it by a corner."""
    hand = ["........", ".111....", ".1.1....", ".1.1111.", ".1....1.", ".111111."]
    outline = np.uint8([[sign == "1" for sign in row] for row in hand])
    filled = outline.copy()
    filled[2, 2] = filled[3, 2] = 1
    filled[4, 2:6] = 1
    assert np.array_equal(metrics._outline(filled)[:5], outline[:5])


def test_a_distance_is_that_of_a_ruler():
    """3 to the right and 4 down are 5, and not some sum of steps across and aslant."""
    true, pred = np.zeros((2, 20, 20), np.uint8)
    true[5, 5] = pred[9, 8] = 1
    assert metrics.boundary_px(true, pred) == pytest.approx(5, abs=1e-5)
    assert metrics.offset_px(true, pred) == pytest.approx(5, abs=1e-5)


@pytest.mark.parametrize("true, pred", [(EMPTY, ROW), (ROW, EMPTY), (EMPTY, EMPTY), (FULL, ROW)])
def test_without_an_outline_there_is_no_distance(true, pred):
    assert np.isnan(metrics.boundary_px(true, pred))


def test_boundary_takes_any_mask_dtype_and_layout():
    true, pred = square(20, 20), square(23, 23)
    assert metrics.boundary_px(true.astype(bool), np.asfortranarray(pred)) == metrics.boundary_px(true, pred) == 3


# For Keras


def test_batch_iou_is_the_iou_of_each_image():
    pairs = [(true, pred) for true, pred, *_ in BY_HAND] + [random_masks(seed) for seed in range(20)]
    trues, preds = zip(*pairs)
    got = ops.convert_to_numpy(metrics.batch_iou(batch(*trues), batch(*preds)))
    assert got == pytest.approx([metrics.iou(true, pred) for true, pred in pairs], abs=1e-6)


def test_batch_iou_takes_uint8_masks_and_cuts_at_the_threshold():
    true, hand = ROW[None, ..., None], batch(np.where(ROW, 0.5, np.where(CORNER, 0.4, 0.1)))
    assert float(metrics.batch_iou(true, hand)[0]) == 1
    assert float(metrics.batch_iou(true, hand, threshold=0.4)[0]) == pytest.approx(3 / 4)
    assert float(metrics.batch_iou(true, hand, threshold=0.6)[0]) == 0


def test_mean_iou_averages_over_images_however_they_are_batched():
    metric = metrics.mean_iou()
    assert metric.name == "iou"
    metric.update_state(batch(ROW, ROW), batch(ROW, SHIFTED))  # 1 and 2/5
    metric.update_state(batch(ROW), batch(CORNER))  # 0
    assert float(metric.result()) == pytest.approx((1 + 2 / 5 + 0) / 3)
    for probability, iou in ((0.5, 1), (0.49, 0)):
        half = metrics.mean_iou()
        half.update_state(batch(ROW), batch(ROW * probability))
        assert float(half.result()) == iou, "one half is a hand, and less is none"
    strict = metrics.mean_iou(threshold=0.6)
    strict.update_state(batch(ROW), batch(ROW / 2))
    assert float(strict.result()) == 0
