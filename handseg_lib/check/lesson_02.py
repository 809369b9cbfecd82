"""Checks of lesson 02, Batches and augmentation."""

from collections.abc import Callable

import numpy as np

from .core import exercise, expect, given

__all__ = ["flip_pair"]


@exercise("One draw for both, and every mask stays on its hand.")
def flip_pair(answer: Callable) -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    mask = (image[..., 0] > 127).astype(np.uint8)

    def outcomes(seed: int) -> tuple[str, str]:
        pair = given(answer(image.copy(), mask.copy(), np.random.default_rng(seed)))
        expect(isinstance(pair, tuple) and len(pair) == 2, "Return both, the image and the mask: `return image, mask`.")
        return how(pair[0], image), how(pair[1], mask)

    def how(new, old: np.ndarray) -> str:
        ways = {"same": old, "mirrored": old[:, ::-1], "upside down": old[::-1], "turned": old[::-1, ::-1]}
        return next((way for way, array in ways.items() if np.array_equal(new, array)), "other")

    drawn_pairs = [outcomes(seed) for seed in range(200)]
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
    expect(0.3 < share < 0.7, f"Of 200 pairs, {share:.0%} are mirrored. It should be about half of them.")
    expect(
        drawn_pairs == [outcomes(seed) for seed in range(200)],
        "The same rng gives another result the second time. Draw from `rng`, not from a global state.",
    )
