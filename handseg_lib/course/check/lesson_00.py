"""Checks of lesson 00, Start here."""

from collections.abc import Callable

import numpy as np

from .core import NotYet, exercise, expect, given, stopping

__all__ = ["cut_out", "hand_share", "to_mask"]


@exercise(
    "Pixels that are hand, over all pixels.",
    "The sum of a mask of 0 and 1 counts its pixels of hand, and mask.size counts all its pixels. Or: what is the "
    "mean of zeros and ones?",
)
def hand_share(answer: Callable) -> None:
    mask = np.array([[0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], np.uint8)  # 3 of 20
    share = np.asarray(given(answer(mask)), float)
    expect(share.ndim == 0, f"This is an array of shape {share.shape}. One number for the whole mask is wanted.")
    expect(share != 3, "You counted the hand's pixels. How many pixels are there in all?")
    expect(not np.isclose(share, 15), "This is in percent. Return the share itself, from 0 to 1.")
    expect(not np.isclose(share, 17 / 20), "This is the share of the background. Which value is hand?")
    expect(not np.isclose(share, 3 / 17), "You divided by the background. Divide by all the pixels, hand included.")
    expect(
        not np.isclose(share, 3 / 5) and not np.isclose(share, 3 / 4),
        "You divided by one side of the mask: len gives the rows alone. How many pixels are there in all?",
    )
    expect(np.isclose(share, 3 / 20), f"Of 20 pixels, 3 are hand: 0.15, and this is {share:.3g}.")
    share_of_other_masks(answer)


def share_of_other_masks(answer: Callable) -> None:
    """What a share, right for one small mask, has to be for a large one, and where all pixels are alike."""
    mask = np.zeros((210, 300), np.uint8)
    mask[:70, 1:] = 1
    share, right = float(given(answer(mask))), mask.mean()
    expect(share <= 1, "Right for a small mask, above 1 for a large one: does the number of pixels stand in your code?")
    expect(
        np.isclose(share, right) or abs(share - right) > 0.006,
        f"{share:.3g} in place of {right:.5f}: you round. A hand of a few pixels would be rounded to nothing.",
    )
    expect(
        np.isclose(share, right),
        "Right for a small mask, wrong for a large one: a uint8 goes to 255, and then begins at 0 again. Use np.sum.",
    )
    for value in (0, 1):
        with stopping(f"Right for other masks, but think of one in which all pixels are {value}."):
            share = given(answer(np.full((3, 4), value, np.uint8)))
        expect(share == value, f"Where all pixels are {value} the share is {value} too, and this is {share}.")


@exercise(
    "A threshold turns probabilities into a mask.",
    "A comparison of an array with a number, such as array >= 0.5, gives True or False for every element at once. "
    "The method astype turns True and False into 1 and 0.",
)
def to_mask(answer: Callable) -> None:
    probability = np.array([[0.125, 0.25, 0.5], [0.75, 0.5, 1]], "float32")
    mask, low = given(answer(probability, 0.5)), answer(probability, 0.25)
    truth = np.array([[0, 0, 1], [1, 1, 1]])
    expect(isinstance(mask, np.ndarray), f"Return a numpy array; this is a {type(mask).__name__}.")
    expect(mask.shape == (2, 3), f"The mask should have the shape of the probabilities, (2, 3), not {mask.shape}.")
    expect(mask.dtype != bool, "True and False are right. What turns them into 1 and 0, dtype uint8?")
    expect(set(np.unique(mask)) <= {0, 1}, f"The values should be 0 and 1, not {np.unique(mask).tolist()}.")
    expect(not np.array_equal(mask, 1 - truth), "Hand and background are exchanged. A high probability means hand.")
    expect(not np.array_equal(mask, probability > 0.5), "A pixel at the threshold is hand too: at least, not above.")
    expect(not np.array_equal(mask, low), "The masks at 0.25 and at 0.5 are the same. Is the threshold used?")
    expect(np.array_equal(mask, truth), "Some pixels differ. Compare each probability with the threshold.")
    expect(np.array_equal(low, probability >= 0.25), "Right for a threshold of 0.5, but not for one of 0.25.")
    expect(mask.dtype == np.uint8, f"The values are right; the dtype should be uint8, not {mask.dtype}.")
    sizes = "Right for 2 x 3 pixels, but not for 3 x 2. Does a size stand in your code?"
    with stopping(sizes):
        expect(np.array_equal(answer(probability.T, 0.5), truth.T), sizes)


@exercise(
    "Hand kept, all else white, and the photo unharmed.",
    "Three steps: copy the photo; choose the background by a comparison of the mask with 0, in square brackets "
    "behind the copy; give those pixels the value 255.",
)
def cut_out(answer: Callable) -> None:
    image = np.random.default_rng(0).integers(1, 255, (4, 5, 3), np.uint8)
    mask = np.zeros((4, 5), np.uint8)
    mask[1:3, 1:4] = 1
    image[1, 2] = 0  # hands have black pixels, too
    hand = mask == 1
    try:
        result = given(answer(image.copy(), mask.copy()))
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        raise NotYet(
            "The photo has three channels and the mask has none, so numpy cannot pair them. mask[..., None] gives the "
            "mask an axis for the channels."
        ) from None
    expect(isinstance(result, np.ndarray), f"Return a numpy array; this is a {type(result).__name__}.")
    expect(result.shape == image.shape, f"The shape should stay (4, 5, 3); this is {result.shape}.")
    expect(
        not np.array_equal(result, np.where(hand[..., None], 255, image)),
        "The hand has become white and the rest has stayed. Which value of the mask is background?",
    )
    expect(not (result[~hand] == 0).all(), "The background is black. What number is white?")
    expect(
        not (result[~hand] == 1).all(), "The background is 1, which is nearly black: a photo goes from 0 to 255 here."
    )
    changed = (result != image).any(-1) & hand
    expect(
        changed.sum() != 1 or not changed[1, 2],
        "A black pixel of the hand has changed as well. What tells hand from background: the colour, or the mask?",
    )
    expect(not changed.any(), "The hand's pixels have changed. They should be as in the photo.")
    expect((result[~hand] == 255).all(), "Some of the background is not white yet: 255 in all three channels.")
    expect(result.dtype == np.uint8, f"The values are right; the dtype should be uint8, not {result.dtype}.")
