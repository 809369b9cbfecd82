"""Trains two steps and predicts with one backend; jax and torch must agree with TensorFlow. `make test-backends` runs it.

The weights, the photos and the masks are drawn by numpy, so that every backend starts from the same numbers.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
if BACKEND != "tensorflow":
    sys.modules["tensorflow"] = None  # importing it is an error now: the library must do without
FOLDER = Path(__file__).resolve().parents[1] / "build" / "backends"
TOLERANCE = 1e-4
sys.path.insert(0, str(FOLDER.parents[1]))

from handseg_lib import Predictor, build_unet, profile, training  # noqa: E402, I001  first, so that it starts quietly
import keras  # noqa: E402
import numpy as np  # noqa: E402
from handseg_lib.encoder import freeze  # noqa: E402


def draw_decoder(model, rng) -> None:
    """Gives the decoder weights that depend on numpy alone."""
    of_encoder = {id(weight) for weight in model.get_layer("encoder").weights}
    for weight in model.weights:
        if weight.name == "kernel" and id(weight) not in of_encoder:
            weight.assign(rng.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape).astype("float32"))


def results() -> dict:
    """Predictions before and after two training steps of the recipe's second stage, and the two losses."""
    rng = np.random.default_rng(0)
    model = build_unet(64)
    draw_decoder(model, rng)
    photos = rng.integers(0, 256, (4, 64, 64, 3), np.uint8)
    masks = np.zeros((4, 64, 64, 1), np.uint8)
    masks[:, 16:48, 8:40] = 1
    before = Predictor(model).many(list(photos))
    freeze(model.get_layer("encoder"), "conv3_block1")
    training.compile_stage(model, steps=20, peak=3e-4)
    losses = [model.train_on_batch(photos, masks, return_dict=True)["loss"] for _ in range(2)]
    return {"before": before, "after": Predictor(model).many(list(photos)), "losses": np.float32(losses)}


def main() -> None:
    assert keras.backend.backend() == BACKEND and keras.config.dtype_policy().name == "float32"
    profile.fast_dtype()  # asks the backend for a GPU; must not fail where there is none
    ours = results()
    moved = np.abs(np.subtract(ours["after"], ours["before"])).max()
    assert moved > 10 * TOLERANCE, f"two steps moved the prediction by no more than {moved}: nothing is compared"
    FOLDER.mkdir(parents=True, exist_ok=True)
    np.savez(FOLDER / f"{BACKEND}.npz", **ours)
    with np.load(FOLDER / "tensorflow.npz") as reference:
        apart = {name: float(np.abs(np.subtract(ours[name], reference[name])).max()) for name in ours}
    told = ", ".join(f"{name} {difference:.1e}" for name, difference in apart.items())
    print(f"{BACKEND}: the prediction moved by {moved:.3f}; furthest from TensorFlow: {told}")
    if max(apart["before"], apart["after"]) > TOLERANCE:
        sys.exit(f"{BACKEND}: predictions must agree with TensorFlow's to {TOLERANCE}")


if __name__ == "__main__":
    main()
