"""Feeding the network: milliseconds per photo on one core, ours beside the article's and Keras's own layers.

    python -m benchmarks.input_pipeline --json [--size 224]

All give augmented batches of 16 from the same photos of HGR1. Ours come from memory, where they were put once; the
article's generator reads from disk each time; Keras's layers run in tf.data, on photos kept in memory.

The article's generator stands here step by step as it was published, down to the ImageDataGenerator, which only
tf.keras still has: that is what its readers waited for. ``as_published``, which trains beside our recipe, is fed by
a lighter one (its departures 5 and 6), which is timed too.
"""

import argparse
import json
import os
import time

import cv2
import matplotlib.pyplot as plt
import numpy as np

import handseg_lib as hs

from . import RESULTS

PHOTOS, BATCH, ROUNDS = 192, 16, 5


def milliseconds(epoch) -> float:
    """Milliseconds per photo, the median of some epochs. ``epoch`` runs through all photos once."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        epoch()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times)) / PHOTOS


class ArticleGenerator:
    """What the article does for a batch, and in its order; masks are copied first, for plt.imread's are read-only."""

    def __init__(self, samples, size: int):
        from tensorflow.keras.preprocessing.image import ImageDataGenerator

        self.samples, self.size, self.augmenter = samples, size, ImageDataGenerator

    def __len__(self) -> int:
        return len(self.samples) // BATCH

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        X = np.empty((BATCH, self.size, self.size, 3), np.float32)
        y = np.empty((BATCH, self.size, self.size, 1))
        for i, sample in enumerate(self.samples[index * BATCH : (index + 1) * BATCH]):
            image = cv2.resize(plt.imread(sample.image), (self.size, self.size))
            X[i] = (image - image.min()) / (image.max() - image.min())
            mask = plt.imread(sample.mask)[:, :, :3].copy()
            mask[mask == 0], mask[mask == 255] = 1, 0
            y[i, ..., 0] = cv2.resize(mask.mean(axis=2), (self.size, self.size)).astype(int)
        seed = np.random.randint(1, 100)
        flipped = []
        for batch in (X, y):
            augmenter = self.augmenter(horizontal_flip=True, vertical_flip=True)
            augmenter.fit(batch, augment=True, seed=seed)
            flipped.append(next(augmenter.flow(batch, batch_size=BATCH, shuffle=False, seed=seed)))
        return np.round(flipped[0], 3), flipped[1].astype(int)


def keras_layers(batches: hs.Batches):
    """Flip, rotation, zoom, shift and light as Keras layers on photo and mask together, in tf.data."""
    import tensorflow as tf
    from keras import layers

    pipeline = layers.Pipeline(
        [
            layers.RandomFlip("horizontal", seed=0),
            layers.RandomRotation(30 / 360, seed=0),
            layers.RandomZoom(0.2, seed=0),
            layers.RandomTranslation(0.1, 0.1, seed=0),
            layers.RandomBrightness(0.15, seed=0),
            layers.RandomContrast(0.35, seed=0),
        ]
    )
    data = {"images": batches.images.astype("float32"), "segmentation_masks": batches.masks[..., None]}
    data = tf.data.Dataset.from_tensor_slices(data).batch(BATCH).map(lambda batch: pipeline(batch, training=True))

    def epoch():
        for _ in data:
            pass

    epoch()  # traces
    return epoch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core
    samples = hs.hgr1.load()
    samples = samples[:: len(samples) // PHOTOS][:PHOTOS]
    start = time.perf_counter()
    ours = hs.Batches(samples, args.size, BATCH, augment=True)
    filled = 1000 * (time.perf_counter() - start) / PHOTOS
    article, ported = ArticleGenerator(samples, args.size), hs.as_published.DataGenerator(samples, args.size, BATCH)
    pipelines = {
        "ours, from memory": lambda: [ours[i] for i in range(len(ours))],
        "the article's": lambda: [article[i] for i in range(len(article))],
        "the article's, as ported in as_published": lambda: [ported[i] for i in range(len(ported))],
        "Keras layers in tf.data": keras_layers(ours),
    }
    rows = [{"pipeline": name, "ms_per_photo": milliseconds(epoch)} for name, epoch in pipelines.items()]
    rows.append({"pipeline": "ours, filling the memory, once", "ms_per_photo": filled})
    figures = {
        "ms_per_photo": rows[0]["ms_per_photo"],
        "ratio_published": rows[1]["ms_per_photo"] / rows[0]["ms_per_photo"],
        "ratio_keras": rows[3]["ms_per_photo"] / rows[0]["ms_per_photo"],
        "size": args.size,
        "photos": PHOTOS,
    }
    hs.machine.write_record(RESULTS / "input_pipeline.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
