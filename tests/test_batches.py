"""Batches hold every sample once an epoch, and depend on (seed, epoch, sample) alone."""

from dataclasses import replace

import numpy as np
import pytest

from handseg_lib import Batches, InputError, drawn_rooms
from handseg_lib.data.augment import Augmentation, resize
from handseg_lib.data.elsewhere import Elsewhere


@pytest.fixture(scope="module")
def ten(samples):
    return samples[:10]


def all_of(batches):
    """Images and masks of one epoch, each as one array."""
    items = [batches[index] for index in range(len(batches))]
    return tuple(np.concatenate(arrays) for arrays in zip(*items))


def test_the_last_batch_holds_exactly_the_rest(ten):
    batches = Batches(ten, size=32, batch_size=4, augment=True)
    assert len(batches) == 3
    assert [len(batches[index][0]) for index in range(3)] == [4, 4, 2]
    assert [len(batches[index][1]) for index in range(3)] == [4, 4, 2]


@pytest.mark.parametrize("batch_size, count", [(5, 2), (10, 1), (16, 1), (1, 10)])
def test_no_batch_is_empty(ten, batch_size, count):
    batches = Batches(ten, size=32, batch_size=batch_size)
    assert len(batches) == count and len(all_of(batches)[0]) == 10
    with pytest.raises(IndexError):
        batches[count]
    with pytest.raises(IndexError):
        batches[-1]


@pytest.mark.parametrize("augment", [False, True])
def test_items_are_uint8_photos_and_masks_of_0_and_1(ten, augment):
    images, masks = all_of(Batches(ten, size=48, batch_size=4, augment=augment))
    assert images.shape == (10, 48, 48, 3) and images.dtype == np.uint8
    assert masks.shape == (10, 48, 48, 1) and masks.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1}


def test_without_augmentation_the_photos_come_as_they_are_in_order_every_epoch(ten):
    batches = Batches(ten, size=32, batch_size=4)
    for _ in range(3):
        images, masks = all_of(batches)
        for k, sample in enumerate(ten):
            image, mask = resize(*sample.read(), 32)
            assert np.array_equal(images[k], image) and np.array_equal(masks[k, ..., 0], mask)
        batches.on_epoch_end()


def test_every_sample_comes_once_an_epoch_in_an_order_of_its_own(ten):
    batches = Batches(ten, size=32, batch_size=4, augment=True)
    orders = []
    for _ in range(4):
        assert sorted(batches.order) == list(range(10))
        orders.append(tuple(batches.order))
        images, _ = all_of(batches)
        for place, k in enumerate(batches.order):
            assert np.array_equal(images[place], batches._pair(k)[0])
        batches.on_epoch_end()
    assert len(set(orders)) == 4, "each epoch must be shuffled anew"
    assert len({len(set(place)) for place in zip(*orders)}) > 1


def test_photo_and_mask_of_a_batch_belong_together(ten):
    images, masks = all_of(Batches(ten, size=64, batch_size=4, augment=Augmentation(disguise=0)))
    for red, mask in zip(images[..., 0], masks[..., 0]):
        hand, wall = red[mask == 1].mean(), red[mask == 0].mean()  # 210 and 60, however they are lit
        assert ((red > (hand + wall) / 2) == mask).mean() > 0.95


def test_each_epoch_augments_anew(ten):
    batches = Batches(ten, size=32, batch_size=10, augment=True)
    first = [batches._pair(k)[0] for k in range(10)]
    batches.on_epoch_end()
    assert not any(np.array_equal(a, batches._pair(k)[0]) for k, a in enumerate(first))


def test_a_batch_depends_on_seed_epoch_and_index_alone(ten):
    straight, wild = (Batches(ten, size=32, batch_size=4, augment=True, seed=7) for _ in range(2))
    straight.on_epoch_end()
    straight.on_epoch_end()
    want = [straight[index] for index in range(3)]
    wild[1]  # what was read before, of this epoch or another, in whatever order, must not matter
    wild.start_epoch(5)
    wild[2]
    np.random.seed(3)
    wild.start_epoch(2)
    for index in (2, 0, 1, 0):
        for ours, theirs in zip(wild[index], want[index]):
            assert np.array_equal(ours, theirs)


def test_any_number_of_threads_makes_the_same_batches(ten):
    one, many = (Batches(ten, size=32, batch_size=4, augment=True, threads=threads) for threads in (1, 5))
    for ours, theirs in zip(all_of(one), all_of(many)):
        assert np.array_equal(ours, theirs)


def test_hands_move_into_rooms_the_same_way_with_any_number_of_threads(ten):
    elsewhere = Elsewhere(drawn_rooms.scenes(3, 32))
    one, many = (Batches(ten, 32, 4, augment=elsewhere, threads=threads) for threads in (1, 5))
    images, masks = all_of(one)
    for ours, theirs in zip((images, masks), all_of(many)):
        assert np.array_equal(ours, theirs)
    at_home = all_of(Batches(ten, 32, 4, augment=True))[0]
    assert sum(not np.array_equal(moved, stays) for moved, stays in zip(images, at_home)) > 3


def test_a_function_of_ones_own_augments(ten):
    """Its random numbers are those of (seed, epoch, sample): twice the same batches, others in the next epoch."""

    def dim(image, mask, rng):
        return image // rng.integers(2, 9, dtype=np.uint8), mask

    batches = Batches(ten, 32, 4, augment=dim)
    first = batches[0][0]
    assert first.max() <= 127 and np.array_equal(batches[0][0], first)
    batches.on_epoch_end()
    assert not np.array_equal(batches[0][0], first)


@pytest.mark.parametrize(
    "wrong, words",
    [
        (lambda image, mask, rng: image, "gave ndarray back.*return two things"),
        (lambda image, mask, rng: (image[:16], mask[:16]), r"\(16, 32, 3\) back for one of \(32, 32, 3\)"),
        (lambda image, mask, rng: (image / 255, mask), "a photo must be uint8"),
        (lambda image, mask, rng: (image, mask * 0.5), "mask is float64 with 0.5"),
        (lambda image, mask, rng: (image, mask[:16]), "differ in height and width"),
    ],
)
def test_a_function_that_gives_no_pair_back_is_refused_before_training(ten, wrong, words):
    with pytest.raises(InputError, match=words):
        Batches(ten, 32, 4, augment=wrong)


def test_another_seed_gives_another_order_and_other_photos(ten):
    one, two = (Batches(ten, size=32, batch_size=4, augment=True, seed=seed) for seed in (0, 1))
    assert list(one.order) != list(two.order)
    assert not any(np.array_equal(one._pair(k)[0], two._pair(k)[0]) for k in range(10))


def test_a_bad_sample_is_refused_when_the_batches_are_made(ten, tmp_path):
    with pytest.raises(InputError, match="gone.jpg: there is no such file"):
        Batches([*ten, replace(ten[0], image=tmp_path / "gone.jpg")], size=32)


def test_no_samples_are_refused():
    with pytest.raises(InputError, match="no samples"):
        Batches([], size=32)


def test_a_recipe_of_ones_own_is_followed(ten):
    still = Augmentation(0, (1, 1), 0, 0, flip=0, light=0, contrast=0, gamma=0, tint=0, disguise=0)
    batches = Batches(ten, size=32, batch_size=4, augment=still)
    images, masks = all_of(batches)
    assert sorted(batches.order) == list(range(10)) and list(batches.order) != list(range(10))  # shuffled, as ever
    assert np.array_equal(images, batches.images[batches.order])
    assert np.array_equal(masks[..., 0], batches.masks[batches.order])
