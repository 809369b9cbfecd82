"""What each part of the recipe that leaves the laboratory is worth: one small training for each part left out.

    python -m benchmarks.rooms_ablation --json [--run runs/rooms_ablation]

One network learns in the laboratory at 128 pixels; each variant goes on from it for three epochs. Scored on the
validation persons and on the office set, in colour and in grey, and on pictures without a hand; never on test persons.
A killed run goes on. One training each, so differences of a few points may be chance. Needs HGR1, the office set
(`python -m handseg_lib fetch`, then `python -m handseg_lib fetch rooms`) and the extra rooms.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import keras
from tqdm import tqdm

import handseg_lib as hs
from handseg_lib import leaving, recipe
from handseg_lib.data.drawn_rooms import Scenes
from handseg_lib.resume import write_whole

from . import RESULTS
from .rooms import NO_HANDS, false_hand, greyed, hands

SIZE, BATCH, HOME, AWAY, ROOMS = 128, 16, 5, 3, 200
# What is changed: settings of ``Elsewhere``; or, with a capital, what is done below.
VARIANTS: dict[str, dict] = {
    "the recipe": {},
    "the laboratory alone": {"Share": 0},
    "the weights after leaving alone, no mean": {"Share": 1},
    "looking at photos of the training's size": {"Larger": False},
    "without photographed rooms and faces": {"Photographed": False},
    "without people and things in the hand's skin": {"person": 0, "decoy": 0},
    "without empty rooms": {"empty": 0},
    "without uneven light": {"shade": 0},
    "without grey photos": {"grey": 0},
}


def network(run: Path, split: hs.Split, change: dict) -> keras.Model:
    """The network of one variant; trainings that were done before are not done again."""
    settings = {name: value for name, value in change.items() if name.islower()}
    train, val = recipe.train_and_val(split, SIZE, BATCH)
    away, _ = recipe.train_and_val(split, SIZE, BATCH, rooms=ROOMS)
    how = replace(away.augment, **settings)
    if not change.get("Photographed", True):
        how = replace(how, scenes=Scenes(how.scenes.rooms[:ROOMS], how.scenes.people[: ROOMS // 2]))
    away = hs.Batches(away.samples, SIZE, BATCH, augment=how)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(hs.machine.fast_dtype())
    model = hs.build_unet(SIZE)
    hs.fit(model, train, val, HOME, out=run / "home")
    home = model.get_weights()
    parts = {**settings, "photographed": change.get("Photographed", True)}
    hs.fit(model, away, val, AWAY, 0, out=run / "-".join(f"{k}{v}" for k, v in parts.items()), peak=leaving.PEAK)
    keras.config.set_dtype_policy("float32")
    final = hs.build_unet(leaving.seen_at(SIZE) if change.get("Larger", True) else SIZE, weights=None)
    final.set_weights(leaving.mean(home, model.get_weights(), change.get("Share", leaving.AWAY)))
    return final


def score(model: keras.Model, split: hs.Split) -> dict:
    """How a network does in both worlds."""
    predictor, office = hs.Predictor(model), hs.rooms.load()
    scored = {"val": split.val, "val_grey": [greyed(sample) for sample in split.val]}
    scored |= {"office": office, "office_grey": [greyed(sample) for sample in office]}
    found = {key: hands(predictor, samples) for key, samples in scored.items()}
    row = {f"{key}_iou": each["iou"] for key, each in found.items()}
    row |= {f"office_{key}": found["office"][key] for key in ("recall", "precision", "poor_photos")}
    return row | {f"false_hand_{key}": false_hand(predictor, photos()) for key, (_, photos) in NO_HANDS.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/rooms_ablation"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        split = hs.split_by_person(hs.hgr1.load())
        hs.rooms.load()
    except hs.InputError as error:
        raise SystemExit(f"benchmarks.rooms_ablation: {error}") from None
    args.run.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (variant, change) in enumerate(tqdm(VARIANTS.items(), unit="variant")):
        kept = args.run / f"{number}.json"
        if not kept.exists():
            write_whole(kept, json.dumps({"variant": variant} | score(network(args.run, split, change), split)))
        rows.append(json.loads(kept.read_text()))
    figures = {"size": SIZE, "home_epochs": HOME, "away_epochs": AWAY, "rooms": ROOMS, "trainings": len(rows) - 2}
    hs.machine.write_record(RESULTS / "rooms_ablation.json", figures, rows)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
