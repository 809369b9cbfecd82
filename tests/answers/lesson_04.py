"""Answers to the exercises of lesson 04, The U-Net, and words of what their checks print."""

import keras
import numpy as np
from keras import layers, ops


def up(
    x, skip, width, up_layer=None, join=lambda x, skip: layers.Concatenate()([x, skip]), mix=True, norm=True, relu=True
):
    x = (up_layer or layers.Conv2DTranspose(width, 2, strides=2))(x)
    x = x if skip is None else join(x, skip)
    x = layers.Conv2D(width, 3, padding="same")(x) if mix else x
    x = layers.BatchNormalization()(x) if norm else x
    return layers.ReLU()(x) if relu else x


def up_mixed_too_early(x, skip, width):
    return up(layers.Conv2D(width, 3, padding="same")(x), skip, width, mix=False)


def is_doubled(hand, axes=(1, 2)):
    return all(np.array_equal(np.take(hand, range(0, hand.shape[a], 2), a).repeat(2, a), hand) for a in axes)


def is_doubled_by_blocks(hand):
    photos, height, width, _ = hand.shape
    blocks = hand.reshape(photos, height // 2, 2, width // 2, 2)
    return (blocks.max(axis=(2, 4)) == blocks.min(axis=(2, 4))).all()


def count(x, skip, width, up_bias=1, up_side=2, seen=None, mix_bias=0, norm=4):
    up = up_side**2 * x * width + up_bias * width
    return up + 9 * (width + skip if seen is None else seen) * width + (mix_bias + norm) * width


def count_by_keras(x, skip, width):
    below, across = keras.Input((2, 2, x)), keras.Input((4, 4, skip))
    up_again = layers.Conv2DTranspose(width, 2, strides=2)(below)
    joined = layers.Concatenate()([up_again, across]) if skip else up_again
    mixed = layers.Conv2D(width, 3, padding="same", use_bias=False)(joined)
    return keras.Model([below, across], layers.BatchNormalization()(mixed)).count_params()


def up_mixed_with_a_skip_only(x, skip, width):
    x = layers.Conv2DTranspose(width, 2, strides=2)(x)
    return x if skip is None else up(x, skip, width, layers.Identity())


ANSWERS = [
    ("is_doubled", lambda hand: (hand[:, ::2, ::2] == hand[:, 1::2, 1::2]).all(), "A block has four"),
    ("up_step", up_mixed_with_a_skip_only, "the step still mixes"),
    ("up_step", lambda x, skip, width: layers.Concatenate()([layers.ReLU(), skip]), "first made, then called"),
    ("up_step", lambda x, skip, width: layers.Conv2D(width, 3, padding="sam")(x), "what it is given. The message was"),
    ("map_sides", lambda size: [size // 2, size // 4, size // 8, size // 16], "Right!"),
    ("map_sides", lambda size: tuple(size >> k for k in range(1, 5)), "Right!"),
    ("map_sides", lambda size: [size // 2**k for k in range(4)], "begins with the photo itself"),
    ("map_sides", lambda size: [size // 2**k for k in range(1, 4)], "You have 3"),
    ("map_sides", lambda size: [size // 2**k for k in (4, 3, 2, 1)], "smallest first"),
    ("map_sides", lambda size: [112, 56, 28, 14], "For a photo of 64 pixels"),
    ("map_sides", lambda size: [size // k for k in (2, 4, 6, 8)], "half of the one before"),
    ("map_sides", lambda size: [size / 2**k for k in range(1, 5)], "which division"),
    ("map_sides", lambda size: size // 16, "a list of four sides"),
    ("is_doubled", is_doubled, "Right!"),
    ("is_doubled", is_doubled_by_blocks, "Right!"),
    ("is_doubled", lambda hand: hand[:, ::2, ::2] == hand[:, 1::2, 1::2], "one answer"),
    ("is_doubled", lambda hand: (hand[:, :-1] == hand[:, 1:]).all(), "Which four pixels"),
    ("is_doubled", lambda hand: hand.shape[1] % 2 == 0, "No two pixels here are alike"),
    ("is_doubled", lambda hand: is_doubled(hand, (1,)), "And in width?"),
    ("is_doubled", lambda hand: is_doubled(hand, (2,)), "And in height?"),
    ("is_doubled", lambda hand: is_doubled(hand[:1]), "Do you look at all?"),
    ("step_parameters", count, "Right!"),
    ("step_parameters", count_by_keras, "Right!"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, norm=0), "without the batch norm"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, norm=2), "no gradient moves them"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, up_bias=0), "the up-convolution's bias"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, mix_bias=1), "use_bias=False"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, seen=width), "after the join?"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, seen=x + skip), "what is joined?"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, up_side=3), "blocks of 2 x 2"),
    ("step_parameters", lambda x, skip, width: 9 * width, "too few"),
    ("step_parameters", lambda x, skip, width: [count(x, skip, width)], "not a list"),
    ("up_step", up, "Right!"),
    ("up_step", lambda x, skip, width: up(x, skip, width, layers.UpSampling2D()), "Right!"),
    ("up_step", lambda x, skip, width: up(x, None, width), "the same whatever the skip says"),
    ("up_step", lambda x, skip, width: up(x, skip, width, join=lambda x, skip: x + skip), "You add the skip"),
    ("up_step", lambda x, skip, width: up(x, skip, width, join=lambda *a: ops.concatenate(a, 1)), "are the last axis"),
    ("up_step", lambda x, skip, width: up(x, skip, width, layers.Conv2DTranspose(width, 2)), "with which stride"),
    ("up_step", lambda x, skip, width: layers.Conv2D(width, 3)(up(x, skip, width)), "(padding)"),
    ("up_step", up_mixed_too_early, "*after* the join"),
    ("up_step", lambda x, skip, width: up(x, skip, 3 * width), "5 here; it has 15"),
    ("up_step", lambda x, skip, width: up(x, skip, width, norm=False), "in range for training"),
    ("up_step", lambda x, skip, width: up(x, skip, width, relu=False), "come last"),
    ("up_step", lambda x, skip, width: layers.Concatenate()([up(x, None, width), skip]), "*after* the join"),
    ("up_step", lambda x, skip, width: up(x, 1 * skip, width), "skip is None"),
    ("up_step", lambda x, skip, width: up(x, skip, width).shape, "not a tuple"),
]
