"""Trains two steps and predicts with one backend; jax and torch must agree with TensorFlow.

`make test-backends` runs it with the three, TensorFlow first. KERAS_BACKEND says which.
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

from handseg_lib import Predictor, build_unet, machine, training  # noqa: E402, I001  first, so that it starts quietly
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
    """What the network says before and after two training steps of the recipe's second stage, and the losses.

    "unlearned" is what it says after them with its old weights, but batch norm's new statistics.
    """
    rng = np.random.default_rng(0)
    model = build_unet(64)
    draw_decoder(model, rng)
    photos = rng.integers(0, 256, (2, 64, 64, 3), np.uint8)
    masks = np.zeros((2, 64, 64, 1), np.uint8)
    masks[:, 16:48, 8:40] = 1
    told = {"before": Predictor(model).predict_batch(list(photos))}
    freeze(model.get_layer("encoder"), "conv3_block1")
    # The warm-up of a full run. Now and then an activation is within rounding of 0, so that backends put it on either
    # side of ReLU's kink and their gradients differ by 0.1 %. At the recipe's first rates that moves a prediction by
    # at most 2e-5 (ten seeds), while what two steps teach moves it by 1e-2; at its highest rate, by 2e-3.
    training.compile_stage(model, steps=731, peak=3e-4)
    start = [keras.ops.convert_to_numpy(weight).copy() for weight in model.trainable_weights]
    losses = [model.train_on_batch(photos, masks, return_dict=True)["loss"] for _ in range(2)]
    told |= {"losses": np.float32(losses), "after": Predictor(model).predict_batch(list(photos))}
    for weight, value in zip(model.trainable_weights, start):
        weight.assign(value)
    return told | {"unlearned": Predictor(model).predict_batch(list(photos))}


def apart(ours, theirs) -> float:
    return float(np.abs(np.subtract(ours, theirs)).max())


def main() -> None:
    assert keras.backend.backend() == BACKEND and keras.config.dtype_policy().name == "float32"
    machine.fast_dtype()  # asks the backend for a GPU; must not fail where there is none
    ours = results()
    learned = apart(ours["after"], ours["unlearned"])
    if learned < 50 * TOLERANCE:
        sys.exit(f"{BACKEND}: two steps moved the prediction by {learned:.1e} only, too little to compare")
    FOLDER.mkdir(parents=True, exist_ok=True)
    np.savez(FOLDER / f"{BACKEND}.npz", **ours)
    with np.load(FOLDER / "tensorflow.npz") as reference:
        differences = {name: apart(ours[name], reference[name]) for name in ours}
    told = ", ".join(f"{name} {difference:.1e}" for name, difference in differences.items())
    print(f"{BACKEND}: what was learned moves the prediction by {learned:.1e}; furthest from TensorFlow: {told}")
    if max(differences.values()) > TOLERANCE:
        sys.exit(f"{BACKEND}: must agree with TensorFlow to {TOLERANCE}")


if __name__ == "__main__":
    main()
