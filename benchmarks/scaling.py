"""What a million photos take, computed from what was measured: GPUs, cores, disk, network, hours.

    python -m benchmarks.scaling --json [--photos 1000000] [--inside 100] [--between 100] [--price P]

Nothing is measured here. Rates come from the records of other benchmarks. What depends on a machine that you have and
we have not is assumed, and an argument (see --help). The GPU's rate is a floor: it is that of a training of a few
hundred photos, start included; --rate takes yours. With a price for a GPU's hour it says what a training costs. Only a
run without --price is written down; run it again when one of the records has changed (a test says so).
"""

import argparse
import json
import math

import numpy as np

import handseg_lib as hs
from handseg_lib.predictor import COURSE_MODEL

from . import RESULTS, figures

COUNTS = (1, 8, 64)
GPUS_IN_A_MACHINE = 8
BATCH = 16  # photos of a GPU in one step, as in the profile full
APART = ("02", "05", "09", "04", "11")  # the test and the validation persons


def rates(known: dict) -> dict:
    """What one GPU, one core and one photo take, by the records."""
    gpu, race = known["test_persons_gpu"], known["time_to_quality"]
    photos = sum(row.photos for row in known["lopo"].rows if row.person not in APART)
    size, pixels = gpu.size, (gpu.size / known["input_pipeline"].size) ** 2
    tuned = {name: _epoch(race, name) for name in ("ours", "ours_128")}
    grown = (race.ours_size / race.ours_128_size) ** 2
    with np.load(COURSE_MODEL) as arrays:
        weights = round(sum(arrays[name].size for name in arrays) / 1e6, 2)  # in millions
    return {
        "size": size,
        "epochs": gpu.training_epochs,
        "gpu": gpu.machine.gpu,
        "training_photos": photos,
        "gpu_photos_per_second": photos * gpu.training_epochs / gpu.training_seconds,
        "cpu_cores": race.machine.cores,
        "cpu_size": race.ours_size,
        "cpu_photos_per_second": photos / tuned["ours"],
        "pixels_grown": grown,
        "time_grown": tuned["ours"] / tuned["ours_128"],
        "pixel_exponent": math.log(tuned["ours"] / tuned["ours_128"]) / math.log(grown),
        "augment_ms": known["input_pipeline"].ms_per_photo * pixels,
        "decode_ms": known["input_pipeline"]["ours, filling the memory, once"].ms_per_photo,
        "kb_per_photo": 4 * size * size / 1000,
        "million_weights": weights,
        "gradient_mb": 4 * weights,
        "persons": known["lopo"].persons,
    }


def _epoch(race, name: str) -> float:
    """The median seconds of an epoch in which the encoder moves, too; in the first one it is frozen."""
    seconds = sorted(row.seconds for row in race.rows if row.recipe == name and row.epoch > 1)
    return seconds[len(seconds) // 2]


def training(rate: dict, gpus: int, photos: int, inside: float, between: float) -> dict:
    """One training on so many GPUs: how long, and what it asks of cores, disks and lines.

    Args:
        rate: from ``rates``.
        gpus: all of them.
        photos: of an epoch.
        inside, between: what a GPU sends a second to others of its machine (GB), and a machine to another one (Gbit).
    """
    machines = math.ceil(gpus / GPUS_IN_A_MACHINE)
    compute = BATCH / rate["gpu_photos_per_second"]
    # each number is sent twice round the ring, but for its own share; the slowest line decides
    slowest = inside if machines == 1 else min(inside, between / 8)
    send = 2 * (gpus - 1) / gpus * rate["gradient_mb"] / 1000 / slowest
    a_second = gpus * BATCH / (compute + send)
    hours = photos * rate["epochs"] / a_second / 3600
    return {
        "gpus": gpus,
        "machines": machines,
        "global_batch": gpus * BATCH,
        "compute_ms": 1000 * compute,
        "send_ms": 1000 * send,
        "efficiency": compute / (compute + send),
        "photos_per_second": a_second,
        "hours": hours,
        "gpu_hours": hours * gpus,
        "cores": a_second / machines * rate["augment_ms"] / 1000,
        "cores_decoding": a_second / machines * (rate["augment_ms"] + rate["decode_ms"]) / 1000,
        "disk_mb_per_second": a_second / machines * rate["kb_per_photo"] / 1000,
    }


def supply(rate: dict, cores: int, disk: float, network: float) -> list[dict]:
    """For how many photos a second, and so for how many GPUs, each resource of a machine is enough.

    Args:
        rate: from ``rates``.
        cores: of the machine.
        disk: GB a second of its own disk.
        network: Gbit a second of a disk elsewhere.
    """
    found = {
        f"{cores} cores, photos in memory or in a store": 1000 * cores / rate["augment_ms"],
        f"{cores} cores, each photo decoded anew": 1000 * cores / (rate["augment_ms"] + rate["decode_ms"]),
        f"a store on a disk of its own, {disk:g} GB a second": 1e6 * disk / rate["kb_per_photo"],
        f"a store in the network, {network:g} Gbit a second": 1e6 * network / 8 / rate["kb_per_photo"],
    }
    return [
        {"resource": name, "photos_per_second": each, "gpus": each / rate["gpu_photos_per_second"]}
        for name, each in found.items()
    ]


def leave_out(persons: int, by: int) -> float:
    """How many times the work of leaving each of `by` persons out it is for so many; two more validate each time."""
    return persons * (persons - 3) / (by * (by - 3))


def computed(known: dict, args: argparse.Namespace) -> tuple[dict, list[dict]]:
    """All figures; a row for each number of GPUs, and one for each resource of a machine."""
    rate = rates(known)
    if args.rate:
        rate["gpu_photos_per_second"] = args.rate
    rows = [training(rate, gpus, args.photos, args.inside, args.between) for gpus in COUNTS]
    found = rate | {"photos": args.photos, "batch": BATCH, "gpus_in_a_machine": GPUS_IN_A_MACHINE}
    found |= {"inside_gb": args.inside, "between_gbit": args.between, "memory_gib": args.memory}
    found |= {
        "cpu_days": args.photos * rate["epochs"] / rate["cpu_photos_per_second"] / 86400,
        "store_gb": args.photos * rate["kb_per_photo"] / 1e6,
        "in_memory": args.memory * 2**30 / 1000 / rate["kb_per_photo"],
        "lopo_grown": leave_out(200, rate["persons"]),
    }
    return found, rows + supply(rate, args.cores, args.disk, args.network)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--photos", type=int, default=1_000_000)
    made.add_argument(
        "--rate", type=float, help="photos a second that a GPU of yours learns from (default: the record's)"
    )
    made.add_argument("--inside", type=float, default=100, metavar="GB", help="a second between GPUs of one machine")
    made.add_argument("--between", type=float, default=100, metavar="GBIT", help="a second between machines")
    made.add_argument("--cores", type=int, default=16, help="of a machine")
    made.add_argument("--disk", type=float, default=2, metavar="GB", help="a second from a machine's own disk")
    made.add_argument("--network", type=float, default=10, metavar="GBIT", help="a second from a disk elsewhere")
    made.add_argument("--memory", type=float, default=128, metavar="GIB", help="of a machine, for photos")
    made.add_argument("--price", type=float, help="of a GPU for an hour, of today, where you rent")
    made.add_argument("--json", action="store_true")
    return made


def main() -> None:
    args = parser().parse_args()
    found, rows = computed(figures.records(), args)
    if args.price is None:
        hs.machine.write_record(RESULTS / "scaling.json", found, rows)
    else:
        for row in rows[: len(COUNTS)]:
            print(f"{row['gpus']} GPUs: {row['hours']:.1f} hours, {row['gpu_hours'] * args.price:,.0f} in all")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
