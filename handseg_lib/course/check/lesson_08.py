"""Checks of lesson 08, Unseen people."""

from collections.abc import Callable
from itertools import combinations_with_replacement
from pathlib import Path

import cv2
import numpy as np

from ...data.samples import Sample
from .. import profile
from .core import NotYet, exercise, expect, given, stopping

__all__ = ["draw_people", "fold", "leave", "shared_persons", "signed_offset"]


def _part(*persons: str) -> list[Sample]:
    return [Sample(Path(f"{k}.jpg"), Path(f"{k}.bmp"), person, "A") for k, person in enumerate(persons)]


@exercise(
    "Two lines like these belong into every project that splits its data.",
    "Make a set of persons for each part. A person is shared if more than one of these sets holds it. Sort the "
    "names at the end.",
)
def shared_persons(answer: Callable) -> None:
    parts = {"train": _part("12", "09", "01", "09"), "val": _part("03", "12"), "test": _part("12", "01", "02")}
    result = given(answer(parts))
    expect(
        not any(isinstance(item, Sample) for item in result), "These are samples. Return the persons: sample.person."
    )
    expect(
        isinstance(result, list), f"Return a list; this is a {type(result).__name__}. sorted(...) makes one of a set."
    )
    expect(len(set(result)) == len(result), f"{result}: each person once. What does a set do with repetitions?")
    result_set = set(result)
    expect(
        result_set != {"12"}, "You found only 12, who is in all three. 01 is in two: do you compare every two parts?"
    )
    expect("09" not in result_set, "09 has two photos, but both in one part. Count parts, not photos.")
    expect(result_set != {"01", "12", "02", "03"}, "02 and 03 are in one part only. Who is in more than one?")
    expect(result_set == {"01", "12"}, f"01 and 12 are in more than one part, and no one else; you have {result}.")
    expect(result == ["01", "12"], "The right persons. Now sort them, so that the list is always the same.")
    pair = {"a": _part("07", "05"), "b": _part("05", "06")}
    names = "Right for train, val and test. Parts may have other names, and be two or four."
    try:
        expect(answer(pair) == ["05"], names)
    except (KeyError, ValueError):
        raise NotYet(names) from None
    late = {"a": _part("01"), "b": _part("07"), "c": _part("02"), "d": _part("07", "03")}
    expect(answer(late) == ["07"], "Somebody may be in the second part and the fourth only. Compare all parts.")
    crowd = [f"{number:02d}" for number in range(1, 13)]
    many = given(answer({"a": _part(*crowd[::-1]), "b": _part(*crowd[::5], *crowd)}))
    expect(sorted(many) == crowd, f"Twelve persons are in both parts here, and you find {len(many)}: {many}.")
    expect(many == crowd, "Two persons came in order by luck: a set has another order whenever Python starts. Sort.")
    expect(answer({"a": _part("01"), "b": _part("02")}) == [], "Where nobody is shared, the list is empty.")


@exercise(
    "Everybody is tested once, and has no say in it.",
    "The position after i is i + 1, and (i + 1) % len(persons) begins anew at the end of the list. Who neither "
    "tests nor validates trains: a list comprehension over persons keeps their order.",
)
def fold(answer: Callable) -> None:
    persons = ["01", "02", "05", "07", "09", "11"]
    parts = given(answer(list(persons), 1))
    expect(len(parts) == 3, f"Return three lists: who is tested, who validates, who trains. These are {len(parts)}.")
    expect(
        not any(isinstance(part, str) for part in parts), "The first part is a list too, of one person: [persons[i]]."
    )
    test, val, train = (list(part) for part in parts)
    expect(test == ["02"], f"At position 1 of {persons} stands 02; you test on {test}.")
    expect("02" not in val + train, "02 is tested, and so must neither train nor validate.")
    expect(val != ["01", "02"] and val != ["11", "01"], "The next two validate, not the two before.")
    expect(val == ["05", "07"], f"After 02 come 05 and 07; you validate on {val}.")
    expect(not set(val) & set(train), "Those who validate must not train: they would choose what remembers them best.")
    expect(sorted(train) == ["01", "09", "11"], f"Everybody else trains: 01, 09 and 11; you have {train}.")
    expect(train == ["01", "09", "11"], "The right persons train. Keep them in their order.")
    ring = "Right in the middle. After the last person the ring begins again: try % len(persons)."
    try:
        test, val, train = (list(part) for part in answer(list(persons), 5))
    except IndexError:
        raise NotYet(ring) from None
    expect(len(val) == 2, ring)
    expect((test, val) == (["11"], ["01", "02"]), f"For the last person, 01 and 02 validate; you have {val}.")
    expect(train == ["05", "07", "09"], f"For the last person 05, 07 and 09 train; you have {train}.")
    test, val, train = (list(part) for part in answer(list(persons), 4))
    expect(val == ["11", "01"], f"For the last but one, 11 and 01 validate; you have {val}.")
    with stopping("Right for six persons, but not for five. Does a number stand in your code?"):
        parts = [list(part) for part in given(answer(["01", "02", "03", "04", "05"], 4))]
        right = [["05"], ["01", "02"], ["03", "04"]]
        expect(parts == right, f"Of five persons, the last is followed by the first and the second; you have {parts}.")
    crowd = [f"{number:02d}" for number in range(1, 13)]
    train = list(given(answer(list(crowd), 0))[2])
    expect(train == crowd[3:], "Six persons came in order by luck: a set has another whenever Python starts.")


@exercise(
    "Now the interval counts people.",
    "Draw from np.unique(persons), which has each name once. For each name drawn, choose its photos with persons "
    "== name, and np.concatenate all these before you take the mean.",
)
def draw_people(answer: Callable) -> None:
    # one, two and three photos: whatever is drawn shows in the mean
    ious, persons = np.array([0.9, 0.65, 0.55, 0.4, 0.3, 0.2]), np.array(["a", "b", "b", "c", "c", "c"])
    rng = np.random.default_rng(0)
    first = given(answer(ious.copy(), persons.copy(), rng))
    expect(np.ndim(first) == 0, f"Return one mean; this has the shape {np.shape(first)}.")
    drawn = [round(float(answer(ious.copy(), persons.copy(), rng)), 6) for _ in range(300)]
    means = set(drawn)
    size, value = {"a": 1, "b": 2, "c": 3}, {"a": 0.9, "b": 0.6, "c": 0.3}

    def mean(drawn: str, weight: dict) -> float:
        return round(sum(weight[p] * value[p] for p in drawn) / sum(weight[p] for p in drawn), 6)

    draws = [x + y + z for x in "abc" for y in "abc" for z in "abc"]
    right = {mean(drawn, size) for drawn in draws}
    each = {mean(drawn, dict.fromkeys("abc", 1)) for drawn in draws}
    once = {mean("".join(set(drawn)), size) for drawn in draws}
    expect(
        means != {mean("abc", size)},
        "Always the mean of all photos: nobody is ever drawn twice. Is it with replacement?",
    )
    expect(len(means) > 1, "The same mean in every draw. Is the generator used?")
    expect(means != each, "This is a mean of the persons' means. Put all photos of those drawn together, then take it.")
    expect(means != once, "A person drawn twice must bring each photo twice. isin cannot count; a loop over them can.")
    six = {mean("".join(d), size) for d in combinations_with_replacement("abc", 6)}
    expect(
        not (means <= six and len(means) > len(right)),
        "You draw a name for each photo, six. Draw as many as there are persons: here three.",
    )
    expect(len(means) <= len(right), "Photos seem to be drawn. Draw names of persons, then take all photos of each.")
    expect(means <= right, f"{min(means - right or {0}):.3f} is no mean of three persons with all their photos.")
    expect(
        means == right,
        f"Of {len(right)} possible means 300 draws gave {len(means)}. Draw as many as there are persons.",
    )
    expect(
        drawn.count(0.3) <= 25,  # three times c, the one with three photos: one of 27 draws
        "Persons with more photos are drawn more often. Draw from a list that has each name once.",
    )
    rng = np.random.default_rng(0)
    again = [round(float(answer(ious.copy(), persons.copy(), rng)), 6) for _ in range(21)]
    expect(
        again[1:] == drawn[:20],  # the first one was asked for its shape
        "The same rng gives another result the second time. Draw from `rng`, not from a global state.",
    )
    for number in range(12):  # the same persons in the same order, under other names
        names, rng = np.array([f"{name}{number}" for name in persons]), np.random.default_rng(0)
        renamed = [round(float(answer(ious.copy(), names.copy(), rng)), 6) for _ in range(21)]
        expect(
            renamed == again,
            "The same seed draws other people when Python starts anew: your names come in an order that changes then, "
            "as that of a set does.",
        )


@exercise(
    "The sign tells what no score can: on which side.",
    "First both outlines. Then the distance of each pixel to the true outline: distanceTransform of 1 minus that "
    "outline. Make it negative where the true mask is 1 (np.where), keep the pixels of the predicted outline, and "
    "take their median.",
)
def signed_offset(answer: Callable) -> None:
    true = np.zeros((80, 90), np.uint8)
    true[20:50, 30:60] = 1
    disc = cv2.getStructuringElement(cv2.MORPH_RECT, (5, 5))
    larger, smaller = cv2.dilate(true, disc), cv2.erode(true, np.ones((7, 7), np.uint8))
    result = given(answer(true.copy(), larger.copy()))
    expect(np.ndim(result) == 0, f"Return one number, the median; this has the shape {np.shape(result)}.")
    expect(np.isfinite(result), f"{result}: is there an outline? mask - cv2.erode(mask, np.ones((3, 3), np.uint8)).")
    inner = float(answer(true.copy(), smaller.copy()))
    hint = "Is 1 - outline what you give to distanceTransform? It measures the way to the nearest 0."
    along = "And is the median along the predicted outline alone? [pred_line == 1] picks its pixels."
    expect(not (result == 0 and inner == 0), f"0 for masks that differ. {hint} {along}")
    expect(not (result < 0 < inner), "The sign is turned round: outside the true mask is positive.")
    expect(inner != 3, "Right outside; but for a prediction three pixels too small it says 3. Where is the minus?")
    expect(abs(result - 2) < 0.3, f"For a prediction two pixels too large all round this says {result:.2f}. {along}")
    expect(inner != -4, "-4 for three pixels too small: measure from the true outline, not from the background.")
    expect(abs(inner + 3) < 0.3, f"For a prediction three pixels too small all round this says {inner:.2f}.")
    speck = larger.copy()
    speck[70:74, 5:9] = 1  # far out
    far = float(answer(true.copy(), speck))
    expect(abs(far - 2) < 0.3, f"One speck far out, and it says {far:.2f}. Take the median, which does not mind.")
    half = true.copy()
    half[20:50, 45:60] = 0  # what is left lies on the outline, but for one side
    expect(
        abs(float(answer(true.copy(), half))) < 0.3,
        "With half of the hand missing, most of the *predicted* outline is right: go along that one, not the true one.",
    )


@exercise(
    "Two claims that no photo of the laboratory could have taught.",
    "np.where(mask[..., None] == 1, image, room) keeps the photo where the mask is 1, and shows the room elsewhere. "
    "Move photo and mask together first. if rng.random() < 0.5: makes a change in half of the photos.",
)
def leave(answer: Callable) -> None:
    side = max(64, profile.current().size // 2)  # of the rooms in the lesson
    mask = np.zeros((side, side), np.uint8)
    cv2.ellipse(mask, ((side * 0.38, side * 0.42), (side * 0.45, side * 0.25), 30), 1, -1)
    image = np.where(mask[..., None] == 1, np.uint8([200, 120, 90]), np.uint8([10, 20, 250]))
    given(answer(image.copy(), mask.copy(), np.random.default_rng(0)))
    grey, away = 0, 0
    for seed in range(120):
        pair = answer(image.copy(), mask.copy(), np.random.default_rng(seed))
        expect(isinstance(pair, tuple) and len(pair) == 2, "Return two things: a new photo and a new mask.")
        photo, moved = (np.asarray(part) for part in pair)
        expect(
            photo.dtype == np.uint8 and photo.shape == image.shape,
            f"A photo of uint8 {image.shape} came in, and {photo.dtype} {photo.shape} goes out. Keep both.",
        )
        expect(
            moved.shape == mask.shape and np.isin(moved, (0, 1)).all(), "The mask must stay a mask, of 0 and 1 only."
        )
        expect(moved.any(), "The hand is gone from a mask. Which pixels belong to the hand after the move?")
        blue = photo[..., 2].astype(int) - photo[..., 0]  # the hand here is red, its wall is blue
        colourless = np.ptp(photo.astype(int), axis=2).max() == 0
        grey += colourless
        if not colourless:
            inside, wall = blue[moved == 1], blue[moved == 0]
            expect(
                (inside < 60).mean() > 0.85,
                "In one photo the mask does not lie on the hand. Move photo and mask together, by one call of augment.",
            )
            away += (wall > 120).mean() < 0.1  # disguise leaves more of the wall than this
    expect(grey > 0, "Of 120 photos, none is grey. A third of them should be.")
    expect(grey < 120, "Every photo is grey. Only about a third of them should be: ask rng.random().")
    expect(20 <= grey <= 62, f"{grey} photos of 120 are grey; about a third should be.")
    seen = 120 - grey
    expect(away > 0, "The hand is always before its own wall. In half of the photos it should be in one of the rooms.")
    expect(away < seen, "The hand never stays in the laboratory. In about half of the photos it should.")
    expect(0.3 < away / seen < 0.7, f"In {away} of {seen} coloured photos the hand is elsewhere; about half should be.")
    again = [answer(image.copy(), mask.copy(), np.random.default_rng(7))[0] for _ in range(2)]
    expect(
        np.array_equal(*again),
        "The same rng gives two different photos. Take all chance from rng, none from np.random.",
    )
