"""The article's recipe, with the least change that makes it run. For comparison; do not start from it.

Mohamed Abdul Gafoor, "Building a Segmentation Model: Creating a UNet architecture from ResNet50 as
encoder", 2023. What is wrong here is wrong on purpose: lesson by lesson the course finds it out.

Departures are marked [n]. Most serve one of three ends: to run at all on Keras 3, to be fed by the
course's samples, so that both recipes see the same people, and to be scored by the course's ``evaluate``.
The others let a run repeat, need no network, or make the code shorter.
"""

import time
from collections.abc import Sequence

import cv2
import keras
import numpy as np
from keras import layers, ops

from ..data.batches import Batches
from ..data.samples import Sample
from ..encoder import TAPS, TRIM_AT, let_go_of_the_rest, load_imagenet
from ..metrics import mean_iou
from ..training import History


@keras.saving.register_keras_serializable("handseg")
class MinMax(layers.Layer):
    """Stretches each photo to 0-1. [1] The article did it in its generator; inside the model, any photo fits it."""

    def call(self, x):
        low, high = ops.min(x, axis=(1, 2, 3), keepdims=True), ops.max(x, axis=(1, 2, 3), keepdims=True)
        return (x - low) / ops.maximum(high - low, 1e-6)  # [2] a photo of one colour divided by zero


def build_unet(size: int = 224, weights: str | None = "imagenet") -> keras.Model:
    """The article's network: (N, size, size, 3) RGB 0-255 to (N, size, size, 1), 15.5 M parameters."""
    photo = keras.Input((size, size, 3))
    resnet = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=MinMax(dtype="float32")(photo))
    base_model = keras.Model(photo, resnet.get_layer(TRIM_AT).output)
    let_go_of_the_rest(base_model)
    if weights == "imagenet":
        load_imagenet(base_model)  # [3] the embedded weights: Keras would download them

    base_model.trainable = True
    set_trainable = False
    for layer in base_model.layers:
        if layer.name == "conv4_block4_2_conv":
            set_trainable == True  # noqa: B015, E712  the article's slip: it compares, so all stays frozen
        layer.trainable = set_trainable

    *skips, bottleneck = [base_model.get_layer(name).output for name in TAPS["published"]]
    x = up_step(bottleneck, skips[2], 512)
    x = up_step(x, skips[1], 256)
    x = up_step(x, skips[0], 64)
    x = layers.UpSampling2D(size=(2, 2))(x)
    return keras.Model(photo, layers.Conv2D(1, (1, 1), activation="sigmoid", dtype="float32")(x), name="as_published")


def up_step(x, skip, width: int):
    """[4] One function for three steps that the article writes out."""
    x = layers.Conv2DTranspose(width, (2, 2), strides=(2, 2), padding="same")(x)
    x = layers.concatenate([x, skip], axis=-1)
    x = layers.Conv2D(width, (3, 3), padding="same")(x)
    x = layers.Dropout(0.25)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


class DataGenerator(keras.utils.PyDataset):
    """The article's generator, reading from disk each time.

    [5] Samples in place of two lists of paths, the size a parameter in place of 224, Pillow in place of
    plt.imread, whose arrays are read-only. [6] ImageDataGenerator is gone from Keras: its flips are
    drawn here as it drew them. [7] Its photos are not rounded to three digits (``np.round(X, 3)``): MinMax is in the
    model, and half a thousandth is an eighth of the step from one grey to the next.
    """

    def __init__(self, samples: Sequence[Sample], size: int, batch_size: int, seed: int = 0):
        super().__init__()
        self.samples, self.size, self.batch_size = samples, size, batch_size
        self.rng = np.random.default_rng(seed)  # [8] its own, in place of numpy's global one, so that a run repeats
        self.indexes = np.arange(len(samples))
        self.on_epoch_end()

    def __len__(self):
        return int(np.ceil(len(self.samples) / self.batch_size))

    def on_epoch_end(self):
        self.rng.shuffle(self.indexes)

    def __getitem__(self, index):
        # np.empty: the last batch's rows past the last sample are whatever was in memory. [9] Zeros here: the
        # same wasted rows, but garbage that is the same on every machine.
        X = np.zeros((self.batch_size, self.size, self.size, 3), np.float32)
        y = np.zeros((self.batch_size, self.size, self.size, 1), np.float32)
        for i, k in enumerate(self.indexes[index * self.batch_size : (index + 1) * self.batch_size]):
            image, mask = self.samples[k].read()
            X[i] = cv2.resize(image, (self.size, self.size))
            # bilinear, then cut down to whole numbers: every pixel that is not wholly hand is lost
            y[i, ..., 0] = cv2.resize(mask.astype(float), (self.size, self.size)).astype(int)
            if self.rng.random() < 0.5:
                X[i], y[i] = X[i, :, ::-1], y[i, :, ::-1]
            if self.rng.random() < 0.5:
                X[i], y[i] = X[i, ::-1], y[i, ::-1]
        return X, y


@keras.saving.register_keras_serializable("handseg_published")
def dice_loss(y_true, y_pred, smooth=1):
    """1 - Dice over the whole batch at once: one missed small hand hardly counts."""
    y_true = ops.cast(y_true, y_pred.dtype)
    both = ops.sum(y_true * y_pred)
    return 1 - (2 * both + smooth) / (ops.sum(y_true) + ops.sum(y_pred) + smooth)


def fit(
    model: keras.Model,
    train: Batches,
    val: Batches,
    epochs: int = 20,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Trains as the article does. Arguments and result as in ``training.fit``.

    ``train`` and ``val`` lend their samples, size and batch size to the article's generator. The encoder never thaws,
    and the rate stays where it begins.
    """
    training_generator = DataGenerator(train.samples, train.size, train.batch_size, train.seed)
    # the article's validation set is its test set, shuffled and augmented too
    validation_generator = DataGenerator(val.samples, val.size, val.batch_size, val.seed)
    optimizer = keras.optimizers.Adam(learning_rate=0.001, clipnorm=1)
    model.compile(optimizer, loss=dice_loss, metrics=["accuracy", mean_iou()])  # [10] IoU of each image, to compare
    rows = Rows()
    # [11] The article's checkpoint keeps the best *training* loss and is never loaded: its model is the last one.
    model.fit(
        training_generator,
        epochs=epochs,
        validation_data=validation_generator,
        callbacks=[keras.callbacks.EarlyStopping(patience=7), rows, *callbacks],
        verbose=0,
    )
    return History(rows.rows)


class Rows(keras.callbacks.Callback):
    """Keeps what the course's history keeps; the clock stops while the validation set is scored."""

    def __init__(self):
        super().__init__()
        self.rows, self.paused = [], 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.begun, self.paused = time.perf_counter(), 0.0

    def on_test_begin(self, logs=None):
        self.test_begun = time.perf_counter()

    def on_test_end(self, logs=None):
        self.paused += time.perf_counter() - self.test_begun

    def on_epoch_end(self, epoch, logs=None):
        seconds = round(time.perf_counter() - self.begun - self.paused, 2)
        row = {name: float(value) for name, value in logs.items()}
        self.rows.append({"epoch": epoch, "stage": "frozen", "seconds": seconds} | row)
