"""Self-checks of the exercises: the stub fails, the solution passes, a typical wrong answer gets the hint that fits.

Stubs and solutions are taken from the lessons. Each lesson appends its typical wrong answers here:
``ANSWERS += [(name of the check, answer, words that it prints), ...]``.
"""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from keras import layers, ops

import handseg_lib as hs

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("build", ROOT / "lessons" / "build.py")
builder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(builder)

ANSWERS = []


def pytest_generate_tests(metafunc):
    if "answer" in metafunc.fixturenames:
        metafunc.parametrize("name, answer, words", ANSWERS, ids=[f"{name}-{words}" for name, _, words in ANSWERS])


def test_answer_gets_the_hint_that_fits(name, answer, words, capsys):
    getattr(hs.check, name)(answer)
    printed = capsys.readouterr().out
    assert words in printed and printed.startswith("Right!") is (words == "Right!")


def imports(cells) -> str:
    """The import statements of some cells."""
    nodes = [node for cell in cells for node in ast.parse(cell.source).body]
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


@pytest.mark.parametrize("lesson", builder.lessons(), ids=lambda path: path.stem)
@pytest.mark.parametrize("solved", [False, True], ids=["stub", "solution"])
def test_stub_fails_and_solution_passes(lesson, solved, capsys):
    cells, others = (
        [c for c in builder.generate(lesson, s).cells if c.cell_type == "code"] for s in (solved, not solved)
    )
    exercises = [i for i, (a, b) in enumerate(zip(cells, others)) if a.source != b.source]
    assert exercises
    for i in exercises:
        names = {"hs": hs}
        exec(imports(cells[1:i]), names)  # not the set-up cell, which is no plain Python
        exec(cells[i].source, names)
        exec(cells[i + 1].source, names)
        assert capsys.readouterr().out.startswith(
            "Right!" if solved else "Not yet. Put your code in the place of the dots"
        )


# 00 Start here


ANSWERS += [
    ("to_mask", lambda hand, threshold: (hand >= threshold).astype(np.uint8), "Right!"),
    ("to_mask", lambda hand, threshold: np.where(hand < threshold, 0, 1).astype("uint8"), "Right!"),
    ("to_mask", lambda hand, threshold: hand >= threshold, "True and False are right"),
    ("to_mask", lambda hand, threshold: (hand > threshold).astype("uint8"), "at least, not above"),
    ("to_mask", lambda hand, threshold: (hand < threshold).astype("uint8"), "are exchanged"),
    ("to_mask", lambda hand, threshold: (hand >= threshold) * np.uint8(255), "0 and 1, not [0, 255]"),
    ("to_mask", lambda hand, threshold: (hand >= 0.5).astype("uint8"), "Is the threshold used?"),
    ("to_mask", lambda hand, threshold: np.where(hand >= threshold, 1.0, 0.0), "should be uint8, not float64"),
    ("to_mask", lambda hand, threshold: (hand >= threshold).astype("uint8")[..., None], "not (2, 3, 1)"),
    ("to_mask", lambda hand, threshold: 1 if hand >= threshold else 0, "stopped with ValueError"),
]


# 04 The U-Net


def up(
    x, skip, width, up_layer=None, join=lambda x, skip: layers.Concatenate()([x, skip]), mix=True, norm=True, relu=True
):
    x = (up_layer or layers.Conv2DTranspose(width, 2, strides=2))(x)
    x = x if skip is None else join(x, skip)
    x = layers.Conv2D(width, 3, padding="same")(x) if mix else x
    x = layers.BatchNormalization()(x) if norm else x
    return layers.ReLU()(x) if relu else x


def up_mixed_too_early(x, skip, width):
    return up(layers.Conv2D(width, 3, padding="same")(x), skip, width, mix=False)


ANSWERS += [
    ("up_step", up, "Right!"),
    ("up_step", lambda x, skip, width: up(x, skip, width, layers.UpSampling2D()), "Right!"),
    ("up_step", lambda x, skip, width: up(x, None, width), "the same whatever the skip says"),
    ("up_step", lambda x, skip, width: up(x, skip, width, join=lambda x, skip: x + skip), "stack their channels"),
    ("up_step", lambda x, skip, width: up(x, skip, width, join=lambda *a: ops.concatenate(a, 1)), "are the last axis"),
    ("up_step", lambda x, skip, width: up(x, skip, width, layers.Conv2DTranspose(width, 2)), "with which stride"),
    ("up_step", lambda x, skip, width: layers.Conv2D(width, 3)(up(x, skip, width)), "(padding)"),
    ("up_step", up_mixed_too_early, "*after* the join"),
    ("up_step", lambda x, skip, width: up(x, skip, 3 * width), "5 here; it has 15"),
    ("up_step", lambda x, skip, width: up(x, skip, width, norm=False), "in range for training"),
    ("up_step", lambda x, skip, width: up(x, skip, width, relu=False), "come last"),
    ("up_step", lambda x, skip, width: layers.Concatenate()([up(x, None, width), skip]), "*after* the join"),
    ("up_step", lambda x, skip, width: up(x, 1 * skip, width), "skip is None"),
    ("up_step", lambda x, skip, width: up(x, skip, width).shape, "not a tuple"),
]


# 05 Losses and metrics


def dice(true, pred, axis=(1, 2), smooth=1.0, factor=2):
    both, total = (true * pred).sum(axis), true.sum(axis) + pred.sum(axis)
    return (factor * both + smooth) / (total + smooth)


def batch_iou(true, pred):
    both = (true & pred).sum((1, 2))
    return (both + 1) / ((true | pred).sum((1, 2)) + 1)


ANSWERS += [
    ("dice", dice, "Right!"),
    ("dice", lambda true, pred: [hs.metrics.f1(t, p) for t, p in zip(true, pred)], "Right!"),
    ("dice", lambda true, pred: dice(true, pred, axis=None), "one number for the whole batch"),
    ("dice", lambda true, pred: dice(true, pred, axis=1), "shape (3,)"),
    ("dice", lambda true, pred: dice(true, pred, smooth=0), "nan"),
    ("dice", lambda true, pred: dice(true, pred, factor=1), "Which factor"),
    ("dice", batch_iou, "This is IoU"),
    ("dice", lambda true, pred: 1 - dice(true, pred), "the loss"),
    ("dice", lambda true, pred: np.nan_to_num(dice(true, pred, smooth=0)), "the same above and below"),
]


# 07 Exploring predictions


def best_threshold(hands, masks, thresholds, pick=np.argmax, cut=np.greater_equal):
    scores = [np.mean([hs.metrics.iou(m, cut(h, t)) for h, m in zip(hands, masks)]) for t in thresholds]
    return thresholds[pick(scores)]


def pooled_threshold(hands, masks, thresholds):
    hand, mask = (np.concatenate([a.ravel() for a in arrays]) for arrays in (hands, masks))
    return thresholds[np.argmax([hs.metrics.iou(mask, hand >= t) for t in thresholds])]


ANSWERS += [
    ("best_threshold", best_threshold, "Right!"),
    ("best_threshold", lambda h, m, t: max(t, key=lambda x: best_threshold(h, m, t) == x), "Right!"),
    ("best_threshold", pooled_threshold, "Compute the IoU of each photo first"),
    ("best_threshold", lambda h, m, t: best_threshold(h[:1], m[:1], t), "Compute the IoU of each photo first"),
    ("best_threshold", lambda h, m, t: best_threshold(h, m, t, np.argmin), "argmin and argmax"),
    ("best_threshold", lambda h, m, t: best_threshold(h, m, t, cut=np.greater), ">=, not >"),
    ("best_threshold", lambda h, m, t: best_threshold(h, m, range(4), lambda s: 2), "a position in thresholds"),
    ("best_threshold", lambda h, m, t: 0.875, "is a mean IoU"),
    ("best_threshold", lambda h, m, t: 0.6, "not one of the thresholds"),
    ("best_threshold", lambda h, m, t: [0.25, 0.75], "the shape (2,)"),
    ("best_threshold", lambda h, m, t: 0.75, "wrong for one"),
]
