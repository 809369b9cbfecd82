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


# 02 Batches and augmentation


def flip_pair(image, mask, rng, chance=0.5, axis=1):
    if rng.random() < chance:
        image, mask = np.flip(image, axis), np.flip(mask, axis)
    return image, mask


def flip_image_only(image, mask, rng):
    return flip_pair(image, mask, rng)[0], mask


def flip_with_two_draws(image, mask, rng):
    return flip_pair(image, mask, rng)[0], flip_pair(image, mask, rng)[1]


def flip_by_global_state(image, mask, rng):
    return flip_pair(image, mask, np.random)


ANSWERS += [
    ("flip_pair", flip_pair, "Right!"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng) if rng.integers(2) else flip_pair(i, m, rng), "Right!"),
    ("flip_pair", flip_image_only, "the mask stays as it is"),
    ("flip_pair", flip_with_two_draws, "How often do you draw"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng, axis=0), "upside down"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng, axis=None), "upside down"),
    ("flip_pair", lambda i, m, rng: (np.flip(i, 2), m), "The photo is neither"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng, chance=2), "about half"),
    ("flip_pair", lambda i, m, rng: (i, m), "Nothing is ever mirrored"),
    ("flip_pair", flip_by_global_state, "not from a global state"),
    ("flip_pair", lambda i, m, rng: flip_pair(i, m, rng)[0], "Return both"),
]


# 03 The encoder


def unfreeze_from(encoder, name, train=lambda seen, here: seen or here, thaw=True):
    encoder.trainable = thaw or encoder.trainable
    seen = False
    for layer in encoder.layers:
        seen = train(seen, layer.name.startswith(f"{name}_"))
        layer.trainable = seen


def unfreeze_by_comparing(encoder, name):
    seen = False
    for layer in encoder.layers:
        if layer.name.startswith(name):
            seen == True  # noqa: B015, E712
        layer.trainable = seen


def unfreeze_the_rest(encoder, name):
    unfreeze_from(encoder, name)
    for layer in encoder.layers:
        layer.trainable = not layer.trainable


def unfreeze_without_freezing(encoder, name):
    start = [layer.name.startswith(name) for layer in encoder.layers].index(True)
    for layer in encoder.layers[start:]:
        layer.trainable = True


ANSWERS += [
    ("unfreeze_from", unfreeze_from, "Right!"),
    ("unfreeze_from", lambda encoder, name: hs.encoder.freeze(encoder, name), "Right!"),
    ("unfreeze_from", unfreeze_by_comparing, "== where you meant ="),
    ("unfreeze_from", lambda encoder, name: setattr(encoder, "trainable", True), "Everything is trainable"),
    ("unfreeze_from", lambda encoder, name: unfreeze_from(encoder, "no_such_block"), "Everything is frozen"),
    ("unfreeze_from", unfreeze_the_rest, "wrong way round"),
    ("unfreeze_from", lambda e, name: unfreeze_from(e, name, lambda seen, here: here), "what follows it is frozen"),
    ("unfreeze_from", unfreeze_without_freezing, "can still be trained"),
    ("unfreeze_from", lambda encoder, name: unfreeze_from(encoder, name, thaw=False), "as a whole is still frozen"),
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


# 06 Training


def choose(column="val_iou", better=max, extra=0, restart=True, first=0):
    """An answer to ``best_epoch``, right unless an argument spoils it."""

    def answer(rows, patience):
        keep = waited = 0
        for epoch, row in enumerate(rows):
            if epoch and better(row[column], rows[keep][column]) != rows[keep][column]:
                keep, waited = epoch, 0 if restart else waited
            elif epoch:
                waited += 1
            if waited == patience + extra:
                break
        return keep + first, epoch + first

    return answer


def choose_without_a_stop(rows, patience):
    return max(range(len(rows)), key=lambda epoch: rows[epoch]["val_iou"]), len(rows) - 1


def choose_by_neighbours(rows, patience):
    falls = [b["val_iou"] < a["val_iou"] for a, b in zip(rows, rows[1:])]
    ends = [i + 1 for i in range(patience - 1, len(falls)) if all(falls[i - patience + 1 : i + 1])]
    stop = ends[0] if ends else len(rows) - 1
    return choose_without_a_stop(rows[: stop + 1], patience)[0], stop


ANSWERS += [
    ("best_epoch", choose(), "Right!"),
    ("best_epoch", choose("loss", min), "Is this by the training persons?"),
    ("best_epoch", choose("iou"), "Is this by the training persons?"),
    ("best_epoch", choose("val_loss", min), "goes by the validation loss"),
    ("best_epoch", choose(better=min), "keeps the worst"),
    ("best_epoch", choose(extra=1), "One epoch too many"),
    ("best_epoch", choose(extra=-1), "stops too soon"),
    ("best_epoch", choose(restart=False), "the count begins again"),
    ("best_epoch", choose(first=1), "Both are one too high"),
    ("best_epoch", choose_without_a_stop, "never seen"),
    ("best_epoch", choose_by_neighbours, "the best so far"),
    ("best_epoch", lambda rows, patience: (choose()(rows, patience)[1],) * 2, "keeps the last epoch trained"),
    ("best_epoch", lambda rows, patience: (rows[5], 8), "not its row"),
    ("best_epoch", lambda rows, patience: (0.84, 8), "not how good"),
    ("best_epoch", lambda rows, patience: 5, "Return two things"),
    ("best_epoch", lambda rows, patience: (choose()(rows, patience)[0],) * 2, "not (5, 5)"),
    ("best_epoch", lambda rows, patience: (keep := choose()(rows, patience)[0], keep + patience), "ends before"),
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
