"""Checks of lesson 10, Scaling out."""

from collections.abc import Callable

import numpy as np

from .core import exercise, expect, given, stopping

__all__ = ["average", "my_photos", "speed_up"]


@exercise(
    "With a share of 0.9 even a million workers are not ten times as fast as one.",
    "Write down the time of all workers first: what cannot be shared out, plus what can, divided by the workers. The "
    "time of one worker is 1. How many times as long is it?",
)
def speed_up(answer: Callable) -> None:
    result = given(answer(0.9, 3))
    expect(np.ndim(result) == 0, f"Return one number. This has the shape {np.shape(result)}.")
    result = float(result)
    expect(
        not np.isclose(result, 0.4),
        "0.4 is the time that three workers need, if one needs 1. The speed-up is the time of one, divided by it.",
    )
    expect(
        not np.isclose(result, 1 / (0.9 + 0.1 / 3)),
        "You share out the part that cannot be shared out. The share p is what is divided by the workers.",
    )
    expect(
        not np.isclose(result, 0.1 + 0.9 * 3),
        "You multiply speeds, as if the work grew with the workers. Here the work stays the same: add up the times.",
    )
    expect(not np.isclose(result, 3 * 0.9), "This is the share times the workers. Add up the times of the two parts.")
    expect(not np.isclose(result, 1 / (0.9 / 3)), "What cannot be shared out takes time, too: 1 - p.")
    expect(not np.isclose(result, 10), "This is the largest speed-up, that of very many workers. Here there are three.")
    expect(
        np.isclose(result, 2.5),
        f"With p = 0.9, three workers need 0.1 + 0.9 / 3 = 0.4 of the time. The speed-up is 2.5, and yours {result:g}.",
    )
    for share, workers, right, told in (
        (0.8, 1, 1, "One worker is as fast as one worker"),
        (0, 64, 1, "If nothing can be shared out, 64 workers are as fast as one"),
        (1, 64, 64, "If everything can be shared out, 64 workers are 64 times as fast"),
        (0.5, 2, 4 / 3, "With p = 0.5, two workers need three quarters of the time"),
    ):
        with stopping(f"Right for p = 0.9 with 3, and not for p = {share} with {workers}."):
            other = float(given(answer(share, workers)))
        expect(np.isclose(other, right), f"Right for p = 0.9. {told}: {right:.4g}. You have {other:g}.")


@exercise(
    "Every photo has one device, and no device has to wait long for another one.",
    "Deal the photos out like cards, one to each rank in turn, until none is left. A slice of a list has a start, an "
    "end, and a step.",
)
def my_photos(answer: Callable) -> None:
    order = [7, 3, 9, 0, 5, 2, 8, 1, 6, 4]

    def shares(order: list, ranks: int) -> list[list]:
        found = []
        for rank in range(ranks):
            part = given(answer(list(order), rank, ranks))
            expect(
                isinstance(part, list | tuple | np.ndarray | range) and np.ndim(part) == 1,
                f"Return the photos of rank {rank} as a list of numbers. This is {type(part).__name__}.",
            )
            found.append([*np.asarray(part).tolist()])
        return found

    parts = shares(order, 2)
    expect(
        not any(sorted(part) == sorted(order) for part in parts),
        "One rank has all photos. Each is to have a part of them.",
    )
    expect(
        parts[0] != parts[1], f"Rank 0 and rank 1 have the same photos, {parts[0]}. Does your function use the rank?"
    )
    everything = sorted(parts[0] + parts[1])
    twice = sorted({photo for photo in everything if everything.count(photo) > 1})
    expect(not twice, f"With two ranks, photo {twice and twice[0]} has two ranks, and would count twice.")
    missing = sorted(set(order) - set(everything))
    expect(not missing, f"With two ranks, nobody has photo {missing and missing[0]}.")
    expect(everything == sorted(order), "There are photos that are not in the order.")
    few = shares(order[:6], 2)  # positions would be 0 to 5
    expect(
        sorted(few[0] + few[1]) == sorted(order[:6]),
        f"If the order is {order[:6]}, these are the photos. Your two ranks have {few[0]} and {few[1]}. Do you "
        "return positions in the list? Return what stands there.",
    )
    with stopping("Right with two ranks. With three, the ten photos do not divide evenly."):
        parts = shares(order, 3)
    everything = sorted(sum(parts, []))
    missing = sorted(set(order) - set(everything))
    expect(
        not missing,
        f"10 photos do not divide by 3 ranks, and nobody has photo {missing and missing[0]}. What becomes of the rest?",
    )
    expect(everything == sorted(order), "With three ranks, a photo has two ranks, and would count twice.")
    sizes = [len(part) for part in parts]
    expect(
        max(sizes) - min(sizes) <= 1,
        f"With three ranks, they have {sizes} photos. The one with the most keeps all others waiting: none shall have "
        "two more than another.",
    )
    with stopping("Right with three ranks. There may be more ranks than photos."):
        sizes = [len(part) for part in shares(order[:3], 4)]
    expect(
        sorted(sizes) == [0, 1, 1, 1],
        f"With 3 photos and 4 ranks, three ranks have a photo each, and one has an empty list. Yours have {sizes}.",
    )
    for count in (11, 23, 64):
        for ranks in (1, 4, 5, 7):
            parts = shares([*range(100, 100 + count)], ranks)
            sizes = [len(part) for part in parts]
            expect(
                sorted(sum(parts, [])) == [*range(100, 100 + count)] and max(sizes) - min(sizes) <= 1,
                f"Right with 10 photos. With {count} photos, {ranks} ranks have {sizes}.",
            )


@exercise(
    "This is the gradient that one device would have, with all photos.",
    "Go layer by layer. Multiply each device's array by the number of its photos, add them up, and divide by the "
    "number of all photos. An if leaves out those with 0 photos before anything is multiplied.",
)
def average(answer: Callable) -> None:
    rng = np.random.default_rng(0)
    photos = [[rng.normal(size=(2, 3)), rng.normal(size=4)] for _ in range(6)]  # the gradient of each of six photos

    def mean(some: list) -> list[np.ndarray]:
        return [np.mean([photo[layer] for photo in some], axis=0) for layer in (0, 1)]

    def tried(devices: list, counts: list[int]) -> list[np.ndarray]:
        result = given(answer(devices, counts))
        expect(
            isinstance(result, list | tuple),
            f"Return a list with an array for each layer, not {type(result).__name__}.",
        )
        expect(
            len(result) == 2,
            f"There are two layers, so return two arrays. Yours has {len(result)}. Is it a list by devices?",
        )
        result = [np.asarray(given(layer), float) for layer in result]
        shapes = [layer.shape for layer in result]
        expect(shapes == [(2, 3), (4,)], f"The layers have the shapes (2, 3) and (4,), and yours {shapes}.")
        return result

    def same(one: list, other: list) -> bool:
        return all(np.allclose(a, b) for a, b in zip(one, other))

    devices, right = [mean(photos[:4]), mean(photos[4:])], mean(photos)
    result = tried(devices, [4, 2])
    for factor, told in (
        (6, "You have the sum over all photos. Divide it by the number of all photos, which is 6."),
        (3, "You divide by the number of devices. Divide by the number of all photos, which is 6."),
    ):
        expect(not same(result, [factor * layer for layer in right]), told)
    plain = [(a + b) / 2 for a, b in zip(*devices)]
    expect(
        not same(result, plain),
        "Both devices count the same, but one has seen 4 photos and the other one 2. Which of them shall count twice "
        "as much?",
    )
    expect(
        not same(result, [2 * layer for layer in plain]),
        "These are the gradients of the devices, added up. It is to be a mean in which each photo counts the same.",
    )
    turned = [(2 * a + 4 * b) / 6 for a, b in zip(*devices)]
    expect(not same(result, turned), "The device with fewer photos counts more here. Multiply by its own number.")
    expect(
        same(result, right),
        "This is not the gradient of all six photos. For each layer: 4 times the first device's array, plus 2 times "
        "the second one's, divided by 6.",
    )
    with stopping("Right for two devices with 4 and 2 photos. With three devices it stops."):
        three = tried([mean(photos[:1]), mean(photos[1:3]), mean(photos[3:])], [1, 2, 3])
    expect(same(three, right), "Right for two devices, and wrong for three with 1, 2 and 3 photos.")
    empty = [np.full((2, 3), np.nan), np.full(4, np.nan)]
    for name, order in (("first", [empty, *devices]), ("last", [*devices, empty])):
        counts = [0, 4, 2] if name == "first" else [4, 2, 0]
        with stopping(f"The {name} device has no photo."):
            result = tried(order, counts)
        expect(
            not any(np.isnan(layer).any() for layer in result),
            f"The {name} device has no photo, and now all is nan, as its gradient: 0 times nan is nan. Leave it out.",
        )
        expect(same(result, right), f"The {name} device has no photo. The others are 4 and 2 photos of 6, as before.")
