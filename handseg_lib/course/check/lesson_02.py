"""Checks of lesson 02, Batches and augmentation."""

from collections.abc import Callable

import numpy as np

from .core import exercise, expect, given

__all__ = ["count_batches", "flip_pair", "is_sound", "take_batch"]


@exercise(
    "No photo is lost, and none is counted that is not there.",
    "Divide and round up: -(-photos // size) does it in whole numbers. All batches but the last are full: how "
    "many photos are in the full batches?",
)
def count_batches(answer: Callable) -> None:
    for photos, size in ((180, 16), (48, 16), (5, 8), (17, 16)):
        result = given(answer(photos, size))
        expect(isinstance(result, tuple | list) and len(result) == 2, "Return two numbers: `return batches, last`.")
        batches, last = result
        full, rest = divmod(photos, size)
        asked = f"{photos} photos in batches of {size}:"
        right = (full, size) if rest == 0 else (full + 1, rest)
        expect(
            (last, batches) != right, "The two numbers are exchanged: first the batches, then the last one's photos."
        )
        expect(batches == int(batches), f"{asked} {batches:.4g} batches. There are whole ones only; round up or down?")
        expect(batches >= right[0], f"{asked} more than {batches} are needed. Where do the {rest} left over go?")
        expect(batches == right[0], f"{asked} {batches} are too many. What if they divide evenly?")
        expect(last != 0, f"{asked} nothing is left over, and yet the last batch is not empty. How many are in it?")
        expect(last == right[1], f"{asked} the last of {batches} has not {last}. How many are in the others together?")
    expect(
        tuple(answer(9, 4)) == (3, 1), "Right for batches of 16, wrong for 9 photos and batches of 4. Is `size` used?"
    )


@exercise(
    "No photo is in two batches, and the last batch ends where the photos end.",
    "A slice does it: order[start:stop]. Batch 0 begins at 0, and batch 1 at `size`. Where does batch `index` begin? "
    "And where does the next batch begin?",
)
def take_batch(answer: Callable) -> None:
    for photos, size in ((20, 8), (9, 4), (16, 8)):
        order = np.random.default_rng(photos).permutation(photos)
        for index in range(-(-photos // size)):
            taken = np.asarray(given(answer(order, index, size)))
            start, stop = index * size, min(photos, (index + 1) * size)
            asked = f"{photos} photos in batches of {size}, batch {index}:"
            expect(taken.ndim == 1, f"{asked} return the numbers of its photos one after another, as `order` has them.")
            expect(
                len(taken) == stop - start,
                f"{asked} it has {stop - start} photos, and you return {len(taken)}. Where does it begin and end?",
            )
            expect(
                not np.array_equal(taken, np.arange(start, stop)),
                f"{asked} these are places in the list. Which photo is at a place? Take it from `order`.",
            )
            expect(
                np.array_equal(taken, order[start:stop]),
                f"{asked} these are not its photos. At which place of `order` does batch {index} begin?",
            )


@exercise(
    "One draw for both, and every mask stays on its hand.",
    "Draw one number, once, before you touch photo or mask. Columns are the second axis of both arrays, and a "
    "slice with the step -1 turns an axis round.",
)
def flip_pair(answer: Callable) -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    mask = (image[..., 0] > 127).astype(np.uint8)
    dtypes = set()

    def outcomes(seed: int) -> tuple[str, str]:
        pair = given(answer(image.copy(), mask.copy(), np.random.default_rng(seed)))
        expect(
            isinstance(pair, tuple | list) and len(pair) == 2,
            "Return both, the image and the mask: `return image, mask`.",
        )
        dtypes.update(np.asarray(array).dtype for array in pair)
        return how(pair[0], image), how(pair[1], mask)

    def how(new, old: np.ndarray) -> str:
        ways = {"same": old, "mirrored": old[:, ::-1], "upside down": old[::-1], "turned": old[::-1, ::-1]}
        return next((way for way, array in ways.items() if np.array_equal(new, array)), "other")

    drawn_pairs = [outcomes(seed) for seed in range(500)]
    images, masks = (set(ways) for ways in zip(*drawn_pairs))
    expect(
        not (images | masks) & {"upside down", "turned"},
        "Hands come out upside down: you reverse the rows. Left and right are along the columns; which axis is that?",
    )
    expect("other" not in images, "The photo is neither as it was nor mirrored. Reverse its columns, and nothing else.")
    expect("other" not in masks, "The mask is neither as it was nor mirrored. Reverse its columns, and nothing else.")
    expect("mirrored" in images | masks, "Nothing is ever mirrored. When should it be?")
    expect("mirrored" in masks, "The photo is mirrored, but the mask stays as it is, and no longer fits its hand.")
    expect("mirrored" in images, "The mask is mirrored, but the photo stays as it is.")
    expect(
        all(a == b for a, b in drawn_pairs),
        "Sometimes one of the two is mirrored and the other is not. How often do you draw for one pair?",
    )
    share = sum(a == "mirrored" for a, _ in drawn_pairs) / len(drawn_pairs)
    expect(0.4 < share < 0.6, f"Of 500 pairs, {share:.0%} are mirrored. It should be about half of them.")
    expect(
        drawn_pairs[:40] == [outcomes(seed) for seed in range(40)],
        "The same rng gives another result the second time. Draw from `rng`, not from a global state.",
    )
    others = dtypes - {np.dtype(np.uint8)}
    expect(not others, f"The numbers are right, but uint8 came in, and {[*map(str, others)]} goes out.")


@exercise(
    "Your check finds too many rows, too few rows, and grey masks, in whatever batch they are.",
    "Go through all batches once and keep their masks. Two questions are left: do their lengths add up to "
    "`photos`, and does np.isin(mask, (0, 1)) hold for every pixel?",
)
def is_sound(answer: Callable) -> None:
    photos = np.zeros((12, 4, 4, 3), np.uint8)
    masks = np.random.default_rng(0).integers(0, 2, (12, 4, 4, 1), np.uint8)
    floats = masks.astype("float32")

    def says(masks: np.ndarray, rows: int = 10, count: int = 10) -> bool:
        batches = [(photos[i : min(i + 4, rows)], masks[i : min(i + 4, rows)]) for i in range(0, rows, 4)]
        return bool(given(answer(batches, count)))

    def spoilt(photo: int, value: float) -> np.ndarray:
        masks = floats.copy()
        masks[photo, 2, 2] = value
        return masks

    expect(says(masks), "10 photos, 10 rows, masks of 0 and 1: this generator is sound, and you say it is not.")
    expect(says(floats), "Masks of 0.0 and 1.0 are sound too. Look at the values, whatever their dtype.")
    expect(says(np.zeros_like(masks)), "Masks without a hand are sound too: a 0 is a 0. Which values may a mask hold?")
    expect(not says(spoilt(1, 0.5)), "A mask with a 0.5 in it passes. Which values may a mask hold?")
    expect(not says(spoilt(9, 0.5)), "A grey mask in the last batch passes. Do you look into every batch?")
    expect(not says(masks * 255), "Masks of 0 and 255 pass: two values, but which two may they be?")
    for value in (2, -1, np.nan):
        expect(not says(spoilt(9, value)), f"A mask with {value} in it passes. Which values may a mask hold?")
    expect(not says(masks, 12), "10 photos went in, 12 rows came out, and it passes. What should you count?")
    expect(not says(masks, 8), "Two of 10 photos never come out, and it passes. Too few rows are a fault as well.")
    expect(says(masks, 7, 7), "Right for 10 photos; 7 photos and 7 rows are sound too. Is `photos` used?")
