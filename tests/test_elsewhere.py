"""Elsewhere: in another room the hand is the same, the mask is exact, and what is no hand stays none."""

from dataclasses import replace

import cv2
import numpy as np
from test_augment import check_mask, generator, hand_on_wall, noise

from handseg_lib.data.augment import Augmentation
from handseg_lib.data.drawn_rooms import Scenes
from handseg_lib.data.elsewhere import (
    Elsewhere,
    blur,
    grey,
    lay_over,
    move_out,
    put_decoys,
    put_person,
    shade,
    sleeve,
    soften,
)

COLOURLESS = Augmentation(light=0, contrast=0, gamma=0, tint=0, disguise=0)
PLAIN = dict(near=COLOURLESS, person=0, decoy=0, shade=0, grey=0, blur=0)


# Another room


def green_rooms(height=61, width=84):
    return np.full((3, height, width, 3), (0, 200, 0), np.uint8)


def green_scenes():
    return Scenes(green_rooms(), np.zeros((1, 61, 84, 5), np.uint8))


def test_in_another_room_the_hand_is_as_it_was_and_the_room_is_as_it_was():
    """Inside the mask nothing of the room, outside nothing of the photo but its sleeve; a mixture along the outline."""
    how = Elsewhere(green_scenes(), room=1, empty=0, **PLAIN)
    for seed in range(40):
        image, mask = hand_on_wall()
        out, moved = how(image, mask, generator(seed))
        check_mask(moved, mask.shape)
        near = cv2.GaussianBlur(moved.astype(np.float32), (0, 0), 0.7)
        inside, outside = out[near > 0.999].astype(int), out[near < 0.001].astype(int)
        assert len(inside) and np.abs(inside - (200, 150, 120)).max() <= 60, "the photo's edge is a mixture, too"
        assert np.abs(np.median(inside, 0) - (200, 150, 120)).max() <= 1
        assert (outside == (0, 200, 0)).all(), "the wall stays behind in the laboratory; the sleeves here are green"


def test_lay_over_by_hand():
    mask = np.zeros((9, 9), np.uint8)
    mask[:, 4:] = 1
    out = lay_over(np.zeros((9, 9, 3), np.uint8), np.full((9, 9, 3), 200, np.uint8), soften(mask))
    assert (out[:, 7:] == 200).all() and (out[:, :2] == 0).all()
    assert (out[:, 4] > 100).all() and (out[:, 3] < 100).all(), "half of each at the outline"


def test_an_empty_room_has_an_empty_mask():
    how = Elsewhere(green_scenes(), room=1, empty=1, **PLAIN)
    for seed in range(5):
        out, moved = how(*hand_on_wall(), generator(seed))
        assert not moved.any() and (out == (0, 200, 0)).all()


def test_a_share_of_the_photos_leaves_and_some_of_the_rooms_stay_empty():
    how = Elsewhere(green_scenes(), room=0.5, empty=0.4, **PLAIN)
    masks, left = [], []
    for seed in range(300):
        out, moved = how(*hand_on_wall(), generator(seed))
        left.append((out == (0, 200, 0)).all(2).any())
        masks.append(moved.any())
    assert 0.4 < np.mean(left) < 0.6 and 0.12 < 1 - np.mean(masks) < 0.28


def test_an_arm_that_the_photo_cuts_off_goes_on_in_a_sleeve():
    """The photo shrinks to a half. Its hand is a bar down to its lower edge; below that edge the bar is of cloth."""
    image, mask = np.full((80, 80, 3), 90, np.uint8), np.zeros((80, 80), np.uint8)
    mask[30:, 30:50] = 1
    rooms = np.zeros((2, 80, 80, 3), np.uint8)
    rooms[:, :40] = 255  # cloth is cut from a room, and so not all of it is as the room behind it
    half = replace(COLOURLESS, rotate=0, scale=(0.5, 0.5), shift=0, shear=0, flip=0)
    how = Elsewhere(Scenes(rooms, None), small=0.5, room=1, empty=0, **PLAIN | {"near": half})
    seen = 0
    for seed in range(20):
        out, moved = move_out(image, mask, generator(seed), how)
        rows = np.flatnonzero(moved.any(1))
        if len(rows) == 0 or rows[-1] > 70:
            continue
        columns = np.flatnonzero(moved[rows[-1]])[2:-2]
        below = out[rows[-1] + 3 :, columns]
        seen += len(np.unique(below)) > 0 and not moved[rows[-1] + 1 :].any()
        assert not moved[rows[-1] + 1 :].any(), "cloth is no hand"
    assert seen > 5
    assert sleeve(rooms, generator(0)).shape == rooms.shape[1:]


def test_decoys_have_the_skin_of_the_hand_and_nothing_of_its_surroundings():
    """The hand is red on blue and the room green: what the decoys add is red, lit unevenly, and never blue."""
    image, mask = hand_on_wall(hand=(200, 0, 0), wall=(0, 0, 200))
    room, seen = green_rooms()[0], []
    for seed in range(20):
        out = put_decoys(room, image, mask, generator(seed))
        assert out.dtype == np.uint8 and out.shape == room.shape
        assert out[..., 2].max() == 0 and (room == (0, 200, 0)).all()
        seen.append((out[..., 0] > 30).mean())
    assert np.median(seen) > 0.05
    assert np.array_equal(put_decoys(room, image, np.zeros_like(mask), generator()), room), "no hand, no skin"
    red = np.full_like(image, (200, 0, 0))
    assert put_decoys(room, red, np.ones_like(mask), generator()).shape == room.shape, "a hand up to every edge"
    mask[:] = 0
    mask[:, :20] = 1  # its middle is nearer to the photo's edge than its width
    assert put_decoys(room, image, mask, generator()).shape == room.shape


def test_a_person_in_the_room_wears_the_hands_skin_in_the_persons_own_shading():
    """The person's left half is skin in half light, the right half a blue shirt. The hand is red, the room green."""
    person = np.zeros((1, 61, 84, 5), np.uint8)
    person[..., :42, :] = (64, 64, 64, 255, 255)
    person[..., 42:, :] = (0, 0, 250, 0, 255)
    image, mask = hand_on_wall(hand=(200, 0, 0), wall=(90, 90, 90))
    skin, shirt = 0, 0
    for seed in range(20):
        out = put_person(green_rooms()[0], person, image, mask, generator(seed)).astype(int)
        skin += (np.abs(out - (100, 0, 0)).max(2) < 3).mean()
        shirt += (np.abs(out - (0, 0, 250)).max(2) < 3).mean()
    assert skin > 4 and shirt > 4, "of 20 pictures, many of whose persons stand half outside"
    room = green_rooms()[0]
    assert np.array_equal(put_person(room, person, image, np.zeros_like(mask), generator()), room), "no hand, no skin"


# Light and lens


def test_grey_has_three_equal_channels_and_the_brightness_of_before():
    out = grey(noise())
    assert (out == out[..., :1]).all() and out.shape == noise().shape
    assert grey(np.full((2, 2, 3), (255, 0, 0), np.uint8))[0, 0, 0] == 76  # 0.299 of full white


def test_shade_is_smooth_uneven_and_the_same_in_every_channel():
    image = np.full((64, 64, 3), (60, 90, 120), np.uint8)
    spreads = []
    for seed in range(20):
        out = shade(image, generator(seed), 0.5).astype(float)
        assert out.shape == image.shape
        dark = (out.max(2) < 250) & (out.min(2) > 10)
        assert np.abs(out[dark] / (60, 90, 120) - (out[dark] / (60, 90, 120)).mean(1, keepdims=True)).max() < 0.06
        spreads.append(out[..., 0].std())
    assert np.median(spreads) > 5 and np.array_equal(shade(image, generator(0), 0.0), image)


def test_blur_softens_an_edge_and_keeps_the_mean():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, 20:] = 200
    for seed in range(10):
        out = blur(image, generator(seed))
        assert out.dtype == np.uint8 and out.shape == image.shape
        assert abs(float(out[:, 30:].mean()) - 200) < 6
