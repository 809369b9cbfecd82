"""The command line, handseg: fetch | check | train | evaluate | predict | export | quiz | doctor."""

from .start import CannotStart, ending_at_ctrl_c, open_closed_streams

with ending_at_ctrl_c():  # these take a second; from then on main sees to it
    import argparse
    import errno
    import glob
    import json
    import os
    import sys
    import unicodedata
    import warnings
    from dataclasses import asdict, replace
    from functools import partial
    from pathlib import Path

    from platformdirs import user_cache_path
    from tqdm import tqdm

    import handseg_lib as hs  # whatever needs Keras is asked of it, and imported only by the commands that use it

    from . import cluster, film, outputs
    from .course import profile
    from .course.quiz import lessons, quiz
    from .data import drawn, drawn_rooms, hgr1, rooms
    from .data.augment import Augmentation
    from .data.files import SUFFIXES
    from .data.folders import by_stem, pictures
    from .data.gate import InputError, readable
    from .data.own_folders import as_skin, faults, split_own
    from .data.samples import Sample, Split, split_by_person
    from .export_file import FORMS, card_of, read_card
    from .predictor import load_predictor
    from .resume import made_beside


def fetch(args) -> dict:
    """Brings HGR1 or the office set into the user's cache, and holds every file against its SHA-256."""
    source = {"hgr1": hgr1, "rooms": rooms}[args.set]
    folder = source.fetch(args.url or source.HOME)
    terms = {"licence": rooms.LICENCE} if source is rooms else {}  # of HGR1's, nothing was found
    return {"photos": len(source.load(folder)), "folder": str(folder)} | terms


def train(args) -> dict:
    """Trains on the training persons; writes OUT/model.keras and OUT/train.json."""
    hs.devices.meet(args.devices)
    chosen = chosen_profile(args)
    try:
        with hs.devices.first_alone_in(args.out):
            return _train(chosen, args)
    except hs.devices.Lost as error:
        print(f"handseg_lib: {error} This one waits for them.", file=sys.stderr, flush=True)
        # in its place the same command: processes of JAX meet at their start, and a lost one cannot join later
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _train(chosen: profile.Profile, args) -> dict:
    split = _own_photos(args) if args.images or args.masks else split_by_person(chosen.samples(args.data))
    more = {"rooms": args.rooms, "devices": args.devices}
    model, history = hs.recipe.learn(split, args.out / "state", **_numbers(chosen, args), **more)
    figures = {
        "profile": chosen.name,
        "data": _folder(split.train),
        "size": chosen.size,
        "photos": len(split.train),
        "rooms": args.rooms,
        "seen_at": model.input_shape[1],
        "epochs": len(history.rows),
        "seconds": round(history.seconds, 1),
        "best_epoch": history.best["epoch"] + 1,
        "val_iou": history.best["val_iou"],
    }
    if not hs.devices.is_first():  # what is to be written, the first process writes
        return figures
    with made_beside(args.out / "model.keras") as part:
        model.save(part)
    if args.images:  # on HGR1, evaluate does it
        report = hs.evaluate(load_predictor(args.out / "model.keras"), split.test)
        figures |= {f"test_{name}": value for name, value in report.summary().items()}
    hs.machine.write_record(args.out / "train.json", figures, history.rows)
    return figures


def _own_photos(args) -> Split:
    if args.data or not (args.images and args.masks):
        raise InputError("--images and --masks name two folders of your own, both of them, and then --data none.")
    return split_own(args.images, args.masks, args.person, args.skin)


def check(args) -> dict:
    """Looks for faults in two folders, one of photos and one of masks; exit code 2 if there are any."""
    pairs, found = faults(args.images, args.masks, args.skin)
    return {"pairs": pairs, "faults": len(found), "failed": found}


def chosen_profile(args) -> profile.Profile:
    """The profile, with the size and the epochs that were asked for."""
    chosen = profile.current(args.profile)
    chosen = replace(chosen, size=chosen.size if args.size is None else args.size, epochs=args.epochs or chosen.epochs)
    hs.encoder.check_size(chosen.size)
    if chosen.epochs <= chosen.frozen_epochs:
        print(
            f"handseg_lib: --epochs {chosen.epochs}: the encoder is fine-tuned after {chosen.frozen_epochs}, so here "
            f"not at all. Take --epochs {chosen.frozen_epochs + 1} or more.",
            file=sys.stderr,
        )
    return chosen


def _numbers(chosen: profile.Profile, args) -> dict:
    """What ``learn`` is to be told of a profile."""
    names = ("size", "batch_size", "epochs", "frozen_epochs")
    return {name: getattr(chosen, name) for name in names} | {"seed": args.seed}


def evaluate_(args) -> dict:
    """Scores a model on the test persons, each photo at its own size; lopo trains once for each person left out."""
    if args.protocol == "lopo":
        if args.model:
            raise InputError("--model: leaving one person out trains networks of its own. Leave --model away.")
        samples = chosen_profile(args).samples(args.data)
        report, _ = run_lopo(samples, args)
    else:
        for name, default in LOPO.items():
            if getattr(args, name) != default:
                raise InputError(f"--{name}: to score a model trains nothing. Leave it away, or add --protocol lopo.")
        predictor = load_predictor(args.model)
        samples = hgr1.load(args.data) if args.data or hgr1.wanted() else drawn.load()
        report = hs.evaluate(predictor, split_by_person(samples).test)
    if not args.json:
        print(report.by("person").round(3).to_string())
    return {"data": _folder(samples)} | report.summary()


def _folder(samples: list[Sample]) -> str:
    """Where samples are, such as handseg/hgr1 or drawn/v2-persons12: a score without it could be of either."""
    return "/".join(samples[0].image.parent.parent.parts[-2:])


def run_lopo(samples: list[Sample], args) -> tuple["hs.Report", dict]:
    """The protocol lopo: its report, and the seconds of training for each person. A killed one goes on from OUT."""
    chosen = chosen_profile(args)
    settings = asdict(chosen) | {"seed": args.seed, "augment": repr(Augmentation())}
    fold = partial(hs.recipe.learn, **_numbers(chosen, args))
    files = {file for sample in samples for file in (sample.image, sample.mask)}
    with cluster.workers(args.scheduler, args.workers, fresh=True, in_order=False, files=sorted(files)) as apply:
        return hs.lopo.leave_one_out(samples, fold, args.out, settings, apply)


def predict(args) -> dict:
    """Writes OUT/NAME_overlay.jpg and OUT/NAME_mask.png (hand 255, else 0) for every photo; of a video, films of both.

    One that cannot be read is named at the end, and the others have their results. Photos that the same model has done
    already are not done again.
    """
    photos = {os.path.abspath(photo): photo for path in args.photos for photo in _photos(path)}  # each once
    maker = f"{outputs.checksum_of_model(args.model)} {args.form}"
    results, finished = _results(list(photos.values()), args, maker)
    args.out.mkdir(parents=True, exist_ok=True)
    told = {}
    if results:
        model = _model_in_form(args)
        write = partial(outputs.write, model, outputs.checksum_of_model(model), maker, args.again)
        with cluster.workers(args.scheduler, args.workers, in_order=False, files=_files_to_load(model)) as apply:
            done = apply(write, map(str, results), results, results.values())
            for name, *rest in tqdm(done, desc="predict", total=len(results), unit="photo", delay=1):
                told[name] = rest
    shares, failed = {}, {}
    for photo in map(str, results):  # in the order in which they were given, whoever was first
        share, wrong = told[photo]
        if wrong:
            failed[photo] = wrong
        else:
            shares[photo] = round(share, 4)
    return {"hand_share": shares, "finished_before": finished, "out": str(args.out), "failed": failed}


def _files_to_load(model: Path | None) -> list[Path]:
    """What ``load_predictor`` reads; of the course's model nothing, for whoever has the library has it."""
    if model is None:
        return []
    rest = [model.with_suffix(ending) for ending in FORMS[model.suffix].files] if model.suffix in FORMS else []
    return sorted({file for file in [*outputs.files_of_model(model), *rest] if file.is_file()})


def _model_in_form(args) -> Path | None:
    """The model; with --form, exported once into the user's cache."""
    if args.form is None:
        return args.model
    (ending,) = [ending for ending, form in FORMS.items() if form.name == args.form]
    if args.model and args.model.suffix in FORMS:
        raise InputError(f"{args.model}: it is an export already. Leave --form away.")
    path = user_cache_path("handseg") / "exports" / f"{outputs.checksum_of_model(args.model)}{ending}"
    if not card_of(path).is_file():
        hs.export(load_predictor(args.model), path)
    return path


def _photos(path: Path) -> list[Path]:
    """The photos that a path of the command line means: itself, a folder's, or those that a wildcard fits."""
    if path.is_dir():
        films = by_stem(path, film.SUFFIXES)
        return sorted([*(pictures(path) if by_stem(path, SUFFIXES) or not films else {}).values(), *films.values()])
    if os.path.lexists(path) or not glob.has_magic(str(path)):  # a[1].jpg may be a file's name
        return [path]
    # Windows leaves wildcards to us. They are in what comes after the folders that are there, brackets and all
    folder = next(parent for parent in path.parents if parent.is_dir())
    fit = [folder / name for name in sorted(glob.glob(str(path.relative_to(folder)), root_dir=folder, recursive=True))]
    # an empty folder was not asked for
    fit = [path for path in fit if not path.is_dir() or by_stem(path, SUFFIXES) or by_stem(path, film.SUFFIXES)]
    if not fit:
        raise InputError(f"{path}: no file fits this. Check the folder and the suffix.")
    return [photo for path in fit for photo in _photos(path)]


def _results(photos: list[Path], args, maker: str) -> tuple[dict[Path, list[Path]], int]:
    """The files to write for each photo: such as would replace neither each other, nor a photo, nor what is there.

    And how many of the photos are not among them, for they are finished.
    """
    if args.out.exists() and not args.out.is_dir():
        raise InputError(f"{args.out}: it is a file. Give --out the name of a folder.")
    results, named = {}, {}
    for photo in photos:
        ends = outputs.ends(photo)
        other = named.setdefault((_on_any_disk(photo.stem), ends), photo)
        if other != photo:
            raise InputError(f"{photo}: its results would have the same names as those of {other}. Predict them apart.")
        results[photo] = [args.out / f"{photo.stem}_{end}" for end in ends]
    files = [file for pair in results.values() for file in pair]
    given = {_on_any_disk(os.path.realpath(photo)) for photo in photos}
    if spoilt := [file for file in files if _on_any_disk(os.path.realpath(file)) in given]:
        raise InputError(f"{spoilt[0]}: it is one of the photos, and a result would overwrite it. Give another --out.")
    if args.again:
        return results, 0
    ours = {photo for photo, files in results.items() if outputs.is_ours(photo, files, maker)}
    to_do = {
        photo: files
        for photo, files in results.items()
        if photo not in ours or not all(file.is_file() for file in files)
    }
    if there := [file for photo in to_do if photo not in ours for file in results[photo] if os.path.lexists(file)]:
        more = f", and {len(there) - 1} more of the results" if there[1:] else ""
        raise InputError(
            f"{there[0]}: there already{more}, and not made of this photo by this model. Give another --out, or "
            "replace them with --again."
        )
    return to_do, len(results) - len(to_do)


def _on_any_disk(name: str) -> str:
    """A name in one form for all that some disk takes for the same: A and a, and an umlaut in one letter or two."""
    return unicodedata.normalize("NFC", name).casefold()


def export(args) -> dict:
    """Exports a model to a file that needs neither Keras nor TensorFlow, and writes its card beside it."""
    endings = {form.name: ending for ending, form in FORMS.items()}
    path = args.out or Path(f"hand{endings[args.form or 'onnx']}")
    if args.form and path.suffix != endings[args.form]:
        raise InputError(f"--out {path}: a file of the form {args.form} ends in {endings[args.form]}.")
    predictor, photos = load_predictor(args.model), None
    if args.int8:
        train = split_by_person(hgr1.load(args.data) if args.data or hgr1.wanted() else drawn.load()).train
        photos = [*train[:: max(1, len(train) // CALIBRATE)], *drawn_rooms.rooms(CALIBRATE // 4, predictor.size)]
    hs.export(predictor, path, photos)
    card = read_card(path)
    files = [path.with_suffix(ending) for ending in card["files"]]
    return {
        "out": str(path),
        "card": str(card_of(path)),
        "megabytes": round(sum(file.stat().st_size for file in files) / 1e6, 1),
        "calibration_photos": card["calibration_photos"],
        "agreement": card["agreement"],
    }


CALIBRATE = 110  # photos of the laboratory, for eight bits; and a quarter as many drawn rooms


def answers(args) -> dict:
    """Prints the quizzes with their answers, for whoever teaches."""
    chosen = [quiz(lesson) for lesson in args.lessons or lessons()]
    if not args.json:
        print("\n\n".join(f"Lesson {each.lesson}\n\n{each.text(answers=True)}" for each in chosen) + "\n")
    return {"questions": sum(len(each.questions) for each in chosen)}


def doctor(args) -> dict:
    """Examines this machine, and says what mends what is broken."""
    return hs.doctor.examined(args)


def main(argv: list[str] | None = None) -> int:
    """Runs one command.

    Returns:
        The exit code: 0 on success, 1 where the doctor finds something broken, or some photos could not be used and
        others could, 2 where the input cannot be used, or what was found cannot be printed, 130 on Ctrl-C.
    """
    open_closed_streams()
    args = parser().parse_args(argv)
    if hasattr(sys.stdout, "reconfigure"):  # a file's name may have letters that a Windows pipe has not
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd tags and of large pictures without naming the file; what matters, the reader says
            warnings.filterwarnings("ignore", module=r"PIL\.")
            result = args.command(args)
        return _tell(result, args)
    except (InputError, CannotStart, OSError) as error:  # OSError: the disk is full, --out is a file
        if message := _said(error) if isinstance(error, OSError) else str(error):
            print(f"handseg_lib: {readable(message)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        goes_on = args.command in (train, fetch) or getattr(args, "protocol", "test") == "lopo"
        rest = " The same command goes on where this one stopped." if goes_on else ""
        print(f"handseg_lib: interrupted.{rest}", file=sys.stderr)
        return 130


def _tell(result: dict, args) -> int:
    """Prints what a command has found. Returns the exit code."""
    failed = result.get("failed", {})
    if args.json:
        print(json.dumps({name: None if value != value else value for name, value in result.items()}))  # no nan there
    else:
        for name, value in result.items():
            if name != "failed":
                _print(name, value)
    sys.stdout.flush()  # here, where it can be told that there is no room: Python itself does so after the end
    for message in failed.values():
        print(f"handseg_lib: {message}", file=sys.stderr)
    if args.command is doctor:
        return hs.doctor.exit_code(result)
    return (1 if result.get("hand_share") or result.get("finished_before") else 2) if failed else 0


def _said(error: OSError) -> str:
    """What to say of an error of the system. Where it names no file, it is stdout that takes nothing more."""
    if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EPIPE):
        return str(error)
    sys.stdout = open(os.devnull, "w")  # or Python would try once more at its end
    if error.errno == errno.EPIPE:  # as in "handseg quiz | head": who reads has had enough
        return ""
    return f"what was found cannot be printed ({error.strerror}). Make room there, or print it elsewhere."


def _print(name: str, value) -> None:
    """Prints a figure, or one a line where there are several."""
    if isinstance(value, dict):
        for key, each in value.items():
            _print(f"{name} of {key}", each)
    else:
        print(readable(f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {value}"))


def positive(text: str) -> int:
    """A whole number from 1 on, of the command line."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text}: use a whole number from 1 on")
    return int(text)


def natural(text: str) -> int:
    """A whole number of 32 bits, of the command line."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text}: use a whole number from 0 to {2**32 - 1}")
    return int(text)


# what the protocol lopo alone takes, and its defaults
LOPO: dict = {"profile": None, "size": None, "epochs": None, "seed": 0, "out": Path("runs/lopo")}
LOPO |= {"workers": 1, "scheduler": None}


def _training_arguments(parser, data: dict, out: Path) -> None:
    names = list(profile.PROFILES)
    parser.add_argument("--data", **data)
    parser.add_argument("--profile", choices=names, help="how much to do (default: what fits here)")
    parser.add_argument("--out", type=Path, default=out, help="folder; a killed run goes on from it")
    parser.add_argument(
        "--size", type=int, help="side of the network's photos in pixels, a multiple of 16 from 32 to 2048"
    )
    parser.add_argument("--epochs", type=positive, help="at most so many")
    parser.add_argument("--seed", type=natural, default=0)


def workers_arguments(parser, workers: str) -> None:
    """Who does the work, for ``cluster.workers``."""
    parser.add_argument("--workers", type=positive, default=LOPO["workers"], help=workers)
    elsewhere = "a Dask scheduler, such as tcp://host:8786, whose workers do it, on whatever machines"
    parser.add_argument("--scheduler", metavar="ADDRESS", help=elsewhere)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors repeat what was typed, or what a wildcard found, in one line."""

    def error(self, message: str):
        super().error(readable(message))


def parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="handseg", description="Hand segmentation, step by step.")
    parser.add_argument("--version", action="version", version=f"handseg {hs.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(function, name: str):
        sub = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        sub.set_defaults(command=function)
        sub.add_argument("--json", action="store_true", help="print the figures as one line of JSON")
        return sub

    data = {"type": Path, "help": "HGR1: its folder, or the folder with its two zips"}
    model = {"type": Path, "help": "a .keras file made by train, or an export (default: the course's model)"}
    forms = [form.name for form in FORMS.values()]

    sub = command(fetch, "fetch")
    sub.add_argument(
        "set",
        choices=["hgr1", "rooms"],
        nargs="?",
        default="hgr1",
        help="hgr1: 899 photos, of which the course learns (default); rooms: 60 of an office, to judge by",
    )
    sub.add_argument("--url", help="where its two zips or its files are (default: their authors' page)")

    sub = command(train, "train")
    _training_arguments(sub, data, out=Path("runs/train"))
    rooms = "then go on, twice as long, with hands in so many drawn rooms, such as 400 (needs the extra rooms)"
    sub.add_argument("--rooms", type=natural, default=0, help=rooms)
    every = "share each batch out over all devices, with KERAS_BACKEND=jax; docs/scaling.md tells of several machines"
    sub.add_argument("--devices", choices=["all"], help=every)

    own = sub.add_argument_group("your own photos, in place of HGR1 or drawn hands")
    own.add_argument("--images", type=Path, help="folder of the photos")
    own.add_argument("--masks", type=Path, help="folder of the masks")
    own.add_argument("--person", metavar="REGEX", help="what in a photo's name says whose hand it is, such as '^[^_]+'")
    skin = {"type": as_skin, "default": "black", "help": "in the masks: black (default), white, or labels such as 1,2"}
    own.add_argument("--skin", **skin)

    sub = command(check, "check")
    sub.add_argument("images", type=Path, help="folder of the photos")
    sub.add_argument("masks", type=Path, help="folder of the masks")
    sub.add_argument("--skin", **skin)

    sub = command(evaluate_, "evaluate")
    sub.add_argument("--model", **model)
    sub.add_argument(
        "--protocol", choices=["test", "lopo"], default="test", help="the test persons, or leave one person out"
    )
    group = sub.add_argument_group("data, and training for lopo")
    _training_arguments(group, data, out=LOPO["out"])
    workers_arguments(group, "lopo: so many trainings at once")

    sub = command(predict, "predict")
    given = "a photo, a video, a folder of them, or a wildcard"
    sub.add_argument("photos", type=Path, nargs="+", metavar="PHOTO", help=given)
    sub.add_argument("--model", **model)
    sub.add_argument("--form", choices=forms, help="export the model to this form first (once), for speed")
    sub.add_argument("--out", type=Path, default=Path("predictions"), help="folder for overlays and masks")
    sub.add_argument("--again", action="store_true", help="replace results of an earlier run (never a photo)")
    workers_arguments(sub, "so many processes")

    sub = command(export, "export")
    sub.add_argument("--out", type=Path, help="the file, by its ending onnx, openvino or litert (default: hand.onnx)")
    sub.add_argument("--form", choices=forms, help="onnx: servers, browsers; openvino: CPUs; litert: phones")
    sub.add_argument("--int8", action="store_true", help="eight-bit numbers, measured on training photos")
    sub.add_argument("--model", **model)
    sub.add_argument("--data", **data)

    sub = command(answers, "quiz")
    sub.add_argument("lessons", nargs="*", metavar="NN", help="such as 05 (default: all)")
    command(doctor, "doctor")
    return parser


if __name__ == "__main__":
    sys.exit(main())
