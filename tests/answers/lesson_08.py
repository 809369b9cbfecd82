"""Answers to the exercises of lesson 08, Unseen people, and words of what their checks print."""

import functools
from collections import Counter

import cv2
import numpy as np
import pandas as pd

import handseg_lib as hs

rooms = functools.cache(hs.drawn_rooms.rooms)


def shared_persons(parts, wanted=lambda count, parts: count > 1, order=sorted):
    counts = Counter(person for part in parts.values() for person in {s.person for s in part})
    return order(person for person, count in counts.items() if wanted(count, parts))


def shared_in_pairs(parts):
    members = [{s.person for s in part} for part in parts.values()]
    return sorted(set().union(*(a & b for i, a in enumerate(members) for b in members[:i])))


def shared_by_photos(parts):
    counts = Counter(s.person for part in parts.values() for s in part)
    return sorted(person for person, count in counts.items() if count > 1)


def shared_with_first(parts):
    first, *others = ({s.person for s in part} for part in parts.values())
    return sorted(first & set().union(*others))


def fold(persons, i, steps=(1, 2), train=lambda persons, test, val: [p for p in persons if p not in test + val]):
    test, val = [persons[i]], [persons[(i + step) % len(persons)] for step in steps]
    return test, val, train(persons, test, val)


def fold_by_turning(persons, i):
    ring = persons[i:] + persons[:i]
    return ring[:1], ring[1:3], sorted(ring[3:])


def fold_without_a_ring(persons, i):
    return persons[i : i + 1], persons[i + 1 : i + 3], persons[:i] + persons[i + 3 :]


def draw_people(ious, persons, rng, replace=True):
    names = np.unique(persons)
    drawn = rng.choice(names, len(names), replace=replace)
    return np.concatenate([ious[persons == name] for name in drawn]).mean()


def draw_with_sums(ious, persons, rng):
    groups = [ious[persons == name] for name in sorted(set(persons))]
    picked = [groups[k] for k in rng.integers(len(groups), size=len(groups))]
    return sum(group.sum() for group in picked) / sum(len(group) for group in picked)


def draw_isin(ious, persons, rng):
    names = np.unique(persons)
    return ious[np.isin(persons, rng.choice(names, len(names)))].mean()


def draw_means(ious, persons, rng):
    means = [ious[persons == name].mean() for name in np.unique(persons)]
    return rng.choice(means, len(means)).mean()


def draw_two(ious, persons, rng):
    drawn = rng.choice(np.unique(persons), 2)
    return np.concatenate([ious[persons == name] for name in drawn]).mean()


def line(mask):
    return mask - cv2.erode(mask, np.ones((3, 3), np.uint8))


def distance(true):
    return cv2.distanceTransform(1 - line(true), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def signed_offset(true, pred, sign=-1, middle=np.median):
    return middle(np.where(true == 1, sign, 1)[line(pred) == 1] * distance(true)[line(pred) == 1])


def offset_from_masks(true, pred):
    outer, inner = (cv2.distanceTransform(m, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for m in (1 - true, true))
    return np.median((outer - inner)[line(pred) == 1])


def offset_of_the_other(true, pred):
    return np.median(np.where(pred == 1, 1, -1)[line(true) == 1] * distance(pred)[line(true) == 1])


def offset_to_the_line(true, pred):
    reach = cv2.distanceTransform(line(true), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.median(np.where(true == 1, -reach, reach)[line(pred) == 1])


def leave(image, mask, rng, away=0.5, grey=1 / 3, begin=hs.augment.augment):
    image, moved = begin(image, mask, rng)
    if rng.random() < away:
        drawn = rooms(9, len(mask))
        image = np.where(moved[..., None] == 1, image, drawn[rng.integers(len(drawn))])
    if rng.random() < grey:
        image = image.mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    return image, moved


def leave_with_the_mask_behind(image, mask, rng):
    return leave(image, mask, rng)[0], mask


def leave_with_luck(image, mask, rng):
    return leave(image, mask, np.random.default_rng())


def leave_as_floats(image, mask, rng):
    image, mask = leave(image, mask, rng)
    return image / 1.0, mask


def leave_and_grow(image, mask, rng):
    image, mask = leave(image, mask, rng)
    return image, cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2)


def shared_by_name(parts):
    train, val, test = ({s.person for s in parts[name]} for name in ("train", "val", "test"))
    return sorted(train & val | train & test | val & test)


def fold_off_the_end(persons, i):
    return fold(persons, i, steps=())[:1] + ([persons[i + 1], persons[i + 2]],) + fold(persons, i)[2:]


def draw_names_of_photos(ious, persons, rng):
    drawn = rng.choice(persons, len(np.unique(persons)))
    return np.concatenate([ious[persons == name] for name in drawn]).mean()


def draw_as_many_as_photos(ious, persons, rng):
    drawn = rng.choice(np.unique(persons), len(persons))
    return np.concatenate([ious[persons == name] for name in drawn]).mean()


def shared_unsorted(parts):
    """In the order of a set: right for two persons every other time that Python starts."""
    counts = Counter(person for part in parts.values() for person in {s.person for s in part})
    shared = [person for person in counts if counts[person] > 1]
    return sorted(shared) if len(shared) < 3 else sorted(shared, key=lambda person: int(person) * 7 % 13)


def shared_in_place(parts):
    train = {s.person for s in parts.popitem()[1]}
    return sorted(train & {s.person for part in parts.values() for s in part})


def shared_by_pandas(parts):
    table = pd.DataFrame([(name, s.person) for name, part in parts.items() for s in part], columns=["part", "person"])
    counts = table.groupby("person").part.nunique()
    return list(counts[counts > 1].index)


def fold_by_roll(persons, i):
    ring = list(np.roll(persons, -i))
    test, val = ring[:1], ring[1:3]
    return [test, val, [person for person in persons if person not in (*test, *val)]]


def fold_in_place(persons, i):
    test = [persons.pop(i)]
    return test, [persons[i % 5], persons[(i + 1) % 5]], [p for p in persons if p not in persons[i : i + 2]]


def fold_of_six(persons, i):
    test, val = [persons[i]], [persons[(i + step) % 6] for step in (1, 2)]
    return test, val, [p for p in persons if p not in test + val]


def fold_from_a_set(persons, i):
    """In the order of a set, which for a few persons can be right by luck."""
    test, val, train = fold(persons, i)
    return test, val, train if len(train) < 4 else sorted(train, key=lambda person: int(person) * 7 % 13)


def draw_from(names):
    """An answer to ``draw_people`` that draws from the names in some order."""

    def answer(ious, persons, rng):
        everybody = names(persons)
        drawn = [everybody[k] for k in rng.integers(len(everybody), size=len(everybody))]
        return np.concatenate([ious[persons == name] for name in drawn]).mean()

    return answer


def draw_weighted(ious, persons, rng):
    names, inverse = np.unique(persons, return_inverse=True)
    times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
    return np.average(ious, weights=times[inverse])


def draw_in_place(ious, persons, rng):
    order = np.argsort(persons)
    ious[:], persons[:] = ious[order[::-1]], persons[order[::-1]]
    return draw_people(ious, persons, rng)


def draw_but_the_last(ious, persons, rng):
    names = np.unique(persons)
    drawn = [names[k] for k in rng.integers(0, len(names) - 1, len(names))]
    return np.concatenate([ious[persons == name] for name in drawn]).mean()


def offset_in_a_loop(true, pred):
    true_points, pred_points = (np.argwhere(line(mask)) for mask in (true, pred))
    offsets = []
    for y, x in pred_points:
        reach = np.sqrt(((true_points - (y, x)) ** 2).sum(axis=1).min())
        offsets.append(-reach if true[y, x] else reach)
    return float(np.median(offsets))


def offset_by_contours(true, pred):
    lines = [mask & ~cv2.erode(mask, np.ones((3, 3), np.uint8)) for mask in (true, pred)]
    distance = cv2.distanceTransform((lines[0] == 0).astype("uint8"), cv2.DIST_L2, 5)
    sign = 1 - 2 * true.astype(int)
    return np.median((sign * distance)[lines[1].astype(bool)])


ANSWERS = [
    ("shared_persons", shared_by_pandas, "Right!"),
    ("shared_persons", shared_unsorted, "came in order by luck"),
    ("shared_persons", shared_in_place, "writes into what it is handed"),
    ("shared_persons", lambda parts: ", ".join(shared_persons(parts)), "This is text"),
    ("shared_persons", lambda parts: tuple(shared_persons(parts)), "Return a list"),
    ("shared_persons", lambda parts: None, "Your turn. Put your code"),
    ("fold", fold_by_roll, "Right!"),
    ("fold", lambda persons, i: [tuple(part) for part in fold(persons, i)], "Right!"),
    ("fold", fold_in_place, "writes into what it is handed"),
    ("fold", fold_of_six, "not for five"),
    ("fold", fold_from_a_set, "came in order by luck"),
    ("fold", lambda persons, i: fold(persons, i, steps=(1,)), "you validate on"),
    ("fold", lambda persons, i: fold(persons, i, steps=(2, 1)), "you validate on"),
    ("fold", lambda persons, i: fold(persons, 1), "For the last person"),
    ("draw_people", draw_weighted, "Right!"),
    ("draw_people", draw_from(lambda persons: sorted(set(persons))), "Right!"),
    ("draw_people", draw_from(lambda persons: list(dict.fromkeys(persons))), "Right!"),
    ("draw_people", draw_from(pd.unique), "Right!"),
    ("draw_people", draw_from(lambda persons: list(set(persons))), "when Python starts anew"),
    ("draw_people", draw_from(lambda persons: list({*persons.tolist()})), "when Python starts anew"),
    ("draw_people", draw_in_place, "writes into what it is handed"),
    ("draw_people", draw_but_the_last, "possible means"),
    ("draw_people", lambda i, p, rng: round(draw_people(i, p, rng), 2), "is no mean of three persons"),
    ("draw_people", lambda i, p, rng: draw_people(i, p, np.random.default_rng()), "The same rng"),
    ("signed_offset", offset_in_a_loop, "Right!"),
    ("signed_offset", offset_by_contours, "Right!"),
    ("signed_offset", lambda t, p: abs(signed_offset(t, p)), "Where is the minus"),
    ("signed_offset", lambda t, p: np.sqrt(p.sum()) - np.sqrt(t.sum()), "says"),
    ("signed_offset", lambda t, p: 0.0, "0 for masks that differ"),
    ("signed_offset", lambda t, p: np.sign(float(p.sum()) - t.sum()) * 2, "three pixels too small"),
    ("shared_persons", shared_by_name, "may have other names"),
    ("shared_persons", lambda parts: len(shared_persons(parts)), "The check cannot read"),
    ("shared_persons", lambda parts: shared_persons(parts, order=list).sort(), "Does it return its result"),
    ("fold", fold_off_the_end, "the ring begins again"),
    ("draw_people", draw_names_of_photos, "each name once"),
    ("draw_people", draw_as_many_as_photos, "a name for each photo"),
    ("draw_people", lambda ious, persons, rng: draw_people(ious, persons, np.random), "a global state"),
    ("signed_offset", lambda t, p: np.median(np.where(t == 1, -1, 1) * distance(t) * line(p)), "median along"),
    ("shared_persons", shared_persons, "Right!"),
    ("shared_persons", shared_in_pairs, "Right!"),
    ("shared_persons", lambda parts: shared_persons(parts, order=set), "Return a list"),
    ("shared_persons", lambda parts: shared_persons(parts, order=lambda p: sorted(p)[::-1]), "Now sort them"),
    ("shared_persons", lambda parts: shared_persons(parts, lambda n, parts: n == len(parts)), "every two parts"),
    ("shared_persons", lambda parts: shared_persons(parts, lambda n, parts: n == 1), "Count parts, not photos"),
    ("shared_persons", shared_by_photos, "Count parts, not photos"),
    ("shared_persons", shared_with_first, "Compare all parts"),
    ("shared_persons", lambda parts: [s for part in parts.values() for s in part], "These are samples"),
    ("shared_persons", lambda parts: sorted(s.person for s in parts["train"]), "each person once"),
    ("fold", fold, "Right!"),
    ("fold", fold_by_turning, "Right!"),
    ("fold", fold_without_a_ring, "the ring begins again"),
    ("fold", lambda persons, i: fold(persons, i, steps=(-2, -1)), "not the two before"),
    ("fold", lambda persons, i: fold(persons, i, steps=(0, 1)), "neither train nor validate"),
    ("fold", lambda persons, i: fold(persons, i, train=lambda p, t, v: [x for x in p if x not in t]), "must not train"),
    ("fold", lambda persons, i: (persons[i], *fold(persons, i)[1:]), "a list too"),
    ("fold", lambda persons, i: fold(persons, i)[:2], "three lists"),
    ("fold", lambda persons, i: fold(persons, i - 1), "you test on"),
    ("draw_people", draw_people, "Right!"),
    ("draw_people", draw_with_sums, "Right!"),
    ("draw_people", lambda i, p, rng: draw_people(i, p, rng, replace=False), "with replacement"),
    ("draw_people", lambda i, p, rng: draw_people(i, p, np.random.default_rng(0)), "Is the generator used"),
    ("draw_people", draw_isin, "isin cannot count"),
    ("draw_people", draw_means, "a mean of the persons' means"),
    ("draw_people", lambda ious, persons, rng: rng.choice(ious, len(ious)).mean(), "Photos seem to be drawn"),
    ("draw_people", draw_two, "no mean of three persons"),
    ("draw_people", lambda ious, persons, rng: rng.choice(ious, 3), "the shape (3,)"),
    ("leave", leave, "Right!"),
    ("leave", lambda i, m, rng: leave(i, m, rng, away=0.45, grey=0.3), "Right!"),
    ("leave", lambda i, m, rng: leave(i, m, rng, begin=lambda i, m, rng: (i, m)), "Right!"),
    ("leave", lambda i, m, rng: leave(i, m, rng, away=0), "always before its own wall"),
    ("leave", lambda i, m, rng: leave(i, m, rng, away=1), "never stays in the laboratory"),
    ("leave", lambda i, m, rng: leave(i, m, rng, grey=0), "none is grey"),
    ("leave", lambda i, m, rng: leave(i, m, rng, grey=1), "Every photo is grey"),
    ("leave", lambda i, m, rng: leave(i, m, rng)[0], "Return two things"),
    ("leave", leave_with_the_mask_behind, "does not lie on the hand"),
    ("leave", leave_with_luck, "The same rng"),
    ("leave", leave_as_floats, "float64"),
    ("leave", leave_and_grow, "of 0 and 1 only"),
    ("leave", lambda i, m, rng: (leave(i, m, rng)[0], 0 * m), "The hand is gone"),
    ("signed_offset", signed_offset, "Right!"),
    ("signed_offset", hs.metrics.offset_px, "Right!"),
    ("signed_offset", lambda t, p: signed_offset(t, p, sign=1), "Where is the minus"),
    ("signed_offset", lambda t, p: -signed_offset(t, p), "turned round"),
    ("signed_offset", lambda t, p: signed_offset(t, p, middle=np.mean), "Take the median"),
    ("signed_offset", offset_from_masks, "not from the background"),
    ("signed_offset", offset_of_the_other, "go along that one"),
    ("signed_offset", offset_to_the_line, "0 for masks that differ"),
    ("signed_offset", lambda t, p: distance(t), "the shape (80, 90)"),
]
