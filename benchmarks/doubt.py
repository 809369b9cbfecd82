"""Does the network know when it is wrong? The course's model as it is shipped, on HGR1's test persons.

    python -m benchmarks.doubt --json

How well its disagreement with its own answer to the mirrored photo ranks the photos by error, and how far its
probabilities are from how often they come true. Needs HGR1.
"""

import argparse
import json

import handseg_lib as hs
from handseg_lib.evaluation import audit

from . import RESULTS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.parse_args()
    predictor, test = hs.load_predictor(), hs.split_by_person(hs.hgr1.load()).test
    reliability = audit.reliability(predictor, test)
    figures = audit.ranks_errors(audit.doubts(predictor, test)) | {
        "calibration_error": audit.calibration_error(reliability),
        "photos": len(test),
        "threshold": predictor.threshold,
    }
    hs.machine.write_record(RESULTS / "doubt.json", figures, reliability.to_dict("records"))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
