"""The U-Net: a path down that sees what, a path up that says where, and skips between them.

Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
https://arxiv.org/abs/1505.04597. Here the path down is a pretrained ResNet50 (see ``encoder``).
"""

from pathlib import Path

import keras
from keras import layers

from .data.gate import whole
from .encoder import build_encoder


def build_unet(
    size: int | None = 224,
    taps: str | tuple[str, ...] = "default",
    weights: str | Path | None = "imagenet",
    width: int = 128,
) -> keras.Model:
    """Builds the U-Net, its encoder trainable throughout (``encoder.freeze`` changes that).

    Args:
        size: side of the square photo in pixels, a multiple of 16 from 32 on; None for any.
        taps: where the skips leave the encoder, "default" or "published"; see ``encoder.TAPS``.
        weights: "imagenet", a path to a ResNet50 ``.h5`` without top, or None for random ones.
        width: channels of the deepest decoder step; each further step has half as many.

    Returns:
        A model named "unet": (N, size, size, 3) RGB, 0-255, any dtype, to (N, size, size, 1) float32,
        the probability that a pixel is hand.

    Raises:
        InputError: an argument cannot be used; the message says what can.
    """
    whole("width", width, 8, 1024, such_as=128)
    encoder = build_encoder(size, taps, weights)
    photo = keras.Input((size, size, 3), name="photo")
    *skips, x = encoder(photo)  # its batch norm keeps ImageNet's statistics, also while its weights are fine-tuned
    for skip in reversed(skips):
        x = up_step(x, skip, width)  # (N, 2h, 2w, width)
        width //= 2
    x = up_step(x, None, width)  # no skip is left: back at the photo's own size
    # float32, whatever the policy: a probability near 0 or 1 needs the digits
    hand = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="hand")(x)
    return keras.Model(photo, hand, name="unet")


def up_step(x, skip, width: int):
    """One step up: an up-convolution doubles the side, the skip joins, a convolution mixes both.

    Args:
        x: coarse features, (N, h, w, c).
        skip: the encoder's features at twice the side, (N, 2h, 2w, s), or None.
        width: channels of the result.

    Returns:
        Features, (N, 2h, 2w, width).
    """
    x = layers.Conv2DTranspose(width, 2, strides=2)(x)
    if skip is not None:
        x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    # momentum 0.9: on a few hundred photos an epoch has few steps, and 0.99 would lag epochs behind
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x)
