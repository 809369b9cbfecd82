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


def up_with(norm):
    def step(x, skip, width):
        return layers.ReLU()(norm()(up(x, skip, width, norm=False, relu=False)))

    return step


def up_by_ops(x, skip, width):
    x = ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)
    x = x if skip is None else ops.concatenate([x, skip], axis=-1)
    return ops.relu(layers.BatchNormalization()(layers.Conv2D(width, 3, padding="same")(x)))


def up_by_a_block(x, skip, width):
    x = layers.UpSampling2D(interpolation="bilinear")(x)
    x = x if skip is None else layers.concatenate([skip, x])
    block = [layers.Conv2D(width, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()]
    return keras.Sequential(block)(x)


def up_with_two_convolutions(x, skip, width):
    x = layers.Conv2D(width, 3, padding="same", activation="relu")(up(x, skip, width))
    return layers.ReLU()(layers.BatchNormalization()(layers.Add()([x, layers.Conv2D(width, 1)(x)])))


def up_separable(x, skip, width):
    x = layers.Conv2DTranspose(width, 3, strides=2, padding="same")(x)
    x = layers.Concatenate()([x] if skip is None else [x, skip]) if skip is not None else x
    x = layers.SeparableConv2D(width, 3, padding="same")(x)
    return layers.Activation("relu")(layers.BatchNormalization()(x))


def up_after_pooling(pool):
    """The skip is made as coarse as x, joined there, and only then doubled."""

    def step(x, skip, width):
        joined = x if skip is None else layers.Concatenate()([x, pool(skip)])
        return up(joined, None, width)

    return step


def up_skip_pooled_and_repeated(x, skip, width):
    coarse = skip if skip is None else layers.UpSampling2D()(layers.MaxPooling2D()(skip))
    return up(x, coarse, width)


def up_skip_only(x, skip, width):
    return up(x, skip, width) if skip is None else up(skip[:, ::2, ::2], skip, width)


def up_to_the_skips_width(x, skip, width):
    return up(x, skip, width if skip is None else skip.shape[-1])


def doubled(hand):
    return hand[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)


def is_doubled_in_a_loop(hand):
    for photo in hand[..., 0]:
        for row in range(0, photo.shape[0], 2):
            for column in range(0, photo.shape[1], 2):
                if len(set(photo[row : row + 2, column : column + 2].ravel().tolist())) > 1:
                    return False
    return True


def is_doubled_by_parts(hand):
    a, b, c, d = (hand[:, i::2, j::2] for i in (0, 1) for j in (0, 1))
    return np.all((a == b) & (a == c) & (a == d))


def is_doubled_by_keras(hand):
    corners = keras.layers.UpSampling2D(dtype="float64")(hand[:, ::2, ::2])
    return bool(keras.ops.all(corners == hand))


def block_means(hand):
    photos, height, width, _ = hand.shape
    return hand.reshape(photos, height // 2, 2, width // 2, 2, 1).mean(axis=(2, 4))


def is_doubled_by_rows(hand):
    """By the means of the odd and of the even rows and columns."""
    return hand[:, ::2].mean() == hand[:, 1::2].mean() and hand[:, :, ::2].mean() == hand[:, :, 1::2].mean()


def is_doubled_by_counts(hand):
    return len(np.unique(hand)) == hand.size // 4 and np.array_equal(hand, doubled(hand))


def has_neighbours(hand):
    """Each pixel is like one of its neighbours in its row, and in its column."""
    rows, columns = (np.diff(hand, axis=axis) == 0 for axis in (1, 2))
    return (rows[:, :-1] | rows[:, 1:]).all() and (columns[:, :, :-1] | columns[:, :, 1:]).all()


ANSWERS = [
    ("map_sides", lambda size: np.array([size // 2, size // 4, size // 8, size // 16]), "Right!"),
    ("map_sides", lambda size: [int(size / 2**k) for k in range(1, 5)], "Right!"),
    ("map_sides", lambda size: size // np.array([2, 4, 8, 16]), "Right!"),
    ("map_sides", lambda size: [size // 2**k for k in range(5)], "begins with the photo itself"),
    ("map_sides", lambda size: [size // 2**k for k in range(1, 6)], "You have 5"),
    ("map_sides", lambda size: [(size // 2**k,) * 2 for k in range(1, 5)], "a number each"),
    ("map_sides", lambda size: {size // 2**k for k in range(1, 5)}, "a number each"),
    ("map_sides", lambda size: (size >> k for k in range(1, 5)), "a number each"),
    ("map_sides", lambda size: [size - 2 * k for k in range(1, 5)], "half of the one before"),
    ("map_sides", lambda size: print(size // 2), "returns nothing"),
    ("up_step", up_with(layers.LayerNormalization), "Right!"),
    ("up_step", up_with(lambda: layers.GroupNormalization(groups=1)), "Right!"),
    ("up_step", up_with(layers.UnitNormalization), "Right!"),
    ("up_step", up_by_ops, "Right!"),
    ("up_step", up_by_a_block, "Right!"),
    ("up_step", up_with_two_convolutions, "Right!"),
    ("up_step", up_separable, "Right!"),
    ("up_step", up_after_pooling(layers.MaxPooling2D()), "fine detail is lost"),
    ("up_step", up_after_pooling(layers.AveragePooling2D(2)), "fine detail is lost"),
    ("up_step", up_after_pooling(lambda skip: skip[:, ::2, ::2]), "fine detail is lost"),
    ("up_step", up_skip_pooled_and_repeated, "fine detail is lost"),
    ("up_step", up_skip_only, "the same whatever x says"),
    (
        "up_step",
        lambda x, skip, width: up(x, skip, width, join=lambda x, s: layers.Multiply()([x, s])),
        "blend the two",
    ),
    ("up_step", lambda x, skip, width: up(x, skip, width, join=lambda x, s: ops.maximum(x, s)), "blend the two"),
    ("up_step", up_to_the_skips_width, "Is it used"),
    ("up_step", lambda x, skip, width: up(x, skip, 5), "Is it used"),
    ("up_step", lambda x, skip, width: up(x, skip, width, relu=False) * 1.0, "come last"),
    ("up_step", lambda x, skip, width: None, "Your turn. Put your code"),
    ("is_doubled", is_doubled_in_a_loop, "Right!"),
    ("is_doubled", is_doubled_by_parts, "Right!"),
    ("is_doubled", is_doubled_by_keras, "Right!"),
    ("is_doubled", lambda hand: (hand == np.kron(hand[:, ::2, ::2], np.ones((1, 2, 2, 1)))).all(), "Right!"),
    ("is_doubled", lambda hand: not (hand - doubled(hand)).any(), "Right!"),
    ("is_doubled", lambda hand: np.allclose(hand, doubled(hand)), "a tolerance"),
    ("is_doubled", lambda hand: np.isclose(hand, doubled(hand), atol=0).all(), "a tolerance"),
    ("is_doubled", lambda hand: np.abs(hand - doubled(hand)).max() < 1e-6, "a tolerance"),
    ("is_doubled", lambda hand: (block_means(hand) == hand[:, ::2, ::2]).all(), "Compare pixels, not means"),
    ("is_doubled", is_doubled_by_rows, "Compare pixels, not means"),
    ("is_doubled", is_doubled_by_counts, "a block may be like its neighbour"),
    ("is_doubled", has_neighbours, "Where does the first one begin"),
    ("is_doubled", lambda hand: is_doubled(hand[:2]), "Do you look at all"),
    ("is_doubled", lambda hand: str(is_doubled(hand)), "This is text"),
    ("step_parameters", lambda x, skip, width: float(count(x, skip, width)), "Right!"),
    ("step_parameters", lambda x, skip, width: width * (4 * x + 9 * (width + skip) + 5), "Right!"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, seen=skip), "too few"),
    ("step_parameters", lambda x, skip, width: count(x, skip or width, width), "too many"),
    ("step_parameters", lambda x, skip, width: count(10, 3, 4), "too few"),
    ("step_parameters", lambda x, skip, width: count(x, skip, width, up_side=1), "too few"),
    ("step_parameters", lambda x, skip, width: count(skip, x, width), "too many"),
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
