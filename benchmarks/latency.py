"""Milliseconds from a photo to its mask, with the changes of size: every form of our network, beside others.

    python -m benchmarks.latency --json

Ours in Keras and in each form that `hs.export` makes of it, in float32, bfloat16 (where the processor has it) and int8;
the article's network in Keras, by `predict_on_batch`; and segmentation_models.pytorch's U-Net on a ResNet50, in PyTorch
and in ONNX Runtime, where it and PyTorch are installed. Each is timed in a process of its own, twice, in turns: one
photo at a time and sixteen at once, medians. Time does not depend on what is in the photo or in the weights, so the
photos are noise, and the others' weights are random. What ours lose is scored on HGR1's test persons and on the office
set (`python -m handseg_lib fetch`, and `fetch rooms`); eight bits are calibrated on training persons.
"""

import argparse
import importlib.util
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import handseg_lib as hs
from handseg_lib import export_file
from handseg_lib.__main__ import CALIBRATE

from . import RESULTS

TURNS, ROUNDS, BATCH, PHOTO, SIZE = 2, 15, 16, (480, 640, 3), 224
MOST_F1_LOST = 0.003  # by the form that is called the best

# The networks: each function makes a predictor from a folder of exports


def keras_of_the_course(folder: Path, dtype: str) -> hs.Predictor:
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16" if dtype == "bfloat16" else "float32")
    return hs.load_predictor()


def keras_of_the_article(folder: Path, dtype: str) -> hs.Predictor:
    return hs.Predictor(hs.as_published.build_unet(SIZE, weights=None))


def exported(ending: str) -> Callable:
    def load(folder: Path, dtype: str) -> hs.Predictor:
        path = folder / f"{'int8' if dtype == 'int8' else 'float32'}{ending}"
        network, card = export_file.load(path, "bfloat16" if dtype == "bfloat16" else "float32")
        return hs.Predictor(network, card["threshold"], card=card)

    return load


class OtherNetwork:
    """smp's U-Net behind the face that `Predictor` calls: its photos are (N, 3, S, S), 0-1."""

    input_shape, output_shape = (None, SIZE, SIZE, 3), (None, SIZE, SIZE, 1)

    def __init__(self, run: Callable[[np.ndarray], np.ndarray]):
        self.run = run

    def predict_on_batch(self, photos: np.ndarray) -> np.ndarray:
        hands = self.run(np.ascontiguousarray(photos.transpose(0, 3, 1, 2), np.float32) / 255)
        return hands.transpose(0, 2, 3, 1)


def smp_unet():
    import segmentation_models_pytorch as smp

    return smp.Unet("resnet50", encoder_weights=None, classes=1, activation="sigmoid").eval()


def smp_in_torch(folder: Path, dtype: str) -> hs.Predictor:
    import torch

    network = smp_unet()

    def run(photos: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(photos)).numpy()

    return hs.Predictor(OtherNetwork(run))


def smp_in_onnx(folder: Path, dtype: str) -> hs.Predictor:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(folder / "smp.onnx"), providers=["CPUExecutionProvider"])
    return hs.Predictor(OtherNetwork(lambda photos: session.run(None, {"photos": photos})[0]))


def export_smp(folder: Path) -> None:
    import torch

    axes = {"photos": {0: "n"}, "hands": {0: "n"}}
    names = {"input_names": ["photos"], "output_names": ["hands"], "dynamic_axes": axes, "dynamo": False}
    torch.onnx.export(smp_unet(), (torch.zeros(1, 3, SIZE, SIZE),), str(folder / "smp.onnx"), **names)


KINDS = {
    "the article's, Keras": (keras_of_the_article, ["float32"]),
    "ours, Keras": (keras_of_the_course, ["float32", "bfloat16"]),
    "ours, ONNX Runtime": (exported(".onnx"), ["float32", "int8"]),
    "ours, OpenVINO": (exported(".xml"), ["float32", "bfloat16", "int8"]),
    "ours, LiteRT": (exported(".tflite"), ["float32"]),
    "smp's, PyTorch": (smp_in_torch, ["float32"]),
    "smp's, ONNX Runtime": (smp_in_onnx, ["float32"]),
}


# In a process of its own


def measure(kind: str, dtype: str, folder: Path, score: bool) -> dict:
    """Loads one network, times it, and scores it."""
    start = time.perf_counter()
    predictor = KINDS[kind][0](folder, dtype)
    photos = list(np.random.default_rng(0).integers(0, 256, (BATCH, *PHOTO), np.uint8))
    predictor(photos[0])
    figures = {"seconds_to_first_mask": time.perf_counter() - start}
    predictor.predict_batch(photos)  # the first pass of another size traces
    for name, batch in {"ms_alone": photos[:1], "ms_in_a_batch": photos}.items():
        figures[name] = []
        for _ in range(ROUNDS if len(batch) == 1 else 3):
            start = time.perf_counter()
            predictor.predict_batch(batch)
            figures[name].append(1000 * (time.perf_counter() - start) / len(batch))
    figures["megabytes_of_memory"] = peak_megabytes()
    if score:
        test = laboratory().test
        figures |= {"f1": hs.evaluate(predictor, test).summary()["f1"], "scored_photos": len(test)}
        figures["rooms_iou"] = hs.evaluate(predictor, hs.rooms.load()).summary()["iou"]
    return figures


def laboratory() -> hs.Split:
    """HGR1's persons."""
    return hs.split_by_person(hs.hgr1.load())


def ask(kind: str, dtype: str, folder: Path, score: bool) -> dict:
    """What a process of its own measured."""
    command = [sys.executable, "-m", "benchmarks.latency", "--one", kind, dtype, str(folder), str(int(score))]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def seconds_of_the_command_line(path: Path, folder: Path) -> float:
    """`predict` of one photo from start to end, median of five."""
    photo = hs.drawn.load()[0].image
    command = [sys.executable, "-m", "handseg_lib", "predict", str(photo), "--model", str(path), "--again"]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([*command, "--out", str(folder / "out")], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def peak_megabytes() -> float:
    """What this process has held at most. On Linux getrusage tells of the one that started it as well."""
    if sys.platform == "linux":
        return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


# In this one


def make_exports(folder: Path) -> dict[str, float]:
    """Writes every form, in float32 and int8 (LiteRT has none). Returns the megabytes of each, by its file's name."""
    course, train, sizes = hs.load_predictor(), laboratory().train, {}
    seen = [*train[:: max(1, len(train) // CALIBRATE)], *hs.drawn_rooms.rooms(CALIBRATE // 4, SIZE)]
    for ending, form in export_file.FORMS.items():
        for dtype, photos in {"float32": None, "int8": seen}.items():
            if (form.name, dtype) == ("litert", "int8"):
                continue  # which `hs.export` refuses: its masks are spoilt
            path = hs.export(course, folder / f"{dtype}{ending}", photos)
            sizes[path.name] = sum(path.with_suffix(end).stat().st_size for end in form.files) / 1e6
    return sizes


def has(*packages: str) -> bool:
    """True if all are installed."""
    return all(importlib.util.find_spec(package) for package in packages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=4, metavar=("KIND", "DTYPE", "FOLDER", "SCORE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        kind, dtype, folder, score = args.one
        print(json.dumps(measure(kind, dtype, Path(folder), score == "1")))
        return
    try:
        laboratory(), hs.rooms.load()
    except hs.InputError as error:
        raise SystemExit(f"benchmarks.latency: {error}") from None
    load_before = os.getloadavg()[0]
    with TemporaryDirectory() as place:
        folder = Path(place)
        sizes = make_exports(folder)
        todo = [(kind, dtype) for kind, (_, dtypes) in KINDS.items() for dtype in dtypes]
        if hs.machine.fast_dtype() == "float32":
            todo = [pair for pair in todo if pair[1] != "bfloat16"]
        if with_smp := has("torch", "segmentation_models_pytorch"):
            export_smp(folder)
        else:
            print("latency: torch and segmentation_models_pytorch are not installed: smp's U-Net is left out.")
            todo = [pair for pair in todo if not pair[0].startswith("smp")]
        turns = []
        for turn in range(TURNS):
            turns.append({pair: ask(*pair, folder, score=not turn and pair[0].startswith("ours")) for pair in todo})
        rows = {pair: row(*pair, [turn[pair] for turn in turns], sizes) for pair in todo}
        best = choose(rows)
        ending = next(end for end, form in export_file.FORMS.items() if best[0] == f"ours, {form.runtime}")
        command_seconds = seconds_of_the_command_line(folder / f"{best[1]}{ending}", folder)
    ms = {pair: each["ms_alone"] for pair, each in rows.items()}
    exact, quick = rows["ours, Keras", "float32"], rows[best]
    article, other = ms["the article's, Keras", "float32"], ms.get(("smp's, ONNX Runtime", "float32"))
    figures = {
        "best_ms": ms[best],
        "best_form": best[0].removeprefix("ours, "),
        "best_dtype": best[1],
        "ratio_published": round(article / ms[best], 2),
        "ratio_smp": round(other / ms[best], 2) if with_smp else None,
        "f1_lost": round(exact["f1"] - quick["f1"], 4) + 0.0,  # no minus before a zero
        "rooms_iou_lost": round(exact["rooms_iou"] - quick["rooms_iou"], 4) + 0.0,
        "best_megabytes": quick["megabytes"],
        "best_seconds_to_first_mask": quick["seconds_to_first_mask"],
        "predict_seconds": round(command_seconds, 2),
        "float32_ms": ms["ours, Keras", "float32"],
        "article_ms": article,
        "size": SIZE,
        "photo": f"{PHOTO[1]} x {PHOTO[0]}",
        "batch": BATCH,
        "calibration_photos": CALIBRATE,
        "scored_photos": turns[0]["ours, Keras", "float32"]["scored_photos"],
        "load_before": round(load_before, 2),
    }
    hs.machine.write_record(RESULTS / "latency.json", figures, list(rows.values()))
    print(json.dumps(figures))


def row(kind: str, dtype: str, measured: list[dict], sizes: dict[str, float]) -> dict:
    """One network's row: medians over all turns, and its scores."""
    found = {"network": f"{kind} {dtype}"}
    for name in ("ms_alone", "ms_in_a_batch"):
        found[name] = round(float(np.median([ms for turn in measured for ms in turn[name]])), 1)
    found["seconds_to_first_mask"] = round(min(turn["seconds_to_first_mask"] for turn in measured), 2)
    found["megabytes_of_memory"] = round(min(turn["megabytes_of_memory"] for turn in measured))
    for ending, form in export_file.FORMS.items():
        if kind == f"ours, {form.runtime}":
            found["megabytes"] = round(sizes[f"{'int8' if dtype == 'int8' else 'float32'}{ending}"], 1)
    return found | {name: round(measured[0][name], 5) for name in ("f1", "rooms_iou") if name in measured[0]}


def choose(rows: dict[tuple[str, str], dict]) -> tuple[str, str]:
    """The fastest export that loses little."""
    least = rows["ours, Keras", "float32"]["f1"] - MOST_F1_LOST
    good = [pair for pair, row in rows.items() if "megabytes" in row and row["f1"] >= least]
    return min(good, key=lambda pair: rows[pair]["ms_alone"])


if __name__ == "__main__":
    main()
