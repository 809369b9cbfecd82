"""Checks of lesson 06, Training."""

from collections.abc import Callable

from .core import exercise, expect, given

__all__ = ["best_epoch"]


@exercise("The best one that was seen, and no patience beyond what was agreed.")
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
    expect(not isinstance(pair[0], dict), "Return the epoch's position in the list, counted from 0, not its row.")
    keep, stop = pair
    expect(keep in range(12), f"{keep} is no position in the list. Return where the best is, not how good.")
    hints = {
        (6, 9): "Both are one too high: count the epochs from 0.",
        (5, 9): "One epoch too many: with patience 3, the third without a new best is the last.",
        (2, 4): "Training stops too soon: with patience 3, it takes three epochs without a new best.",
        (5, 6): "The patience is used up too soon: with each new best, the count begins again.",
        (0, 3): "This keeps the worst. A loss should be low; which way should an IoU go?",
        (2, 5): "This goes by the validation loss. Which column says how good the outlines are?",
        (8, 8): "This keeps the last epoch trained. Keep the best of those that were.",
        (11, 11): "Is this by the training persons? Choose by those that the network does not learn from: val_iou.",
    }
    expect((keep, stop) not in hints, hints.get((keep, stop), ""))
    expect(keep != 10, "Epoch 10 comes after training has stopped: it is never seen.")
    expect((keep, stop) == (5, 8), f"For the twelve epochs of the lesson and patience 3: not {(keep, stop)}.")
    zigzag = [dict(row, val_iou=iou) for row, iou in zip(rows, [0.5, 0.8, 0.7, 0.75, 0.72, 0.74, 0.7])]
    hint = "Compare each epoch with the best so far, not with the one before it."
    expect(tuple(answer(zigzag, 3)) == (1, 4), f"Right while it falls, wrong where it goes up and down. {hint}")
    hint = "If the patience is never used up, training stops at the last row."
    expect(tuple(answer(rows[:8], 3)) == (5, 7), f"Wrong for a training that ends before the patience does. {hint}")
