"""The capstone's rubric: it looks at a piece of work and says, line by line, what holds and what to do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ..data.check_pairs import check_pairs
from ..data.gate import number
from ..data.samples import Sample, Split
from ..evaluation.baselines import fit_bayes
from ..evaluation.report import Report, evaluate

NOTES = 3  # photos to write a note on, the worst ones


@dataclass(frozen=True)
class Rubric:
    """What a rubric found. A notebook shows it when it is the last line of a cell.

    Attributes:
        table: one row a demand: whether it is met, and what to do if not.
    """

    table: pd.DataFrame

    @property
    def passed(self) -> bool:
        """Whether all demands are met."""
        return bool(self.table.met.all())

    def __repr__(self) -> str:
        lines = [f"{'yes' if row.met else 'NO '} {row.demand}" for row in self.table.itertuples()]
        lines += [f"    {row.demand}: {row.what_to_do}" for row in self.table.itertuples() if not row.met]
        return "\n".join([*lines, f"{self.table.met.sum()} of {len(self.table)} demands are met."])


def rubric(
    split: Split,
    predictor: Callable,
    report: Report,
    claim: Mapping[str, float],
    notes: Mapping[str, str],
    goal: float = 0.8,
) -> Rubric:
    """Looks at a capstone.

    Args:
        split: the samples in three parts.
        predictor: the network with its threshold, as ``hs.Predictor(model, threshold)``.
        report: ``hs.evaluate(predictor, split.test)``. As long as it is of other photos, the network is not asked about
            the test photos here either.
        claim: what you would tell others: ``{"iou": ..., "low": ..., "high": ..., "worst": ...}``, the mean IoU, the
            bounds of its interval and the IoU of the worst person (or plant, or whatever the split goes by).
        notes: a sentence on each of the report's three worst photos, by the name of the photo's file. No two may be
            the same.
        goal: the mean IoU that the validation photos must reach, from 0.5 to 1. The drawn leaves are easy, so theirs
            is 0.8; for photos of your own it is what you wrote down before you trained.

    Returns:
        A `Rubric`, which prints as a list.

    Raises:
        InputError: the goal is no number from 0.5 to 1. At an IoU of 0.5 as many pixels are wrong as right.
    """
    goal = number("goal", goal, 0.5, 1, such_as=0.8)
    found = [*_about_data(split), *_about_scores(split, predictor, report, goal), *_about_words(report, claim, notes)]
    return Rubric(pd.DataFrame(found, columns=["demand", "met", "what_to_do"]))


def _about_data(split: Split):
    groups = [{sample.person for sample in part} for part in split]
    yield (
        "Photos and masks have no fault that check_pairs finds",
        check_pairs([sample for part in split for sample in part]).table.empty,
        "Run hs.check_pairs on your samples, and mend what it lists.",
    )
    yield (
        "Nobody is in two parts of the split",
        sum(map(len, groups)) == len(set().union(*groups)),
        "Split by person (or plant): hs.split_by_person.",
    )
    yield (
        "The test has at least two persons",
        len(groups[2]) >= 2,
        "One person can be easy or difficult by chance. Keep two or more for the test.",
    )


def _about_scores(split: Split, predictor: Callable, report: Report, goal: float):
    yield (
        "The report is of this network, and of the test photos",
        _is_of(report, predictor, split.test),
        "When you no longer want to change anything, make it: report = hs.evaluate(predictor, split.test).",
    )
    val = evaluate(predictor, split.val).table  # what helps to choose is asked of the validation photos
    reached, lazy = val.iou.mean(), val.hand.mean()
    yield (
        "It is better than the laziest answer",
        bool(reached > lazy),
        "An answer that calls every pixel a hit scores higher. First let it learn four photos by heart.",
    )
    yield (
        "It is better than a table of colours",
        bool(reached > evaluate(fit_bayes(split.train, split.val), split.val).table.iou.mean()),
        "A table of colours scores higher (hs.baselines.fit_bayes). Train longer, or with more photos.",
    )
    yield (
        f"The validation photos reach the goal, an IoU of {goal:g}",
        bool(reached >= goal),
        f"They have {reached:.2f} now. Train longer, at a larger size, or with more photos.",
    )


def _is_of(report: Report, predictor: Callable, samples: Sequence[Sample]) -> bool:
    """Whether a report is of these photos, and has the scores that the network gets on them now."""
    if list(report.table.image) != [sample.name for sample in samples]:
        return False
    again = evaluate(predictor, samples)
    return bool((again.table.iou - report.table.iou).abs().max() < 1e-3)


def _about_words(report: Report, claim: Mapping[str, float], notes: Mapping[str, str]):
    summary = report.summary()
    right = {"iou": "iou", "low": "iou_low", "high": "iou_high", "worst": "worst_person_iou"}
    wrong = [name for name, key in right.items() if not abs(claim.get(name, -1) - summary[key]) < 0.006]
    yield (
        "The claim has the mean, its interval and the worst person",
        not wrong,
        f"Look again at {', '.join(wrong)}: report.summary() has the numbers.",
    )
    worst = list(report.table.sort_values("iou", kind="stable").image[:NOTES])
    words = {name: str(notes.get(name, "")).lower().split() for name in worst}
    missing = [name for name in worst if len(words[name]) < 4]
    yield (
        f"Each of the {NOTES} worst photos has a note of its own",
        not missing and len(set(map(tuple, words.values()))) == len(words),
        f"Look at {', '.join(missing)}, and write a sentence of four words or more on each."
        if missing
        else "Two notes are the same. Look at both photos again, and say what went wrong in each.",
    )
