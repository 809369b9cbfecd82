"""Answers to the exercises of lesson 09, Shipping, and words of what their checks print."""

import numpy as np

import handseg_lib as hs


def there_and_back(values, scale, zero, rounded=np.round):
    marks = np.clip(rounded(values / scale) + zero, 0, 255).astype(np.uint8)
    return marks, scale * (marks.astype(float) - zero)


def there_in_a_loop(values, scale, zero):
    marks, back = np.zeros(values.shape, np.uint8), np.zeros(values.shape)
    for place, value in np.ndenumerate(values):
        mark = min(255, max(0, round(value / scale) + zero))
        marks[place], back[place] = mark, scale * (mark - zero)
    return marks, back


def there_without_clip(values, scale, zero):
    marks = (np.round(values / scale) + zero).astype(np.int64).astype(np.uint8)
    return marks, scale * (marks.astype(float) - zero)


def there_and_back_in_uint8(values, scale, zero):
    marks = there_and_back(values, scale, zero)[0]
    return marks, scale * (marks - np.uint8(zero))


def there_with_the_zero_before(values, scale, zero):
    marks = np.clip(np.round((values + zero) / scale), 0, 255).astype(np.uint8)
    return marks, scale * marks - zero


def there_up_to_127(values, scale, zero):
    marks = np.clip(np.round(values / scale) + zero, 0, 127).astype(np.uint8)
    return marks, scale * (marks.astype(float) - zero)


SQUARES = lambda errors: (errors**2).sum()  # noqa: E731


def choose_scales(kernel, bits, shares, cost=SQUARES, pick=np.argmin, size=np.abs, last=None, clip=True):
    last, scales = last or 2 ** (bits - 1) - 1, []
    for channel in np.moveaxis(kernel, -1, 0):
        tried = [share * size(channel).max() / last or 1 for share in shares]
        marks = [np.round(channel / scale) for scale in tried]
        marks = [np.clip(each, -last, last) for each in marks] if clip else marks
        scales.append(tried[pick([cost(channel - s * m) for s, m in zip(tried, marks)])])
    return np.array(scales)


def scales_at_once(kernel, bits, shares):
    last = 2 ** (bits - 1) - 1
    scales = np.multiply.outer(shares, np.abs(kernel).max(axis=(0, 1, 2))) / last
    scales[scales == 0] = 1
    wide = scales[:, None, None, None]
    costs = ((kernel - wide * np.clip(np.round(kernel / wide), -last, last)) ** 2).sum(axis=(1, 2, 3))
    return np.take_along_axis(scales, costs.argmin(axis=0)[None], axis=0)[0]


def scales_whole(kernel, bits, shares, share=1):
    return share * np.abs(kernel).max(axis=(0, 1, 2)) / (2 ** (bits - 1) - 1)


def scales_dividing_by_zero(kernel, bits, shares):
    scales = choose_scales(kernel, bits, shares)
    return np.where(np.abs(kernel).max(axis=(0, 1, 2)) == 0, 0, scales)


def one_scale(kernel, bits, shares):
    return np.full(kernel.shape[-1], scales_whole(kernel, bits, shares).max())


def lost_most(truths, before, after, score=lambda t, b, a: hs.metrics.iou(t, b) - hs.metrics.iou(t, a)):
    return int(np.argmax([score(*masks) for masks in zip(truths, before, after)]))


def lost_in_a_loop(truths, before, after):
    most, where = -2, None
    for i in range(len(truths)):
        lost = hs.metrics.iou(truths[i], before[i]) - hs.metrics.iou(truths[i], after[i])
        if lost > most:
            most, where = lost, i
    return where


def lost_from_nothing(truths, before, after):
    most, where = 0, None
    for i in range(len(truths)):
        lost = hs.metrics.iou(truths[i], before[i]) - hs.metrics.iou(truths[i], after[i])
        if lost > most:
            most, where = lost, i
    return where


def by(score):
    """An answer that goes by something else than the loss of IoU."""
    return lambda truths, before, after: lost_most(truths, before, after, score)


ANSWERS = [
    ("there_and_back", there_and_back, "Right!"),
    ("there_and_back", there_in_a_loop, "Right!"),
    ("there_and_back", lambda v, s, z: there_and_back(v, s, z, np.rint), "Right!"),
    ("there_and_back", lambda v, s, z: there_and_back(v, s, z)[0], "Return two arrays"),
    ("there_and_back", lambda v, s, z: there_and_back(v, s, z)[:1] * 2, "the same numbers twice"),
    ("there_and_back", lambda v, s, z: there_and_back(v, s, z)[::-1], "the other way"),
    ("there_and_back", lambda v, s, z: there_and_back(v, s, z, np.floor), "cut the digits"),
    ("there_and_back", lambda v, s, z: there_and_back(v, s, z, np.trunc), "cut the digits"),
    ("there_and_back", there_without_clip, "begins anew from above. Clip"),
    ("there_and_back", lambda v, s, z: there_and_back(v, s, 0), "Add the zero point"),
    ("there_and_back", there_with_the_zero_before, "Divide by the scale first"),
    ("there_and_back", lambda v, s, z: (there_and_back(v, s, z)[0].astype(float), 0 * v), "Make them uint8"),
    ("there_and_back", lambda v, s, z: (there_and_back(v, s, z)[0], s * there_and_back(v, s, z)[0]), "take the zero"),
    ("there_and_back", there_and_back_in_uint8, "Make floats of the marks"),
    ("there_and_back", lambda v, s, z: (there_and_back(v, s, z)[0], v), "the numbers themselves"),
    ("there_and_back", lambda v, s, z: (there_and_back(v, s, z)[0], 0 * v), "The marks are right. Of"),
    ("there_and_back", there_up_to_127, "the last one, 255"),
    ("choose_scales", choose_scales, "Right!"),
    ("choose_scales", scales_at_once, "Right!"),
    ("choose_scales", lambda k, b, s: list(choose_scales(k, b, s)), "Right!"),
    ("choose_scales", lambda k, b, s: scales_whole(k, b, s).max(), "one scale for the whole kernel"),
    ("choose_scales", lambda k, b, s: choose_scales(np.moveaxis(k, 0, -1), b, s), "three scales"),
    ("choose_scales", one_scale, "All channels have the same scale"),
    ("choose_scales", scales_whole, "nothing is ever clipped"),
    ("choose_scales", lambda k, b, s: choose_scales(k, b, s, clip=False), "the shortest ruler"),
    ("choose_scales", lambda k, b, s: scales_whole(k, b, s, 0.5), "the shortest ruler"),
    ("choose_scales", lambda k, b, s: choose_scales(k, b, s, pick=np.argmax), "the shortest ruler"),
    ("choose_scales", lambda k, b, s: choose_scales(k, b, s) * 7, "the lengths of the rulers"),
    ("choose_scales", lambda k, b, s: choose_scales(k, b, s, last=15), "You divide by 15"),
    ("choose_scales", lambda k, b, s: choose_scales(k, b, s, last=8), "You divide by 8"),
    ("choose_scales", lambda k, b, s: choose_scales(k, b, s, size=lambda w: w), "the largest of np.abs"),
    ("choose_scales", lambda k, b, s: choose_scales(k, b, s, cost=lambda e: abs(e).mean()), "the mean distance"),
    ("choose_scales", lambda k, b, s: choose_scales(k, b, s, cost=lambda e: abs(e).max()), "nothing is ever clipped"),
    ("choose_scales", lambda k, b, s: choose_scales(k, 4, s), "wrong in eight bits"),
    ("choose_scales", scales_dividing_by_zero, "gets the scale 1"),
    ("lost_most", lost_most, "Right!"),
    ("lost_most", lost_in_a_loop, "Right!"),
    ("lost_most", by(lambda t, b, a: hs.metrics.f1(t, b) - hs.metrics.f1(t, a)), "Right!"),
    ("lost_most", by(lambda t, b, a: -hs.metrics.iou(t, a)), "had nearly the same before"),
    ("lost_most", by(lambda t, b, a: hs.metrics.iou(t, a) - hs.metrics.iou(t, b)), "Photo 3 gained most"),
    ("lost_most", by(lambda t, b, a: abs(hs.metrics.iou(t, a) - hs.metrics.iou(t, b))), "Photo 3 gained most"),
    ("lost_most", by(lambda t, b, a: (b != a).sum()), "Compare IoUs, not pixels"),
    ("lost_most", by(lambda t, b, a: -hs.metrics.iou(b, a)), "Compare each with the true mask"),
    (
        "lost_most",
        lambda t, b, a: max(hs.metrics.iou(x, y) - hs.metrics.iou(x, z) for x, y, z in zip(t, b, a)),
        "how much",
    ),
    ("lost_most", lost_from_nothing, "returns nothing"),
]
