"""Answers to the exercises of lesson 10, Scaling out, and words of what their checks print."""

import numpy as np


def shares_in_a_row(order, rank, ranks):
    """The first rank has the first photos, and so on; the first ones have one photo more."""
    return np.array_split(order, ranks)[rank].tolist()


def shares_without_the_rest(order, rank, ranks):
    size = len(order) // ranks
    return order[rank * size : (rank + 1) * size]


def shares_rounded_up(order, rank, ranks):
    size = -(-len(order) // ranks)
    return order[rank * size : (rank + 1) * size]


def shares_from_one(order, rank, ranks):
    return order[rank + 1 :: ranks]


def shares_with_the_rest_for_all(order, rank, ranks):
    size = len(order) // ranks
    return order[rank * size : (rank + 1) * size] + order[ranks * size :]


def shares_by_position(order, rank, ranks):
    return list(range(len(order)))[rank::ranks]


def shares_by_chance(order, rank, ranks):
    return np.random.default_rng(rank).permutation(order)[rank::ranks].tolist()


def shares_by_number(order, rank, ranks):
    return [photo for photo in order if photo % ranks == rank]


def shares_popped(order, rank, ranks):
    for _ in range(rank):
        order.pop(0)
    return order[::ranks]


def shares_that_stop(order, rank, ranks):
    size = len(order) // ranks
    return [order[i] for i in range(rank, len(order), size if ranks > len(order) else ranks)]


def average(gradients, photos, weigh=lambda count, counts: count / sum(counts), leave_out=True):
    mean = [np.zeros_like(layer) for layer in gradients[0]]
    for gradient, count in zip(gradients, photos):
        if count or not leave_out:
            mean = [old + layer * weigh(count, photos) for old, layer in zip(mean, gradient)]
    return mean


def average_of_two(gradients, photos):
    (one, other), (m, n) = gradients[:2], photos[:2]
    return [(m * a + n * b) / (m + n) for a, b in zip(one, other)]


def average_in_place(gradients, photos):
    for gradient, count in zip(gradients, photos):
        for layer in gradient:
            layer *= count / sum(photos)
    return [sum(layers) for layers in zip(*gradients)]


ANSWERS = [
    ("speed_up", lambda share, workers: 1 / (1 - share + share / workers), "Right!"),
    ("speed_up", lambda share, workers: workers / (workers * (1 - share) + share), "Right!"),
    ("speed_up", lambda share, workers: np.float64(1) / (1 - share * (1 - 1 / workers)), "Right!"),
    ("speed_up", lambda share, workers: 1 - share + share / workers, "0.4 is the time"),
    ("speed_up", lambda share, workers: 1 / (share + (1 - share) / workers), "You share out the part"),
    ("speed_up", lambda share, workers: 1 - share + share * workers, "You multiply speeds"),
    ("speed_up", lambda share, workers: share * workers, "the share times the workers"),
    ("speed_up", lambda share, workers: workers / share, "What cannot be shared out takes time, too"),
    ("speed_up", lambda share, workers: 1 / (1 - share), "the largest speed-up"),
    ("speed_up", lambda share, workers: workers, "The speed-up is 2.5, and yours 3"),
    ("speed_up", lambda share, workers: 2.5, "One worker is as fast as one worker: 1. You have 2.5"),
    ("speed_up", lambda share, workers: share / (share - share**2 + share**2 / workers), "not for p = 0 with 64"),
    ("speed_up", lambda share, workers: np.array([2.5]), "Return one number"),
    ("my_photos", lambda order, rank, ranks: order[rank::ranks], "Right!"),
    ("my_photos", lambda order, rank, ranks: np.array(order)[rank::ranks], "Right!"),
    ("my_photos", lambda order, rank, ranks: [p for i, p in enumerate(order) if i % ranks == rank], "Right!"),
    ("my_photos", shares_in_a_row, "Right!"),
    ("my_photos", shares_without_the_rest, "nobody has photo 4. What becomes of the rest?"),
    ("my_photos", shares_rounded_up, "they have [4, 4, 2] photos"),
    ("my_photos", shares_from_one, "nobody has photo 7"),
    ("my_photos", shares_with_the_rest_for_all, "With three ranks, a photo has two ranks"),
    ("my_photos", shares_by_position, "Do you return positions in the list?"),
    ("my_photos", shares_by_chance, "has two ranks, and would count twice"),
    ("my_photos", shares_by_number, "Yours have [0, 1, 0, 2]"),
    ("my_photos", shares_popped, "writes into what it is handed"),
    ("my_photos", shares_that_stop, "There may be more ranks than photos. Your code stopped"),
    ("my_photos", lambda order, rank, ranks: order, "One rank has all photos"),
    ("my_photos", lambda order, rank, ranks: order[::ranks], "Does your function use the rank?"),
    ("my_photos", lambda order, rank, ranks: order[rank], "as a list of numbers"),
    ("average", average, "Right!"),
    ("average", lambda gradients, photos: tuple(average(gradients, photos)), "Right!"),
    ("average", lambda gradients, photos: average(gradients, photos, lambda n, all: n), "You have the sum over all"),
    ("average", lambda gradients, photos: average(gradients, photos, lambda n, all: n / len(all)), "number of devices"),
    (
        "average",
        lambda gradients, photos: average(gradients, photos, lambda n, all: 1 / len(all)),
        "count the same, but",
    ),
    ("average", lambda gradients, photos: average(gradients, photos, lambda n, all: 1), "of the devices, added up"),
    ("average", lambda gradients, photos: average(gradients, photos, lambda n, all: 1 - n / sum(all)), "fewer photos"),
    ("average", lambda gradients, photos: average(gradients, photos, lambda n, all: n**2 / 20), "not the gradient of"),
    ("average", lambda gradients, photos: average(gradients, photos, leave_out=False), "0 times nan"),
    ("average", average_of_two, "wrong for three"),
    ("average", average_in_place, "writes into what it is handed"),
    ("average", lambda gradients, photos: gradients[:1], "Is it a list by devices?"),
    ("average", lambda gradients, photos: average(gradients, photos)[::-1], "the shapes (2, 3) and (4,)"),
]
