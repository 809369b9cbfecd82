"""Losses: what training makes small.

Masks are {0, 1}, predictions probabilities, both (N, H, W, 1); each loss is one number an image, (N,).

Dice as a loss: Milletari, Navab, Ahmadi, "V-Net", https://arxiv.org/abs/1606.04797.
"""

from keras import ops
from keras.losses import binary_crossentropy
from keras.saving import register_keras_serializable


@register_keras_serializable("handseg")
def dice_loss(y_true, y_pred, smooth: float = 1.0):
    """1 - Dice of each image: 0 where mask and prediction agree, near 1 where they share nothing.

    ``smooth``, in pixels, keeps the quotient defined where both are empty (the loss is then 0).
    """
    y_true = ops.cast(y_true, y_pred.dtype)
    both = ops.sum(y_true * y_pred, axis=(1, 2, 3))
    total = ops.sum(y_true, axis=(1, 2, 3)) + ops.sum(y_pred, axis=(1, 2, 3))
    return 1 - (2 * both + smooth) / (total + smooth)


@register_keras_serializable("handseg")
def bce_loss(y_true, y_pred):
    """Binary cross-entropy in nats, averaged over the pixels of each image."""
    y_true = ops.cast(y_true, y_pred.dtype)
    return ops.mean(binary_crossentropy(y_true, y_pred), axis=(1, 2))


@register_keras_serializable("handseg")
def dice_bce_loss(y_true, y_pred):
    """Dice + cross-entropy: one cares for the overlap as a whole, the other steers each pixel."""
    return dice_loss(y_true, y_pred) + bce_loss(y_true, y_pred)
