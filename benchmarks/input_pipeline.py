"""Feeding the network: milliseconds per photo on one core, ours beside the article's and Keras's own layers.

    python -m benchmarks.input_pipeline --json [--size 224]

All give augmented batches of 16 from the same photos of HGR1. Ours come from memory, where they were put once; the
article's generator reads from disk each time; Keras's layers run in tf.data, on photos kept in memory.
"""

import argparse
import json
import os
import time

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
    published = hs.as_published.DataGenerator(samples, args.size, BATCH)
    rows = [
        {"pipeline": "ours, from memory", "ms_per_photo": milliseconds(lambda: [ours[i] for i in range(len(ours))])},
        {
            "pipeline": "the article's",
            "ms_per_photo": milliseconds(lambda: [published[i] for i in range(len(published))]),
        },
        {"pipeline": "Keras layers in tf.data", "ms_per_photo": milliseconds(keras_layers(ours))},
        {"pipeline": "ours, filling the memory, once", "ms_per_photo": filled},
    ]
    figures = {
        "ms_per_photo": rows[0]["ms_per_photo"],
        "ratio_published": rows[1]["ms_per_photo"] / rows[0]["ms_per_photo"],
        "ratio_keras": rows[2]["ms_per_photo"] / rows[0]["ms_per_photo"],
        "size": args.size,
        "photos": PHOTOS,
    }
    hs.doctor.write_record(RESULTS / "input_pipeline.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
