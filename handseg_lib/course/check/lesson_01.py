"""Checks of lesson 01, Photos and masks."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from ...data import drawn
from ...data.samples import Sample
from .core import exercise, expect, given, stopping

__all__ = ["deal", "looks_inverted", "read_mask"]


@exercise(
    "From now on, every run of the notebook checks the masks.",
    "Two steps: a list of the masks' shares of ones, such as mask.mean() of each; then np.mean of this list, compared "
    "with 0.5.",
)
def looks_inverted(answer: Callable) -> None:
    def says(*shares: float, sides: tuple = (10,)) -> bool:
        masks = [_mask(share, sides[k % len(sides)]) for k, share in enumerate(shares)]
        verdict = np.asarray(given(answer(masks)))
        expect(verdict.ndim == 0, f"One answer for all masks is wanted; this has the shape {verdict.shape}.")
        expect(verdict.dtype == bool, f"Return True or False, such as a comparison gives, not {verdict}.")
        return bool(verdict)

    low, high = says(0.2, 0.2), says(0.8, 0.8)
    expect(high or not low, "It is the wrong way round: inverted masks are those with too many ones.")
    expect(low != high, f"{low} for masks with a fifth of ones, and {high} for masks with four fifths. Which is which?")
    for share in (0.6, 0.4):
        told = says(share, share, share)
        expect(told == (share > 0.5), f"{told} for three masks with a share of {share} each. Where is your limit?")
    expect(not says(0.5, 0.5), "Shares of exactly a half count as inverted. The task says above a half.")
    for shares in ((0.8, 0.1, 0.1), (0.6, 0.6, 0.1), (0.4, 0.4, 0.9)):
        mean = np.mean(shares)
        expect(
            says(*shares) == (mean > 0.5),
            f"Shares of {shares[0]}, {shares[1]} and {shares[2]} have a mean of {mean:.2f}, and you say "
            f"{not mean > 0.5}. Take the mean of all shares; how many of them are large does not matter.",
        )
    expect(
        says(0.9, sides=(300,)),
        "Right for small masks, wrong for a large one: a uint8 goes to 255, and then begins at 0.",
    )
    with stopping("Right for masks of one size. In this list the sizes differ."):
        mixed = says(0.8, 0.1, 0.8, sides=(10, 100)), says(0.2, 0.9, 0.2, sides=(10, 100))
    expect(
        mixed == (True, False),
        "Right for masks of one size, wrong where a mask is larger than the others. Each mask should count the same: "
        "first its share, then the mean.",
    )
    with stopping("Right for other masks, but think of some in which all pixels are alike."):
        expect(
            (says(0), says(1)) == (False, True), "Right for other masks, wrong where all pixels of a mask are alike."
        )


def _mask(share: float, side: int) -> np.ndarray:
    """A square mask whose first rows are ones."""
    mask = np.zeros((side, side), np.uint8)
    mask[: round(share * side)] = 1
    return mask


@exercise(
    "One channel, two values, and 1 means skin.",
    "Make an array of the grey picture with np.array. In this array black is 0 and white is 255: compare it with a "
    "number between the two, and turn True and False into uint8.",
)
def read_mask(answer: Callable) -> None:
    sample = drawn.load()[0]
    mask = given(answer(sample.mask))
    truth = sample.read()[1]
    expect(isinstance(mask, np.ndarray), f"Return a numpy array; this is a {type(mask).__name__}.")
    expect(mask.ndim == 2, f"A mask has one channel; this array has the shape {mask.shape}. Which reader gives one?")
    values = np.unique(mask).tolist()
    expect(values in ([0, 1], [0], [1]), f"The values should be 0 and 1, not {values[:4]}. What turns 255 into 1?")
    expect(mask.shape != truth.shape[::-1], "Height and width are exchanged: rows come first.")
    expect(not np.array_equal(mask, 1 - truth), "Skin and background are exchanged. In the file, black (0) is skin.")
    expect(np.array_equal(mask, truth), "Some pixels differ from the file: compare with Image.open(path).")
    expect(mask.dtype != bool, "The array is right but for its dtype: the course computes with uint8, not bool.")
    expect(mask.dtype == np.uint8, f"The values are right; the dtype should be uint8, not {mask.dtype}.")
    for name, columns in {"large.bmp": 9, "all_skin.bmp": 12, "no_skin.bmp": 0}.items():  # of 12
        truth = np.zeros((8, 12), np.uint8)
        truth[:, :columns] = 1
        mask = _read_again(answer, name, truth)
        expect(
            not np.array_equal(mask, 1 - truth),
            f"Right for a small hand, but where {columns} of 12 columns are black, yours turns skin into background. "
            "Black is skin, however much of it there is: does your function ask which of the two is more?",
        )
        expect(
            np.array_equal(mask, truth),
            f"Right for one file, but not for one in which {columns} of 12 columns are black (skin). Which numbers "
            "does your function take from the file, and which does it know beforehand?",
        )


def _read_again(answer: Callable, name: str, truth: np.ndarray) -> np.ndarray:
    """What the answer makes of a file in which the truth's skin is black."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, name)
        Image.fromarray(truth == 0).save(path)
        return given(answer(path))


@exercise(
    "Whoever is in the test was never seen in training, and the same seed draws the same people.",
    "Three steps: a sorted list of the different names; rng.choice(names, count, replace=False) for those of the "
    "test; two lists of samples, by whether sample.person is among the names drawn.",
)
def deal(answer: Callable) -> None:
    people = [f"{number:02d}" for number in range(1, 9)]

    def photos(people: list[str]) -> list[Sample]:
        return [Sample(Path(f"{k}.jpg"), Path(f"{k}.bmp"), person, "A") for k in range(5) for person in people]

    samples = photos(people)

    def dealt(seed: int, samples: list[Sample] = samples, count: int = 3) -> tuple[list[Sample], list[Sample]]:
        parts = given(answer(list(samples), count, np.random.default_rng(seed)))
        expect(isinstance(parts, tuple | list) and len(parts) == 2, "Return two lists: `return train, test`.")
        train, test = map(list, parts)
        expect(all(isinstance(s, Sample) for s in train + test), "The lists should hold samples, not names of persons.")
        return train, test

    def drawn_people() -> list[list[str]]:
        return [sorted({s.person for s in dealt(seed)[1]}) for seed in range(40)]

    train, test = dealt(0)
    both = {s.person for s in train} & {s.person for s in test}
    expect(not both, f"{len(both)} persons are in both parts. Draw persons, not samples; then deal out the samples.")
    expect(len(train) + len(test) == len(samples), f"Of {len(samples)} samples, {len(train) + len(test)} are left.")
    expect(Counter(train + test) == Counter(samples), "Some samples come twice, and others are lost.")
    draws = drawn_people()
    expect(len(draws[0]) != 5, "The parts are exchanged: first those to train on, then those of the persons drawn.")
    wrong = next((len(draw) for draw in draws if len(draw) != 3), 3)
    hint = "May the same one be drawn twice? (`replace`) And is each name once in the list you draw from?"
    expect(wrong == 3, f"Of three persons asked for, the second list once holds {wrong}. {hint}")
    expect(any(draw != draws[0] for draw in draws), "The same persons, whatever the rng. Draw them by lot: use `rng`.")
    never = set(people) - set().union(*draws)
    expect(not never, f"In 40 draws {min(never, default='')} was never drawn. Has everybody the same chance?")
    two = {s.person for s in dealt(0, count=2)[1]}
    expect(len(two) == 2, f"Right for three persons; but two were asked for, and {len(two)} came. Is `count` used?")
    others = {f"{number}": person for number, person in zip(range(21, 29), people)}  # the same order, other names
    again = [sorted({others[s.person] for s in dealt(seed, photos(list(others)))[1]}) for seed in range(40)]
    stable = draws == drawn_people()
    expect(not stable or draws == again, "A set has another order whenever Python starts. Sort the persons, then draw.")
    expect(stable, "The same seed draws other people the second time. Draw from `rng` alone.")
