"""Leave one person out: twelve trainings of the course's recipe on HGR1, each scored on the person it never saw.

    python -m benchmarks.lopo --json [--out runs/lopo] [--profile full] [--size 320] [--epochs 8] [--workers 1]
        [--scheduler ADDRESS]

The two persons after the one left out validate: they choose epoch and threshold. A killed run goes on, fold by fold
and within a fold epoch by epoch. With 12 workers it took seven minutes on a large GPU with 16 cores beside it; two
cores alone would need some five hours. Needs HGR1.
"""

import json
import sys

import handseg_lib as hs
from handseg_lib import __main__ as handseg

from . import RESULTS


def main() -> None:
    defaults = ["--profile", "full", "--size", "320"]
    args = handseg.parser().parse_args(["evaluate", "--protocol", "lopo", *defaults, *sys.argv[1:]])
    try:
        report, seconds = handseg.run_lopo(handseg.chosen_profile(args).samples(args.data), args)
    except hs.InputError as error:
        sys.exit(str(error))
    summary = report.summary()
    figures = {
        "mean_f1": summary["f1"],
        "mean_iou": summary["iou"],
        "worst_person_f1": summary["worst_person_f1"],
        "worst_person": summary["worst_person"],
        "iou_low": summary["iou_low"],
        "iou_high": summary["iou_high"],
        "boundary_px": summary["boundary_px"],
        "threshold": summary["threshold"],
        "photos": summary["photos"],
        "persons": summary["persons"],
        "size": args.size,
        "training_seconds": round(sum(seconds.values()), 1),
    }
    rows = report.by("person").join(hs.audit.outlines(report.table)[["offset_px", "f1_2px", "forgiven"]])
    rows["training_seconds"] = rows.index.map(seconds)
    hs.machine.write_record(RESULTS / "lopo.json", figures, rows.reset_index().to_dict("records"))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
