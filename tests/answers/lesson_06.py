"""Answers to the exercises of lesson 06, Training, and words of what their checks print."""

import math

import keras
import numpy as np
import pandas as pd


def choose(column="val_iou", better=max, extra=0, restart=True, first=1):
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
    return 1 + max(range(len(rows)), key=lambda epoch: rows[epoch]["val_iou"]), len(rows)


def choose_by_neighbours(rows, patience):
    falls = [b["val_iou"] < a["val_iou"] for a, b in zip(rows, rows[1:])]
    ends = [i + 1 for i in range(patience - 1, len(falls)) if all(falls[i - patience + 1 : i + 1])]
    stop = ends[0] if ends else len(rows) - 1
    return choose_without_a_stop(rows[: stop + 1], patience)[0], stop + 1


def half_cosine(angle):
    return (1 + math.cos(angle)) / 2


def rate(step, warmup, steps, peak, begin=None, length=None, turn=math.pi, wave=half_cosine):
    """An answer to ``rate_at``, right unless an argument spoils it."""
    if step < warmup:
        return peak * step / warmup
    begin = warmup if begin is None else begin
    return peak * wave(turn * (step - begin) / (length or steps - begin))


def rate_at_once(step, warmup, steps, peak):
    share = np.clip((step - warmup) / (steps - warmup), 0, 1)
    return min(step / warmup, 1) * peak * np.cos(np.pi / 2 * share) ** 2


def clip(gradients, limit, norm=np.linalg.norm, cut=max):
    """An answer to ``clip_together``, right unless an argument spoils it."""
    length = norm(np.concatenate([g.ravel() for g in gradients]))
    return [g * (limit / cut(length, limit)) for g in gradients]


def clip_with_if(gradients, limit):
    length = math.sqrt(sum(float((g * g).sum()) for g in gradients))
    return [g / length * limit for g in gradients] if length > limit else gradients


def clip_by_the_smaller(gradients, limit):
    length = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [g / length * min(length, limit) for g in gradients]


def clip_in_place(gradients, limit):
    for g, clipped in zip(gradients, clip(gradients, limit)):
        g[:] = clipped
    return gradients


def clip_by_sum_of_norms(gradients, limit):
    length = sum(np.linalg.norm(g) for g in gradients)
    return [g * limit / max(length, limit) for g in gradients]


def choose_first(rows, patience):
    """As good as the best counts as better."""
    return choose(better=lambda new, best: new if new > best else math.nan if new == best else best)(rows, patience)


def rate_by_cosine_up(step, warmup, steps, peak):
    """Rises along half a cosine, too."""
    return peak * half_cosine(math.pi * (1 - step / warmup)) if step < warmup else rate(step, warmup, steps, peak)


def rate_by_interp(step, warmup, steps, peak):
    if step > warmup:
        return np.cos(np.interp(step, [warmup, steps], [0, np.pi])) * peak / 2 + peak / 2
    return np.interp(step, [0, warmup], [0, peak])


def clip_two(gradients, limit):
    first, second = gradients[0], gradients[1]
    share = min(1, limit / max(np.hypot(np.linalg.norm(first), np.linalg.norm(second)), 1e-12))
    return [first * share, second * share]


def clip_by_ratio(gradients, limit):
    length = math.sqrt(sum(float(np.sum(np.square(g))) for g in gradients))
    return [g * min(1, limit / length) for g in gradients]


def clip_into_copies(gradients, limit):
    copies = [g.copy() for g in gradients]
    length = np.linalg.norm(np.hstack([g.flatten() for g in copies]))
    for g in copies:
        if length > limit:
            g *= limit / length
    return tuple(copies)


def clip_by_keras(gradients, limit):
    tensors = [keras.ops.convert_to_tensor(g) for g in gradients]
    length = keras.ops.sqrt(sum(keras.ops.sum(t * t) for t in tensors))
    return [t * limit / keras.ops.maximum(length, limit) for t in tensors]


def choose_by_popping(rows, patience):
    keep, epoch, best = 0, -1, -1
    while rows and epoch - keep < patience:
        epoch, row = epoch + 1, rows.pop(0)
        if row["val_iou"] > best:
            keep, best = epoch, row["val_iou"]
    return keep + 1, epoch + 1


def choose_by_pandas(rows, patience):
    iou = pd.DataFrame(rows).val_iou
    best = iou.cummax()
    since = [epoch - int(best.eq(best[epoch]).idxmax()) for epoch in range(len(iou))]
    stop = since.index(patience) if patience in since else len(iou) - 1
    return int(iou[: stop + 1].idxmax()) + 1, stop + 1


def choose_from_the_second(rows, patience):
    """Its best begins with the second row."""
    best, keep, waited = 0, 0, 0
    for epoch, row in enumerate(rows[1:], 1):
        if row["val_iou"] > best:
            best, keep, waited = row["val_iou"], epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return keep + 1, epoch + 1


ANSWERS = [
    ("rate_at", rate_by_interp, "Right!"),
    ("rate_at", lambda *args: np.float32(rate(*args)), "Right!"),
    ("rate_at", rate_by_cosine_up, "rises in a straight line"),
    ("rate_at", lambda step, warmup, *rest: rate(step, 10, *rest), "Does one of the numbers stand in your code"),
    ("rate_at", lambda step, warmup, steps, peak: rate(step, warmup, 110, peak), "Does one of the numbers stand"),
    ("rate_at", lambda s, w, *rest: s // w * rest[-1] if s < w else rate(s, w, *rest), "Half way up"),
    ("rate_at", lambda *args: rate(*args[:3], 0.004), "Does one of the numbers stand in your code"),
    ("rate_at", lambda *args: rate(*args, turn=180), "At the last step"),
    ("clip_together", clip_into_copies, "Right!"),
    ("clip_together", clip_by_keras, "Right!"),
    ("clip_together", clip_two, "wrong for three"),
    ("clip_together", clip_by_ratio, "What do you divide by then"),
    ("clip_together", lambda gradients, limit: [g.ravel() for g in clip(gradients, limit)], "Return a list"),
    ("clip_together", lambda *args: clip(*args, norm=lambda n: np.sqrt((n**2).mean())), "are divided by 5"),
    ("clip_together", lambda *args: clip(*args, norm=lambda n: abs(n).sum()), "sum of all numbers"),
    ("best_epoch", choose_by_pandas, "Right!"),
    ("best_epoch", lambda rows, patience: [*choose()(rows, patience)], "Right!"),
    ("best_epoch", choose_by_popping, "writes into what it is handed"),
    (
        "best_epoch",
        lambda rows, patience: choose()(sorted(rows, key=lambda row: row["val_loss"]), patience),
        "goes by the validation loss",
    ),
    ("best_epoch", choose_from_the_second, "Where the first epoch is the best"),
    ("rate_at", lambda *args: rate(*args[:3], args[3] if args[0] < args[1] else 1), "falls from 1"),
    ("rate_at", lambda *args: rate(*args) * (1 if args[0] < args[1] else 2), "twice the peak"),
    ("clip_together", lambda g, limit: clip(g, limit) if limit < 5 else None, "Does it return its result"),
    ("clip_together", lambda g, limit: (clip(g, limit), 5), "The check cannot read"),
    ("best_epoch", choose_first, "no new highest"),
    ("best_epoch", lambda rows, patience: choose()(rows, 3), "Is it used?"),
    ("rate_at", rate, "Right!"),
    ("rate_at", rate_at_once, "Right!"),
    ("rate_at", lambda step, warmup, steps, peak: rate(step, warmup, steps, 1), "rises to 1, not to the peak"),
    ("rate_at", lambda step, warmup, steps, peak: rate(max(step, warmup), warmup, steps, peak), "At step 0"),
    ("rate_at", lambda step, warmup, *rest: 0 if step < warmup else rate(step, warmup, *rest), "Half way up"),
    ("rate_at", lambda *args: rate(*args, begin=0), "From which step on"),
    ("rate_at", lambda *args: rate(*args, wave=math.cos), "below zero"),
    ("rate_at", lambda *args: rate(*args, turn=1), "ends at the angle of pi"),
    ("rate_at", lambda *args: rate(*args, length=args[2]), "How many steps"),
    ("rate_at", lambda *args: rate(*args, turn=1, wave=lambda share: 1 - share), "a straight line"),
    ("rate_at", lambda *args: rate(*args, turn=1, wave=lambda share: (1 - share) ** 2), "The ends are right"),
    ("rate_at", lambda step, warmup, *rest: rate(step, warmup, *rest) if step < warmup else None, "a return missing"),
    ("clip_together", clip, "Right!"),
    ("clip_together", clip_with_if, "Right!"),
    ("clip_together", lambda gradients, limit: gradients, "nothing was cut"),
    ("clip_together", lambda gradients, limit: [clip([g], limit)[0] for g in gradients], "cut by itself, as clipnorm"),
    ("clip_together", clip_by_sum_of_norms, "do not add up"),
    ("clip_together", lambda *args: clip(*args, norm=lambda n: (n**2).sum()), "sum of the squares"),
    ("clip_together", lambda *args: clip(*args, norm=np.sum), "sum of all numbers"),
    ("clip_together", lambda gradients, limit: [np.clip(g, -limit, limit) for g in gradients], "direction is lost"),
    ("clip_together", lambda *args: clip(*args, norm=np.max), "are divided by 5"),
    ("clip_together", lambda gradients, limit: clip(gradients, 1.0), "Wrong for another limit"),
    ("clip_together", lambda *args: clip(*args, cut=lambda length, limit: length or 1), "stay as they are"),
    ("clip_together", clip_by_the_smaller, "become nan"),
    ("clip_together", clip_in_place, "have changed"),
    ("clip_together", lambda gradients, limit: np.concatenate([g.ravel() for g in gradients]), "each in its shape"),
    ("best_epoch", choose(), "Right!"),
    ("best_epoch", choose("loss", min), "Is this by the training persons?"),
    ("best_epoch", choose("iou"), "Is this by the training persons?"),
    ("best_epoch", choose("val_loss", min), "goes by the validation loss"),
    ("best_epoch", choose(better=min), "keeps the worst"),
    ("best_epoch", choose(extra=1), "One epoch too many"),
    ("best_epoch", choose(extra=-1), "stops too soon"),
    ("best_epoch", choose(restart=False), "the count begins again"),
    ("best_epoch", choose(first=0), "Both are one too low"),
    ("best_epoch", choose_without_a_stop, "never seen"),
    ("best_epoch", choose_by_neighbours, "the best so far"),
    ("best_epoch", lambda rows, patience: (choose()(rows, patience)[1],) * 2, "keeps the last epoch trained"),
    ("best_epoch", lambda rows, patience: (rows[5], 9), "not its row"),
    ("best_epoch", lambda rows, patience: (0.84, 9), "not how good"),
    ("best_epoch", lambda rows, patience: 5, "Return two things"),
    ("best_epoch", lambda rows, patience: (choose()(rows, patience)[0],) * 2, "not (6, 6)"),
    ("best_epoch", lambda rows, patience: (keep := choose()(rows, patience)[0], keep + patience), "ends before"),
]
