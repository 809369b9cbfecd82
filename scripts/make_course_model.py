"""Makes handseg_lib/assets/course_model.npz and its card from a training run.

    python scripts/make_course_model.py runs/course

Kernels become float16; batch norm and biases stay float32, for one of ResNet50's variances is beyond float16's
range. The threshold is 0.5, unless the validation persons' gain by another is sure. The card says what the model was
trained on and how it scores on the test persons, as it is shipped; docs/model_card.md explains it.
"""

import hashlib
import json
import sys
from pathlib import Path

import keras
import numpy as np

import handseg_lib as hs
from handseg_lib.evaluation.report import shipped_threshold
from handseg_lib.predictor import COURSE_CARD, COURSE_MODEL, named_weights


def main(run: str) -> None:
    predictor = hs.load_predictor(Path(run) / "model.keras")
    split = hs.split_by_person(hs.hgr1.load())
    threshold, choice = shipped_threshold(predictor, split.val)
    weights = {name: keras.ops.convert_to_numpy(w) for name, w in named_weights(predictor.model).items()}
    np.savez(COURSE_MODEL, **{name: w.astype("float16") if w.ndim > 1 else w for name, w in weights.items()})
    record = json.loads((Path(run) / "train.json").read_text())
    training = record["figures"]
    del training["data"]  # a folder of this machine
    card = {
        "size": predictor.size,
        "sha256": hashlib.sha256(COURSE_MODEL.read_bytes()).hexdigest(),
        "threshold": threshold,
        "threshold_choice": choice,
        "data": "HGR1, 899 photos; terms unknown",
        "split": {name: sorted({s.person for s in part}) for name, part in split._asdict().items()},
        "split_sha256": hashlib.sha256("\n".join(s.image.name for part in split for s in part).encode()).hexdigest(),
        "training": {"command": record["command"]}
        | training
        | {"date": record["date"], "versions": record["versions"]},
    }
    COURSE_CARD.write_text(json.dumps(card, indent=1) + "\n")
    # scored as it is shipped: float16 weights and the chosen threshold
    card["test"] = hs.evaluate(hs.load_predictor(), split.test).summary()
    COURSE_CARD.write_text(json.dumps(card, indent=1) + "\n")
    print(f"{COURSE_MODEL.name}: {COURSE_MODEL.stat().st_size / 1e6:.1f} MB, test IoU {card['test']['iou']:.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
