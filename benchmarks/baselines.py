"""What colour alone can do: classical methods on the test persons of HGR1, scored as the networks are.

    python -m benchmarks.baselines --json

The Bayes histogram counts the colours of the training persons; the validation persons choose its threshold. GrabCut
works on photos whose longer side is at most 320 px, and is scored at the photo's own size. Needs HGR1.
"""

import argparse
import json
import math
import time

import handseg_lib as hs

from . import RESULTS


def row(baseline: hs.baselines.Baseline, samples) -> dict:
    """The scores of one method, and its processor seconds per photo, which other programs do not lengthen."""
    report = hs.evaluate(baseline, samples)
    summary = report.summary()
    images = [sample.read()[0] for sample in samples[:: max(1, len(samples) // 24)]]
    start = time.process_time()
    baseline.predict_batch(images)
    return {
        "method": baseline.name,
        "iou": summary["iou"],
        "iou_low": summary["iou_low"],
        "iou_high": summary["iou_high"],
        "f1": summary["f1"],
        "worst_person": summary["worst_person"],
        "worst_person_iou": summary["worst_person_iou"],
        "boundary_px": None if math.isnan(summary["boundary_px"]) else summary["boundary_px"],
        "threshold": baseline.threshold,
        "cpu_seconds_per_photo": (time.process_time() - start) / len(images),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    split = hs.split_by_person(hs.hgr1.load())
    rows = [row(baseline, split.test) for baseline in hs.baselines.fit_all(split.train, split.val)]
    best = max(rows, key=lambda row: row["iou"])
    figures = {"photos": len(split.test), "best": best["method"], "best_iou": best["iou"], "best_f1": best["f1"]}
    hs.machine.write_record(RESULTS / "baselines.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
