"""handseg_lib: what the hand-segmentation course is built of.

Data goes one way: data, encoder and unet, training, predictor, evaluation, and then explore and course.
"""

import importlib

from .start import await_keras

await_keras()

__version__ = "0.1.0"

# Where each public name is. It is imported when it is first used, so that what needs no Keras does not wait for it.
_MODULES = {
    "": "cluster devices encoder explore losses machine metrics my_network plots predictor recipe training unet",
    "course.": "as_published check doctor profile",
    "data.": "augment drawn drawn_rooms elsewhere hgr1 leaves my_hand rooms store",
    "evaluation.": "audit baselines lopo",
}
_NAMES = {
    "course.progress": "progress",
    "course.quiz": "quiz",
    "course.rubric": "rubric",
    "course.version": "made_for",
    "data.batches": "Batches",
    "data.check_pairs": "check_pairs",
    "data.files": "read_image read_mask",
    "data.gate": "InputError",
    "data.samples": "Sample Split pair split_by_person",
    "evaluation.report": "Report evaluate tune_threshold",
    "exporter": "export",
    "predictor": "Predictor load_predictor",
    "training": "History fit",
    "unet": "build_unet",
}
_HOMES: dict[str, tuple[str, str | None]]
_HOMES = {name: (wing + name, None) for wing, names in _MODULES.items() for name in names.split()}
_HOMES |= {name: (module, name) for module, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    """Python asks this for a name that is not here yet."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, attribute = _HOMES[name]
    found = importlib.import_module(f".{home}", __name__)
    globals()[name] = getattr(found, attribute) if attribute else found
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
