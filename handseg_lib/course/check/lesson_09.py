"""Checks of lesson 09, Shipping."""

from collections.abc import Callable

import numpy as np

from ... import metrics
from .core import exercise, expect, given, stopping

__all__ = ["choose_scales", "lost_most", "there_and_back"]


@exercise(
    "Every number moves by half a step at most, but for those beyond the ends.",
    "np.round(values / scale) counts the steps from zero. Add the zero point, and np.clip the sum to 0 and 255. Only "
    "then make uint8 of it. The way back is scale * (marks - zero), with marks that are not uint8 yet.",
)
def there_and_back(answer: Callable) -> None:
    values, scale, zero = np.array([[-0.61, -0.5, -0.17, 0.0], [0.09, 0.26, 0.7, 1.9]]), 0.05, 10
    right = np.array([[0, 0, 7, 10], [12, 15, 24, 48]])
    result = given(answer(values.copy(), scale, zero))
    expect(isinstance(result, (tuple, list)) and len(result) == 2, "Return two arrays: the marks, and what comes back.")
    marks, back = np.asarray(given(result[0])), np.asarray(given(result[1]))
    expect(
        marks.shape == back.shape == values.shape,
        f"Both have the shape of the numbers, {values.shape}. Yours: {marks.shape} and {back.shape}.",
    )
    expect(
        not np.allclose(back, marks), "These are the same numbers twice. The second array is the way back to numbers."
    )
    expect(not np.allclose(back, right), "First the marks, then the numbers that come back: yours are the other way.")
    kind = marks.dtype
    if kind == np.uint8:
        expect(
            marks[0, 0] != 254,
            f"{values[0, 0]} lies beyond the ruler and becomes 0, and you have 254: uint8 has no number below 0, and "
            "begins anew from above. Clip before you make uint8 of it.",
        )
    marks = marks.astype(float)
    expect(
        not np.allclose(marks, np.clip(np.floor(values / scale) + zero, 0, 255))
        and not np.allclose(marks, np.clip(np.trunc(values / scale) + zero, 0, 255)),
        "You cut the digits behind the point off: 0.09 / 0.05 is 1.8, and 2 is nearer than 1. Round.",
    )
    expect(
        not np.allclose(marks, np.clip(np.round(values / scale), 0, 255)),
        "0 becomes the mark 0. At which mark does it lie? Add the zero point.",
    )
    expect(
        not np.allclose(marks, np.clip(np.round((values + zero) / scale), 0, 255)),
        "The zero point is a mark. Divide by the scale first, and add the zero point then.",
    )
    wrong = np.argwhere(~np.isclose(marks, right))
    if len(wrong):
        place = tuple(wrong[0])
        expect(
            False,
            f"With the scale {scale} and the zero point {zero}, {values[place]} becomes the mark {right[place]}; you "
            f"have {marks[place]:g}.",
        )
    expect(kind == np.uint8, f"The right marks. Make them uint8: this is {kind}, which is larger.")
    expect(
        not np.allclose(back, scale * right),
        "The marks are right. On the way back, take the zero point off before you multiply.",
    )
    expect(
        back.min() > -1 and back.max() < 3,
        f"The marks are right, and {back.max():g} comes back of {values.max()}. If you subtract the zero point from "
        "uint8, numbers below 0 begin anew from above. Make floats of the marks first.",
    )
    expect(
        not np.allclose(back, values),
        "What comes back are the numbers themselves. Compute them from the marks alone: no file has the others.",
    )
    expect(
        np.allclose(back, scale * (right - zero)),
        f"The marks are right. Of {values[1, 2]} comes back 0.7, and of -0.61 -0.5. You have {back.tolist()}.",
    )
    high = given(answer(np.array([-3.0, 500.0]), 0.5, 128))
    expect(
        [*np.asarray(high[0])] == [122, 255],
        f"500 lies beyond the ruler. Its mark is the last one, 255, and you have {np.asarray(high[0])[1]}.",
    )


def _on_scales(kernel: np.ndarray, scales: np.ndarray, bits: int) -> np.ndarray:
    """Each channel's sum of squares that a ruler of this scale costs."""
    last = 2 ** (bits - 1) - 1
    back = scales * np.clip(np.round(kernel / scales), -last, last)
    return ((kernel - back) ** 2).sum(axis=(0, 1, 2))


def _scales(kernel: np.ndarray, share: float, bits: int) -> np.ndarray:
    return share * np.abs(kernel).max(axis=(0, 1, 2)) / (2 ** (bits - 1) - 1)


@exercise(
    "Each channel has the ruler that costs it least.",
    "Go through the channels: np.moveaxis(kernel, -1, 0) puts them first. For each share, compute the scale, what "
    "comes back of the channel, and the sum of the squared differences. np.argmin says which scale to keep.",
)
def choose_scales(answer: Callable) -> None:
    shares, bits = (1, 0.9, 0.8, 0.7, 0.6, 0.5), 4
    rng = np.random.default_rng(0)
    kernel = rng.normal(0, 0.1, (3, 3, 8, 5))
    kernel[..., 0] = np.linspace(-0.7, 0.7, 72).reshape(3, 3, 8)  # as many far from zero as near: nothing to clip
    kernel[1, 1, 3, 1] = 0.9  # one weight far beyond the others
    kernel[2, 0, 5, 2] = -0.9  # and one on the other side
    kernel[..., 3] /= 100  # a channel of small weights
    tried = np.array([_scales(kernel, share, bits) for share in shares])
    costs = np.array([_on_scales(kernel, scales, bits) for scales in tried])
    right = tried[costs.argmin(axis=0), np.arange(5)]
    result = np.asarray(given(answer(kernel.copy(), bits, shares)))
    expect(
        result.shape != (),
        "This is one scale for the whole kernel. Return one for each channel, which is the last axis.",
    )
    expect(result.shape != (3,), "There are three scales. The channels are the last axis, and here it has 5.")
    expect(result.shape != kernel.shape, "This is a kernel. Return the scales, one for each channel.")
    expect(result.shape == (5,), f"Here are 5 channels, so return 5 scales. These have the shape {result.shape}.")
    expect(result.dtype.kind == "f", f"A scale is a float; these are {result.dtype}.")
    expect(
        not np.allclose(result, result[0]),
        "All channels have the same scale. Each has a largest weight of its own: take it from the channel.",
    )
    expect((result > 0).all(), "A scale is a distance, and above zero.")
    expect(
        not np.isin(result.round(9), np.round(shares, 9)).all(),
        "These are shares. Return the scales that belong to them.",
    )
    expect(
        not np.allclose(result, tried[0]),
        "Every channel has its whole length, and nothing is ever clipped. Channel 1 has one weight far beyond the "
        "others: with a shorter ruler its sum of squares is smaller. Do you clip, and do you compare sums?",
    )
    expect(
        not np.allclose(result, tried[-1]),
        "Every channel has the shortest ruler. Do you clip what lies beyond it, and keep what costs least?",
    )
    expect(
        not np.allclose(result, right * (2 ** (bits - 1) - 1)),
        "These are the lengths of the rulers. The scale is the distance between two marks: divide by the last mark, "
        "which is 7 with four bits.",
    )
    for levels, told in ((2**bits - 1, "15"), (2 ** (bits - 1), "8")):
        other = np.array([_scales(kernel, share, bits) * 7 / levels for share in shares])
        expect(
            not np.isclose(result, other, rtol=1e-6).any(axis=0).all() or np.isclose(result, tried).any(axis=0).all(),
            f"You divide by {told}. The last mark of a symmetric ruler with four bits is 7.",
        )
    top = np.array([share * kernel.max(axis=(0, 1, 2)) / 7 for share in shares])
    expect(
        not np.isclose(result[2], top[:, 2]).any(),
        "In channel 2 the weight that is farthest from zero is negative. Take the largest of np.abs.",
    )
    expect(
        np.isclose(result, tried).any(axis=0).all(),
        f"With these shares, the scale of channel 0 can be one of {tried[:, 0].round(4).tolist()}. Yours are "
        f"{result.round(4).tolist()}.",
    )
    moved = np.array([np.abs(kernel - s * np.clip(np.round(kernel / s), -7, 7)).mean(axis=(0, 1, 2)) for s in tried])
    expect(
        not np.allclose(result, tried[moved.argmin(axis=0), np.arange(5)]) or np.allclose(result, right),
        "You go by the mean distance. Go by the sum of squares, to which a weight that is far off counts more.",
    )
    wrong = np.flatnonzero(~np.isclose(result, right))
    if len(wrong):
        place = wrong[0]
        expect(
            False,
            f"In channel {place} the share {shares[costs[:, place].argmin()]} costs least, "
            f"{costs[:, place].min():.4g}; yours costs {_on_scales(kernel, result, bits)[place]:.4g}.",
        )
    with stopping("Right in four bits with six shares. Do other bits, or other shares, stop it?"):
        other = np.array([_scales(kernel, share, 8) for share in (1, 0.75)])
        costs = np.array([_on_scales(kernel, scales, 8) for scales in other])
        again = np.asarray(given(answer(kernel.copy(), 8, (1, 0.75))))
        expect(
            np.allclose(again, other[costs.argmin(axis=0), np.arange(5)]),
            "Right in four bits with six shares, and wrong in eight bits with two. Does a number stand in your code?",
        )
    kernel[..., 4] = 0
    with np.errstate(all="ignore"), stopping("In a channel of zeros, every share of the largest weight is 0."):
        silent = np.asarray(given(answer(kernel.copy(), bits, shares)))
    expect(
        np.isclose(silent[4], 1),
        f"A channel in which all weights are 0 gets the scale 1, so that nothing is divided by 0. Yours: {silent[4]}.",
    )


@exercise(
    "This is the photo to look at before anybody else does.",
    "For each photo: its IoU before, minus its IoU after, each with the true mask. np.argmax gives the position of the "
    "largest of these differences.",
)
def lost_most(answer: Callable) -> None:
    def mask(start: int, stop: int, length: int = 100) -> np.ndarray:
        made = np.zeros((1, length), np.uint8)
        made[0, start:stop] = 1
        return made

    cases = [
        (mask(0, 50), mask(0, 10), mask(0, 8)),  # IoU 0.2, then 0.16: the worst of all, and it was so before
        (mask(0, 50), mask(0, 50), mask(0, 40)),  # 1, then 0.8: most pixels but for the large photo
        (mask(0, 10), mask(0, 10), mask(0, 6)),  # 1, then 0.6: the one
        (mask(0, 50), mask(0, 10), mask(0, 45)),  # 0.2, then 0.9: gained most
        (mask(0, 500, 1000), mask(0, 500, 1000), mask(0, 450, 1000)),  # 1, then 0.9: 50 pixels
        (mask(0, 40), mask(0, 12), mask(12, 22)),  # 0.3, then 0.25: the two answers have nothing in common
    ]
    result = given(answer(*map(list, zip(*cases))))
    losses = [metrics.iou(t, b) - metrics.iou(t, a) for t, b, a in cases]
    expect(np.ndim(result) == 0, f"Return one position. This has the shape {np.shape(result)}.")
    expect(
        not any(np.isclose(result, loss) for loss in losses if loss > 0.01),
        f"{result:.3f} is how much the photo lost. Return the position of the photo in the lists.",
    )
    whole = isinstance(result, (int, np.integer)) and not isinstance(result, bool)
    expect(whole, f"A position is a whole number, and this is {result!r}.")
    expect(
        result != 0,
        "Photo 0 has the lowest IoU after the change, and had nearly the same before. Which photo has lost most?",
    )
    expect(
        result != 1,
        "Photo 1 lost a fifth of its IoU. Photo 2, whose hand is small, lost more. Do you take the IoU of each photo?",
    )
    expect(result != 3, "Photo 3 gained most. Is it before minus after?")
    expect(result != 4, "Photo 4 is large, so many of its pixels have changed. Compare IoUs, not pixels.")
    expect(
        result != 5,
        "In photo 5 the two answers have nothing in common, but both are poor. Compare each with the true mask.",
    )
    expect(result == 2, f"Photo 2 lost most, {losses[2]:.2f} of its IoU. You have {result}.")
    turned = given(answer(*map(list, zip(*cases[::-1]))))
    expect(turned == 3, f"Right in this order. In the other order it is at position 3, and you have {turned}.")
    worse = [(mask(0, 50), mask(0, 40), mask(0, 45)), (mask(0, 50), mask(0, 40), mask(0, 41))]
    with stopping("If no photo has lost anything, the one that gained least is the answer."):
        least = given(answer(*map(list, zip(*worse))))
    expect(least == 1, f"If every photo has gained, the one that gained least lost most: photo 1. You have {least}.")
