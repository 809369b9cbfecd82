"""Augmentation: masks stay masks, photo and mask move together, one generator state gives one result."""

import cv2
import numpy as np
import pytest

from handseg_lib import InputError
from handseg_lib.data.augment import (
    Augmentation,
    augment,
    disguise,
    draw_affine,
    draw_colours,
    recolour,
    resize,
    resize_image,
    warp,
)

STILL = Augmentation(rotate=0, scale=(1, 1), shift=0, shear=0, flip=0, light=0, contrast=0, gamma=0, tint=0, disguise=0)
WILD = Augmentation(rotate=180, scale=(0.3, 3), shift=0.5, shear=0.8, light=1, contrast=1, gamma=1, tint=1, disguise=1)


def generator(seed=0):
    return np.random.default_rng(seed)


def blob(seed, height=61, width=84):
    """A mask of three discs, none thinner than a few pixels."""
    rng, mask = generator(seed), np.zeros((height, width), np.uint8)
    for _ in range(3):
        centre = tuple(int(v) for v in rng.integers(12, (width - 12, height - 12)))
        cv2.circle(mask, centre, int(rng.integers(8, 14)), 1, -1)
    return mask


def photo_of(mask):
    """A photo whose colour says what its mask says: white on hand, black elsewhere."""
    return np.repeat(mask[..., None] * np.uint8(255), 3, axis=2)


def noise(height=61, width=84, seed=0):
    return generator(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def check_mask(mask, shape):
    assert mask.dtype == np.uint8 and mask.shape == shape
    assert set(np.unique(mask)) <= {0, 1}


def check_agree(image, mask, border=2):
    """Photo and mask tell the same but within a border of so many pixels along the outline."""
    kernel = np.ones((2 * border + 1, 2 * border + 1), np.uint8)
    near_outline = cv2.dilate(mask, kernel) != cv2.erode(mask, kernel)
    wrong = (image[..., 0] >= 128) != mask
    assert not (wrong & ~near_outline).any()
    assert wrong.mean() < 0.02


# Masks stay masks


@pytest.mark.parametrize("recipe", [Augmentation(), WILD], ids=["default", "wild"])
@pytest.mark.parametrize("shape", [(64, 64), (61, 84), (97, 33)])
def test_augment_never_yields_a_mask_value_but_0_and_1(recipe, shape):
    both = 0
    for seed in range(100):
        mask = blob(seed, *shape)
        image, moved = augment(noise(*shape), mask, generator(seed), recipe)
        check_mask(moved, shape)
        assert image.dtype == np.uint8 and image.shape == (*shape, 3)
        both += len(np.unique(moved)) == 2
    assert both > 80


def test_a_mask_of_0_and_255_becomes_one_of_0_and_1():
    """It was moved as it was, and since none of it is 1, its photo's background never took the colour of the skin."""
    image, mask = noise(), blob(3)
    for seed in range(4):
        expected, got = (augment(image, each, generator(seed), WILD) for each in (mask, mask * 255))
        assert all(np.array_equal(*pair) for pair in zip(expected, got))
        expected, got = (disguise(image, each, generator(seed)) for each in (mask, mask * 255))
        assert np.array_equal(expected, got) and not np.array_equal(expected, image)


def test_photo_and_mask_of_two_sizes_are_not_moved_together():
    for move in (augment, disguise):
        with pytest.raises(InputError, match="photo 61 x 84, mask 60 x 84"):
            move(noise(), blob(3)[1:], generator())


def test_warp_never_yields_a_mask_value_but_0_and_1():
    for seed in range(200):
        affine = generator(seed).normal(0, 1, (2, 3)) * (1, 1, 20)
        check_mask(warp(noise(), blob(seed), affine)[1], (61, 84))


@pytest.mark.parametrize("size", [7, 32, 61, 64, 100, 224])
def test_resize_gives_exact_shapes_and_a_mask_of_0_and_1(size):
    for seed in range(30):
        height, width = (int(side) for side in generator(seed).integers(40, 150, 2))
        image, mask = resize(noise(height, width), blob(seed, height, width), size)
        assert image.shape == (size, size, 3) and image.dtype == np.uint8
        check_mask(mask, (size, size))
        assert mask.any()


# Photo and mask move together


@pytest.mark.parametrize("seed", range(40))
def test_warp_moves_photo_and_mask_together(seed):
    mask = blob(seed)
    affine = draw_affine(mask.shape, generator(seed))
    image, moved = warp(photo_of(mask), mask, affine)
    check_agree(image, moved)
    assert (moved != mask).mean() > 0.01


@pytest.mark.parametrize("seed", range(20))
def test_augment_moves_photo_and_mask_together(seed):
    mask = blob(seed)
    recipe = Augmentation(light=0, contrast=0, gamma=0, tint=0, disguise=0)
    image, moved = augment(photo_of(mask), mask, generator(seed), recipe)
    check_agree(image, moved)


@pytest.mark.parametrize("size", [32, 64, 200])
def test_resize_moves_photo_and_mask_together(size):
    for seed in range(20):
        mask = blob(seed, 128, 96)
        image, small = resize(photo_of(mask), mask, size)
        check_agree(image, small, border=1)


def test_resize_does_not_shift():
    mask = np.zeros((90, 120), np.uint8)
    mask[30:60, 40:80] = 1
    image, small = resize(photo_of(mask), mask, 30)
    want = np.zeros((30, 30), np.uint8)
    want[10:20, 10:20] = 1
    assert np.array_equal(small, want) and np.array_equal(image, photo_of(want))


def test_shrinking_averages_so_that_fine_texture_does_not_alias():
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::3] = 255
    assert np.abs(resize_image(stripes, 32).astype(int) - 85).max() <= 1


# What the recipe draws


def test_the_still_recipe_changes_nothing():
    image, mask = noise(), blob(0)
    for seed in range(5):
        same_image, same_mask = augment(image, mask, generator(seed), STILL)
        assert np.array_equal(same_image, image) and np.array_equal(same_mask, mask)
    assert np.array_equal(recolour(image), image)


def test_augment_leaves_its_arguments_alone():
    image, mask = noise(), blob(0)
    augment(image, mask, generator(), WILD)
    assert np.array_equal(image, noise()) and np.array_equal(mask, blob(0))


def test_the_same_generator_state_gives_the_same_variation():
    first, again, other = (augment(noise(), blob(0), generator(seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other))


def test_a_sure_flip_mirrors():
    image, mask = noise(), blob(0)
    flipped, moved = augment(image, mask, generator(), Augmentation(**{**vars(STILL), "flip": 1}))
    assert np.array_equal(flipped, image[:, ::-1]) and np.array_equal(moved, mask[:, ::-1])


def test_half_the_draws_flip():
    mirrored = [np.linalg.det(draw_affine((61, 84), generator(seed))[:, :2]) < 0 for seed in range(400)]
    assert 0.4 < np.mean(mirrored) < 0.6


def test_amounts_stay_within_their_bounds_and_reach_them():
    recipe = Augmentation(rotate=20, scale=(0.8, 1.25), shift=0.1, shear=0, flip=0)
    middle = np.array([83, 60]) / 2
    turns, zooms, shifts = [], [], []
    for seed in range(500):
        affine = draw_affine((61, 84), generator(seed), recipe)
        turns.append(np.degrees(np.arctan2(affine[1, 0], affine[0, 0])))
        zooms.append(np.sqrt(np.linalg.det(affine[:, :2])))
        shifts.append((affine[:, :2] @ middle + affine[:, 2] - middle) / (84, 61))
    for amounts, low, high in ((turns, -20, 20), (zooms, 0.8, 1.25), (np.array(shifts), -0.1, 0.1)):
        near = (high - low) / 50
        assert low - 1e-9 <= np.min(amounts) < low + near
        assert high - near < np.max(amounts) <= high + 1e-9


def test_what_comes_in_from_outside_is_the_mirror_image_in_both():
    mask = blob(3)
    image, moved = warp(photo_of(mask), mask, np.array([[1.0, 0, 30], [0, 1, 0]]))
    assert np.array_equal(moved[:, :30], mask[:, 30:0:-1])
    assert np.array_equal(image, photo_of(moved))


# Colour


def test_recolour_keeps_shape_and_dtype_and_changes_every_colour_alike():
    image = noise()
    image[0, 0] = image[-1, -1]
    for seed in range(30):
        out = recolour(image, **draw_colours(generator(seed), WILD))
        assert out.dtype == np.uint8 and out.shape == image.shape
        assert np.array_equal(out[0, 0], out[-1, -1])


@pytest.mark.parametrize(
    "change, want",
    [
        ({"gamma": 2}, (16, 64, 128)),  # 255 (64 / 255)^2 = 16.06, 255 (128 / 255)^2 = 64.25, 255 (181 / 255)^2 = 128.5
        ({"contrast": 0.5}, (96, 128, 154)),  # 127.5 + half of the way from there
        ({"light": 0.2}, (115, 179, 232)),  # 51 more
        ({"tint": (0.5, 1, 2)}, (32, 128, 255)),
        ({"gamma": 2, "contrast": 2, "light": 0.1, "tint": (1, 1, 0.5)}, (0, 26, 77)),  # in this order
    ],
)
def test_recolour_by_hand(change, want):
    image = np.full((2, 2, 3), (64, 128, 181), np.uint8)
    assert np.abs(recolour(image, **change)[0, 0].astype(int) - want).max() <= 1


def test_colours_are_drawn_within_their_bounds_and_reach_them():
    recipe = Augmentation(gamma=0.3, contrast=0.2, light=0.1, tint=0.4)
    draws = [draw_colours(generator(seed), recipe) for seed in range(500)]
    for name, middle in (("gamma", 1), ("contrast", 1), ("light", 0), ("tint", 1)):
        amounts, bound = np.array([draw[name] for draw in draws]) - middle, getattr(recipe, name)
        assert -bound <= amounts.min() < -0.96 * bound
        assert 0.96 * bound < amounts.max() <= bound


# Disguise


def hand_on_wall(hand=(200, 150, 120), wall=(40, 90, 160)):
    mask = blob(1)
    return np.where((mask == 1)[..., None], np.uint8(hand), np.uint8(wall)), mask


def test_disguise_gives_parts_of_the_background_the_colour_of_the_skin_and_leaves_the_hand_alone():
    image, mask = hand_on_wall()
    for seed in range(20):
        out = disguise(image, mask, generator(seed))
        assert out.dtype == np.uint8 and out.shape == image.shape
        assert np.array_equal(out[mask == 1], image[mask == 1])
        wall = out[mask == 0].astype(int)
        changed = (abs(wall - (40, 90, 160)).max(1) > 20).mean()
        assert 0.05 < changed < 0.98, "patches, not all and not nothing"
        redness = wall[:, 0] - wall[:, 2]  # the skin's is 80, the wall's -120
        assert -20 < redness.max() < 160, "more than halfway to the skin"
        assert (redness == -120).any(), "where no patch is, nothing changes"


def test_disguise_does_nothing_where_there_is_no_hand_or_nothing_else():
    image = noise()
    for mask in (np.zeros(image.shape[:2], np.uint8), np.ones(image.shape[:2], np.uint8)):
        assert np.array_equal(disguise(image, mask, generator()), image)
