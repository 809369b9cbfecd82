"""Checks of lesson 05, Losses and metrics."""

import warnings
from collections.abc import Callable

import numpy as np

from .core import exercise, expect, given

__all__ = ["dice", "iou_and_dice", "is_fair"]


@exercise(
    "The shared pixels over what either mask covers, and twice the shared ones over both areas.",
    "Count three numbers: the pixels that are 1 in both masks, the pixels that are 1 in at least one, and the "
    "ones of both masks added up. IoU is the first over the second; Dice is twice the first over the third.",
)
def iou_and_dice(answer: list) -> None:
    expect(isinstance(answer, list | tuple) and len(answer) > 0, "Write two numbers into the list: IoU, then Dice.")
    numbers = sum(number is not ... for number in answer)
    expect(len(answer) == numbers == 2, f"Two numbers are wanted, IoU and Dice; here are {numbers}.")
    iou, dice = (float(given(number)) for number in answer)

    def close(score: float, truth: float) -> bool:
        return abs(score - truth) < 0.006  # 0.43 for 3/7 will do

    expect(max(iou, dice) <= 1, "A score lies between 0 and 1: no percent, and a part divided by the whole.")
    expect(not (close(iou, 3 / 5) and close(dice, 3 / 7)), "These are the two numbers, but IoU comes first.")
    expect(not close(iou, 11 / 15), "This IoU counts the background on which both agree. Leave out where both say 0.")
    expect(not close(iou, 3 / 10), "For IoU you divide by both areas' sum, 10. Count a shared pixel once.")
    expect(
        not close(iou, 3 / 6) and not close(iou, 3 / 4),
        "For IoU you divide by one mask's area. How many pixels does at least one of the two call hand?",
    )
    expect(close(iou, 3 / 7), f"An IoU of {iou:.2f} is not right. How many pixels are 1 in both? In at least one?")
    expect(not close(dice, 3 / 10), "For Dice a shared pixel lies in both areas, so it counts twice above the line.")
    expect(close(dice, 3 / 5), f"IoU is right. Dice is not {dice:.2f}: twice the shared pixels, over which sum?")


@exercise(
    "One number an image, whatever company it keeps, and nothing to fear from an empty mask.",
    "Sum over the axes (1, 2), so that one number for each image is left: of true * pred, of true, and of pred. "
    "Where both areas are 0 the answer is 1: np.where chooses, and np.maximum keeps a divisor from being 0.",
)
def dice(answer: Callable) -> None:
    true, pred = np.zeros((2, 3, 32, 24), np.uint8)
    true[0, :16], pred[0, 8:24] = 1, 1  # half of a large hand is found: Dice 1/2, IoU 1/3
    true[1, :4, :4] = 1  # a small hand is missed: 0; the third pair is empty: 1

    def scores(true: np.ndarray, pred: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(given(answer(true, pred)), float)

    score = scores(true, pred)
    expect(score.ndim > 0, "This is one number for the whole batch. Which axes of (N, H, W) are an image's pixels?")
    expect(score.shape == (3,), f"Three images should give three numbers, shape (3,), not {score.shape}.")
    expect(not np.isnan(score).any(), "One is nan: 0 / 0, where both masks are empty. They agree: what is that worth?")
    half, missed, empty = score
    accuracy = (true == pred).mean((1, 2))
    expect(not np.allclose(score, accuracy), "This counts the background on which both agree: it is accuracy.")
    expect(missed < 0.9 or empty > 0.1, "This is 1 - Dice, the loss. Return Dice: 1 where the masks agree.")
    expect(abs(half - 1 / 4) > 0.02, "Half of a hand is found: 0.5, and this is 0.25. Which factor is missing?")
    expect(
        abs(half - 1 / 3) > 0.02, "This is IoU. Dice counts the shared pixels twice, and divides by both areas' sum."
    )
    expect(abs(half - 1 / 2) < 0.02, f"Half of a hand is found, and Dice should be about 0.5; this is {half:.2f}.")
    large = "If you add a number above and below the line, it is too large: here a score is wanted, not a loss."
    expect(missed < 0.005, f"A missed hand should score 0; this is {missed:.3f}. {large}")
    expect(empty > 0.9, f"Two empty masks agree: 1, and this is {empty:.2f}. If you add, the same above and below.")
    true, pred = np.zeros((2, 4, 8, 12), np.uint8)
    true[0, 0, 0] = pred[1, 0, 0] = pred[2] = 1  # the smallest hand, missed, and two that are not there
    true[3, 0, :3], pred[3, 0, :2] = 1, 1
    pixel, *invented, most = scores(true, pred)
    expect(
        max(invented) < 0.9, "A prediction where there is no hand scores 1. Only if both masks are empty they agree."
    )
    expect(pixel < 0.005, f"A hand of one pixel is missed, and scores {pixel:.3f}. {large}")
    expect(
        max(invented) < 0.005, f"Where there is no hand one is predicted, and it scores {max(invented):.3f}. {large}"
    )
    expect(abs(most - 0.8) < 0.005, f"Two of a hand's three pixels are found: Dice is 4/5, and this is {most:.3f}.")


def _dice_loss(true: np.ndarray, prob: np.ndarray, axis: tuple | None) -> np.ndarray:
    true, prob = true.astype(float), prob.astype(float)
    return 1 - (2 * (true * prob).sum(axis) + 1) / (true.sum(axis) + prob.sum(axis) + 1)


@exercise(
    "One line now tells you whether a loss lets the small hands go.",
    "Two numbers are to be compared. One is np.mean of the loss of the whole batch. The other is the mean over "
    "photos, each handed over as a batch of one: true[i : i + 1] keeps the first axis. np.isclose compares them.",
)
def is_fair(answer: Callable) -> None:
    rng = np.random.default_rng(0)
    prob = rng.uniform(0.02, 0.98, (5, 9, 9, 1)).astype("float32")
    true = (np.arange(9)[:, None] < np.array([8, 6, 4, 2, 1])[:, None, None, None]).astype("float32")
    true = np.broadcast_to(true, prob.shape).copy()

    def entropy(t: np.ndarray, p: np.ndarray) -> float:
        return -np.log(np.where(t == 1, p, 1 - p)).mean()

    losses = {
        "Dice of each photo": (True, lambda t, p: _dice_loss(t, p, (1, 2, 3))),
        "cross-entropy": (True, lambda t, p: entropy(t, p)),
        # a little off in the seventh digit, as float32 would be with some batches and not with others
        "cross-entropy in float32": (True, lambda t, p: entropy(t, p) * (1 + 1e-7 * len(t))),
        "Dice over the whole batch": (False, lambda t, p: _dice_loss(t, p, None)),
        "the worst photo's Dice": (False, lambda t, p: _dice_loss(t, p, (1, 2, 3)).max()),
    }

    def four_axes(loss: Callable) -> Callable:
        def checked(t: np.ndarray, p: np.ndarray) -> np.ndarray:
            expect(
                np.ndim(t) == np.ndim(p) == 4,
                f"The loss was given an array of shape {np.shape(t)}. It wants (N, height, width, 1), also for one "
                "photo: true[i : i + 1] keeps the first axis.",
            )
            expect(len(t) > 0, "The loss is handed no photo. Does the number of photos stand in your code?")
            expect(not np.isin(p, (0, 1)).all(), "The loss wants the true masks first, then the probabilities.")
            return loss(t, p)

        return checked

    says = {name: given(answer(four_axes(loss), true, prob)) for name, (_, loss) in losses.items()}
    expect(
        all(np.shape(fair) == () and np.asarray(fair).dtype == bool for fair in says.values()),
        "Return one True or False. Is one side of your comparison N numbers, or do you return a difference?",
    )
    expect(
        says["cross-entropy in float32"] or not (says["cross-entropy"] and says["Dice of each photo"]),
        "You call cross-entropy in float32 unfair. The sides differ in the seventh digit: np.isclose lets that pass.",
    )
    expect(
        not all(says.values()),
        "You call every loss fair, even Dice over the whole batch. Is the loss asked about each photo alone?",
    )
    for name, (fair, _) in losses.items():
        expect(
            says[name] == fair,
            f"You call {name} {'un' * fair}fair. Compare the batch's loss with the mean over all its photos.",
        )
    higher = answer(four_axes(lambda t, p: entropy(t, p) * (1 + 1e-3 * len(t))), true, prob)
    expect(not higher, "You call a loss fair that is 0.4% higher for a batch. How far may the two sides be apart?")
    few = given(answer(four_axes(losses["Dice of each photo"][1]), true[:3], prob[:3]))
    expect(few, "Right for five photos, wrong for three of them. Does the number of photos stand in your code?")
