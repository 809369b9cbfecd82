"""Milliseconds from a photo to its mask, with the changes of size; ours beside the article's.

    python -m benchmarks.latency --json

One photo at a time and sixteen at once, taken in turns, medians. Time does not depend on what is in the photo or in
the weights, so the photos are noise. The course's model is timed in float32 and in what `fast_dtype` says; what the
faster of the two loses in F1 is scored on HGR1's test persons, or on drawn ones where HGR1 is not here.
"""

import argparse
import json
import os
import time

import keras
import numpy as np

import handseg_lib as hs
from handseg_lib.course import as_published

from . import RESULTS

ROUNDS, BATCH, PHOTO = 7, 16, (480, 640, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    load_before = os.getloadavg()[0]
    course = hs.load_predictor()
    networks = {f"the course's, {size} px": hs.build_unet(size, weights=None) for size in (128, 160, 224)}
    networks["the article's, 224 px"] = as_published.build_unet(weights=None)
    courses = {"float32": course}
    if (fast := hs.machine.fast_dtype()) != "float32":
        keras.config.set_dtype_policy(fast)
        courses[fast] = hs.load_predictor()
        keras.config.set_dtype_policy("float32")
    networks |= {f"the course's model, {dtype}": predictor.model for dtype, predictor in courses.items()}
    predictors = {name: hs.Predictor(model) for name, model in networks.items()}
    photos = list(np.random.default_rng(0).integers(0, 256, (BATCH, *PHOTO), np.uint8))
    for predictor in predictors.values():  # the first pass traces
        predictor.predict_batch(photos[:1]), predictor.predict_batch(photos)
    seconds = {name: ([], []) for name in predictors}
    for _ in range(ROUNDS):
        for name, predictor in predictors.items():
            for kept, batch in zip(seconds[name], (photos[:1], photos)):
                start = time.perf_counter()
                predictor.predict_batch(batch)
                kept.append((time.perf_counter() - start) / len(batch))
    rows = {}
    for name, model in networks.items():
        alone, together = (round(1000 * float(np.median(kept)), 1) for kept in seconds[name])
        row = {"network": name, "ms_alone": alone, "ms_in_a_batch": together}
        rows[name] = row | {"million_parameters": round(model.count_params() / 1e6, 2)}
    ms = {dtype: rows[f"the course's model, {dtype}"]["ms_alone"] for dtype in courses}
    best, article = min(ms, key=ms.get), rows["the article's, 224 px"]["ms_alone"]
    samples = hs.hgr1.load() if hs.hgr1.wanted() else hs.drawn.load()
    test = hs.split_by_person(samples).test
    exact, quick = (hs.evaluate(courses[dtype], test).summary()["f1"] for dtype in ("float32", best))
    figures = {
        "best_ms": ms[best],
        "best_dtype": best,
        "ratio_published": round(article / ms[best], 2),
        "f1_lost": round(exact - quick, 4) + 0.0,  # no minus before a zero
        "float32_ms": ms["float32"],
        "article_ms": article,
        "size": course.size,
        "photo": "640 x 480",
        "batch": BATCH,
        "scored_photos": len(test),
        "load_before": round(load_before, 2),
    }
    hs.machine.write_record(RESULTS / "latency.json", figures, list(rows.values()))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
