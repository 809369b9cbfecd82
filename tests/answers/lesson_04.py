"""Answers to the exercises of lesson 04, The U-Net, and words of what their checks print."""

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


ANSWERS = [
    ("up_step", up, "Right!"),
    ("up_step", lambda x, skip, width: up(x, skip, width, layers.UpSampling2D()), "Right!"),
    ("up_step", lambda x, skip, width: up(x, None, width), "the same whatever the skip says"),
    ("up_step", lambda x, skip, width: up(x, skip, width, join=lambda x, skip: x + skip), "stack their channels"),
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
