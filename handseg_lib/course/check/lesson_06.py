"""Checks of lesson 06, Training."""

from collections.abc import Callable

import numpy as np

from .core import exercise, expect, given, stopping

__all__ = ["best_epoch", "clip_together", "rate_at"]


@exercise(
    "Slowly off, fast in the middle, and small steps to arrive.",
    "Two cases. Below `warmup`: peak times the share of the warm-up that is done. From there on: first the share "
    "of the remaining steps that is done, from 0 to 1; then (1 + cos(π times this share)) / 2, times peak.",
)
def rate_at(answer: Callable) -> None:
    warmup, steps, peak = 10, 110, 0.004
    rates = {step: answer(step, warmup, steps, peak) for step in (0, 2, 5, 10, 35, 60, 110)}
    given(rates[5] if rates[5] is not None else rates[60])
    for step, rate in rates.items():
        expect(rate is not None, f"Nothing comes back at step {step}, with a warm-up of {warmup}. Is a return missing?")
    share = {step: float(rate) / peak for step, rate in rates.items()}

    def near(step: int, wanted: float) -> bool:
        return abs(share[step] - wanted) < 0.005

    expect(not near(5, 0.5 / peak), "This rises to 1, not to the peak. What is left to multiply by?")
    expect(near(0, 0), f"At step 0 the rate is 0; this gives {share[0]:.2f} of the peak. Which way goes the warm-up?")
    expect(near(5, 0.5), f"Half way up the rate is half the peak; this gives {share[5]:.2f} of it.")
    expect(near(2, 0.2), f"A fifth of the way up, {share[2]:.2f} of the peak. The warm-up rises in a straight line.")
    expect(not near(10, 1 / peak), "The cosine falls from 1, not from the peak. What is left to multiply by?")
    expect(not near(10, 2), "This falls from twice the peak: 1 + cos goes from 2 to 0.")
    expect(
        near(10, 1),
        f"At the end of the warm-up the rate is the peak; this gives {share[10]:.2f} of it. From which step on does "
        "the cosine count?",
    )
    expect(share[110] > -0.005, "The rate ends below zero. A cosine goes from 1 to -1, and you want 1 to 0.")
    expect(
        not near(110, (1 + np.cos(1)) / 2),
        "It falls too little: half a cosine ends at the angle of pi, and yours ends at 1.",
    )
    expect(near(110, 0), f"At the last step {share[110]:.2f} of the peak is left. How many steps does the cosine have?")
    expect(not near(35, 0.75), "This falls in a straight line, not along a cosine.")
    expect(
        near(35, (1 + np.cos(np.pi / 4)) / 2) and near(60, 0.5),
        f"The ends are right. In the middle of the cosine the rate is half the peak; this gives {share[60]:.2f} of it.",
    )
    up, down = (float(given(answer(step, 4, 24, 1.0))) for step in (1, 14))
    expect(
        abs(up - 0.25) < 0.005 and abs(down - 0.5) < 0.005,
        "Right for a warm-up of 10 and 110 steps, but not for 4 and 24. Does one of the numbers stand in your code?",
    )


@exercise(
    "The step is shorter, and still goes where all gradients together point.",
    "One norm for all: the root of the sum of all squares in all arrays. Where it is above the limit, multiply "
    "every array by limit / norm; else leave them all. max(norm, limit) makes one case of the two.",
)
def clip_together(answer: Callable) -> None:
    long = [np.array([[1.0, 2.0], [2.0, 0.0]]), np.array([0.0, 4.0])]  # norms 3 and 4, and 5 together
    clipped = given(answer(long, 1.0))
    expect(
        isinstance(clipped, list | tuple) and [np.shape(c) for c in clipped] == [(2, 2), (2,)],
        "Return a list with as many arrays as came in, each in its shape.",
    )

    def is_over(*norms: float) -> bool:
        return all(np.allclose(c, g / norm) for c, g, norm in zip(clipped, long, norms))

    expect(not is_over(1, 1), "A norm of 5 with a limit of 1, and nothing was cut.")
    expect(not is_over(3, 4), "Each array is cut by itself, as clipnorm does. Which one norm do all numbers have?")
    expect(not is_over(7, 7), "The norms of the arrays do not add up: 3 and 4 make 5. What is summed before the root?")
    expect(not is_over(25, 25), "This divides by the sum of the squares. What is missing to make a norm of it?")
    expect(not is_over(9, 9), "This divides by the sum of all numbers. A norm squares, sums, and takes the root.")
    expect(
        not all(np.allclose(c, np.clip(g, -1, 1)) for c, g in zip(clipped, long)),
        "Each number is cut by itself, and the direction is lost. Divide all by the same.",
    )
    expect(is_over(5, 5), "The numbers 1, 2, 2, 0 and 0, 4 have the norm 5: with a limit of 1, all are divided by 5.")
    hint = "Wrong for another limit: 5 cut to 2.5 is half of every number. Is the result as long as the limit?"
    expect(all(np.allclose(c, g / 2) for c, g in zip(answer(long, 2.5), long)), hint)
    hint = "Gradients that are short enough should stay as they are. These have the norm 5, and the limit was 10."
    expect(all(np.allclose(c, g) for c, g in zip(given(answer(long, 10.0)), long)), hint)
    three = given(answer([*long, np.full((1, 2, 6), 10 / np.sqrt(3))], 2.5))  # 3, 4 and 20: 20.6 together
    length = np.sqrt(sum(np.sum(np.square(gradient)) for gradient in three))
    expect(len(three) == 3 and np.isclose(length, 2.5), "Right for two arrays, wrong for three of other shapes.")
    hint = "Gradients of 0 become nan, or stop your code. What do you divide by then?"
    with np.errstate(all="ignore"), stopping(hint):
        zeros = answer([np.zeros(3), np.zeros(2)], 1.0)
    expect(np.isfinite(np.concatenate(zeros)).all(), hint)


@exercise(
    "The best one that was seen, and no patience beyond what was agreed.",
    "Go through the rows with their numbers, `enumerate(rows, start=1)`, and keep the number of the best one so far. A "
    "row is better only if it is higher. Stop as soon as the current number is `patience` past the best one.",
)
def best_epoch(answer: Callable) -> None:
    columns = {
        "loss": [0.60, 0.48, 0.40, 0.34, 0.29, 0.25, 0.22, 0.19, 0.17, 0.15, 0.13, 0.12],
        "iou": [0.58, 0.70, 0.77, 0.82, 0.85, 0.88, 0.90, 0.91, 0.92, 0.93, 0.94, 0.95],
        "val_loss": [0.55, 0.43, 0.36, 0.37, 0.39, 0.37, 0.40, 0.42, 0.45, 0.47, 0.46, 0.50],
        "val_iou": [0.60, 0.74, 0.80, 0.79, 0.78, 0.84, 0.83, 0.82, 0.81, 0.80, 0.86, 0.83],
    }
    rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
    pair = given(answer(rows, 3))
    expect(isinstance(pair, tuple | list) and len(pair) == 2, "Return two things: the epoch to keep, and the last.")
    expect(not isinstance(pair[0], dict), "Return the epoch's number, counted from 1, not its row.")
    keep, stop = pair
    expect(keep in range(13), f"{keep} is no epoch from 1 to 12. Return which one is the best, not how good.")
    hints = {
        (5, 8): "Both are one too low: the first epoch is 1, not 0.",
        (6, 10): "One epoch too many: with patience 3, the third without a new best is the last.",
        (3, 5): "Training stops too soon: with patience 3, it takes three epochs without a new best.",
        (6, 7): "The patience is used up too soon: with each new best, the count begins again.",
        (1, 4): "This keeps the worst. A loss should be low; which way should an IoU go?",
        (3, 6): "This goes by the validation loss. Which column says how good the outlines are?",
        (9, 9): "This keeps the last epoch trained. Keep the best of those that were.",
        (12, 12): "Is this by the training persons? Choose by those that the network does not learn from: val_iou.",
    }
    expect((keep, stop) not in hints, hints.get((keep, stop), ""))
    expect(keep != 11, "Epoch 11 comes after training has stopped: it is never seen.")
    expect((keep, stop) == (6, 9), f"For the twelve epochs of the lesson and patience 3: not {(keep, stop)}.")
    zigzag = [dict(row, val_iou=iou) for row, iou in zip(rows, [0.5, 0.8, 0.7, 0.8, 0.72, 0.74, 0.7])]
    hint = "Compare each epoch with the best so far, not with the one before it."
    result = tuple(given(answer(zigzag, 3)))
    expect(result != (4, 7), "An epoch that is as good as the best is no new highest: >, not >=.")
    expect(result == (2, 5), f"Right while it falls, wrong where it goes up and down. {hint}")
    falling = [dict(row, val_iou=iou) for row, iou in zip(rows, [0.9, 0.8, 0.7, 0.6, 0.95])]
    result = tuple(given(answer(falling, 3)))
    expect(result == (1, 4), f"Where the first epoch is the best, the answer is (1, 4), and yours is {result}.")
    hint = "If the patience is never used up, training stops at the last row."
    expect(
        tuple(answer(rows[:8], 3) or ()) == (6, 8), f"Wrong for a training that ends before the patience does. {hint}"
    )
    expect(tuple(answer(rows, 5) or ()) == (11, 12), "Right with a patience of 3, wrong with one of 5. Is it used?")
