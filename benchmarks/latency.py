"""Milliseconds from a photo to its mask, with the changes of size; ours beside the article's.

    python -m benchmarks.latency --json

One photo at a time and sixteen at once, taken in turns, medians. Needs no data and no network: time does not
depend on what is in the photo or in the weights.
"""

import argparse
import json
import os
import time

import keras
import numpy as np

import handseg_lib as hs
from handseg_lib import as_published

from . import RESULTS

ROUNDS, BATCH, PHOTO = 7, 16, (480, 640, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    load_before = os.getloadavg()[0]
    course = hs.load_predictor()
    networks = {f"the course's, {size} px": hs.build_unet(size, weights=None) for size in (128, 160, 224)}
    networks[f"the course's model, {course.size} px"] = course.model
    networks["the article's, 224 px"] = as_published.build_unet(weights=None)
    predictors = {name: hs.Predictor(model) for name, model in networks.items()}
    photos = list(np.random.default_rng(0).integers(0, 256, (BATCH, *PHOTO), np.uint8))
    for predictor in predictors.values():  # the first pass traces
        predictor.many(photos[:1]), predictor.many(photos)
    seconds = {name: ([], []) for name in predictors}
    for _ in range(ROUNDS):
        for name, predictor in predictors.items():
            for kept, batch in zip(seconds[name], (photos[:1], photos)):
                start = time.perf_counter()
                predictor.many(batch)
                kept.append((time.perf_counter() - start) / len(batch))
    rows = []
    for name, model in networks.items():
        alone, together = (round(1000 * float(np.median(kept)), 1) for kept in seconds[name])
        row = {"network": name, "ms_alone": alone, "ms_in_a_batch": together}
        rows.append(row | {"million_parameters": round(model.count_params() / 1e6, 2)})
    ours, article = rows[-2]["ms_alone"], rows[-1]["ms_alone"]
    figures = {"ms_per_photo": ours, "size": course.size, "article_ms": article, "ratio": round(article / ours, 2)}
    figures |= {"dtype": keras.config.dtype_policy().name, "photo": "640 x 480", "batch": BATCH}
    figures["load_before"] = round(load_before, 2)
    hs.doctor.write_record(RESULTS / "latency.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
