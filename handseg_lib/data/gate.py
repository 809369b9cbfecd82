"""The gate: what is no photo, no mask or not the argument that is asked for gets a sentence, and not a wrong answer."""

import difflib
import errno
import os
import types
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np


class InputError(ValueError):
    """What the caller gave cannot be used. The message says what is wrong, where, and what to do, in one line."""

    def __init__(self, message: str):
        super().__init__(readable(message))


def readable(text: str) -> str:
    r"""Text that may hold the name of a file, in one line that can be printed anywhere.

    A name may have line breaks, a terminal's commands, marks that turn the reading round, or bytes that are no letters:
    all of these are written as Python writes them, such as ``\n``. The rest stays as it is.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# Arguments. Each of these gives the value back, or raises InputError with its name, the value and the way out


def whole(name: str, value, low: int = 0, high: int = 2**31 - 1, such_as: int | None = None) -> int:
    """A whole number from ``low`` to ``high``; ``such_as`` is one to name in the message."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and low <= value <= high:
        return int(value)
    to = f" to {high}" if high < 2**31 - 1 else " on"
    raise InputError(
        f"{name}={what(value)}: use a whole number from {low}{to}, such as {such_as or low}{_bare(value)}."
    )


def number(name: str, value, low: float, high: float, such_as: float) -> float:
    """A number from ``low`` to ``high``, whole or not, and not nan; ``such_as`` is one to name in the message."""
    numbers = (int, float, np.integer, np.floating)
    if isinstance(value, numbers) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    raise InputError(f"{name}={what(value)}: use a number from {low:g} to {high:g}, such as {such_as:g}{_bare(value)}.")


def one_of(name: str, value, known: Collection[str]) -> str:
    """A name that is known; of another, the message has the nearest one that is."""
    if isinstance(value, str) and value in known:
        return value
    near = [name for name in known if _bared(name) == _bared(str(value))]
    near += difflib.get_close_matches(str(value)[:80], known, 1)
    asks = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(
        f"{name}={what(value)}: there is none of this name.{asks} Use one of {', '.join(map(repr, known))}."
    )


def of_kind(name: str, value, kinds: type | tuple[type, ...], way_out: str):
    """A value of one of these classes."""
    if isinstance(value, kinds):
        return value
    raise InputError(f"{name} is {what(value)}. {way_out}")


def as_list(name: str, value, way_out: str) -> list:
    """A list of what can be gone through, once or often."""
    try:
        return list(of_kind(name, value, Iterable, way_out))
    except TypeError:  # an array of no dimension seems to be such, too
        raise InputError(f"{name} is {what(value)}. {way_out}") from None


def as_path(name: str, value, way_out: str = "Give one path, as text.") -> Path:
    """A path that some file could have."""
    value = of_kind(name, value, (str, os.PathLike), way_out)
    try:
        os.lstat(value)
    except ValueError:  # a NUL, or letters that cannot be written
        raise InputError(f"{name}={what(value)}: no file can have this name. Check the path.") from None
    except OSError as error:  # one that is not there may be made
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(f"{name}={what(value)}: this name is too long for a file. Check the path.") from None
    return Path(value)


def _bared(name: str) -> str:
    """A name without what one easily gets wrong: 2 for 02, a for A."""
    return name.strip().lstrip("0").lower()


def what(value) -> str:
    """What a value is, as a message calls it: short, whatever it is."""
    kind = type(value)
    if isinstance(value, np.ndarray):
        return f"an array, {value.dtype} {value.shape}"
    if isinstance(value, os.PathLike):
        value = str(value)
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
        text = repr(value.item() if isinstance(value, np.generic) else value)
        return text if len(text) <= 80 else f"{text[:80]}..."
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType)):
        return f"the function {value.__name__}"
    if kind in (list, tuple) and len(value) <= 4 and all(isinstance(v, (int, float, str)) for v in value):
        return repr(value)[:80]
    if kind in (list, tuple, set, dict):
        return f"a {kind.__name__} of {len(value)}"
    return f"a {kind.__module__.partition('.')[0]}.{kind.__name__}"


def _bare(value) -> str:
    return ", without quotes" if isinstance(value, str) else ""


# Arrays of the caller's own


def as_photo(image: np.ndarray) -> np.ndarray:
    """Gives a photo back, uint8 (H, W, 3) RGB, or raises InputError where it is none."""
    if isinstance(image, (str, bytes, os.PathLike)):
        raise InputError(f"a photo must be an array, this is {what(image)}, a path. Read it: hs.read_image(path).")
    image = _array(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        this = f"{image.dtype} {image.shape}"
        raise InputError(f"a photo must be uint8 (H, W, 3) RGB, this is {this}. {_way_to_a_photo(image)}")
    return image


def _way_to_a_photo(image: np.ndarray) -> str:
    """What makes a photo of an array, p, that is none; where nobody knows, read the file."""
    if image.ndim == 4 and image.size:
        return "These are several: take one, p[0], or give them all to predictor.predict_batch."
    if image.ndim == 2 and image.dtype == np.uint8:
        return "Is it a mask? Of a grey photo p: np.repeat(p[..., None], 3, axis=2)."
    if image.ndim == 3 and image.shape[2] == 4:
        return "Of one with transparency, p, the colours are p[..., :3]."
    if image.ndim == 3 and image.shape[0] == 3 != image.shape[2]:
        return "The colours come last: np.moveaxis(p, 0, 2)."
    if image.ndim == 3 and image.shape[2] == 3 and image.dtype.kind == "f" and image.size:
        if image.min() >= 0 and image.max() <= 1:
            return "Do not scale it, the network does: (p * 255).round().astype(np.uint8)."
    return "Read it with hs.read_image."


def _array(value) -> np.ndarray:
    """Any value as an array; of what numpy makes none of, one without pixels."""
    try:
        return np.asarray(value)
    except (ValueError, TypeError):  # lists in which rows differ
        return np.empty(0, object)


def as_masks(photo: np.ndarray | None = None, /, **masks: np.ndarray) -> list[np.ndarray]:
    """Brings masks of one photo to the one kind that the library knows.

    Args:
        photo: (H, W, 3); None: the masks need only fit one another.
        masks: by the name that a message shall call them: (H, W) or, as a network gives it, (H, W, 1), of any number
            type, with nothing in it but 0 and 1, or 0 and 255.

    Returns:
        Each as uint8 (H, W) of {0, 1}; one that is so already is not copied.

    Raises:
        InputError: one is no mask, or they have not the size of the photo or of one another.
    """
    sizes = {} if photo is None else {"photo": photo.shape[:2]}
    made = []
    for name, mask in masks.items():
        mask = _array(mask)
        made.append(_as_mask(mask[..., 0] if mask.ndim == 3 and mask.shape[2] == 1 else mask, name))
        sizes[name] = made[-1].shape
    if len(set(sizes.values())) > 1:
        shapes = ", ".join(f"{name} {height} x {width}" for name, (height, width) in sizes.items())
        raise InputError(f"they differ in height and width: {shapes}. A mask has those of its own photo.")
    return made


def as_probability(answer: np.ndarray, true: np.ndarray, name: str) -> np.ndarray:
    """Gives an answer to the photo of this name back, or raises InputError if it is not (H, W), as ``true``, in 0-1."""
    answer = _array(answer)
    numbers = answer.size > 0 and answer.dtype.kind in "buif"
    # false where nan is in it; enlarging a photo's answer may round a 1 up
    within = numbers and answer.shape == true.shape and answer.min() > -0.001 and answer.max() < 1.001
    if not within:
        ends = f"from {answer.min():.3g} to {answer.max():.3g}" if numbers else f"of {answer.dtype}"
        this = f"{answer.shape} {ends}"
        raise InputError(f"{name}: the answer is {this}. Give a probability, 0-1, for each of its {true.shape} pixels.")
    return answer


def _as_mask(mask: np.ndarray, name: str) -> np.ndarray:
    if mask.ndim != 2 or not mask.size or mask.dtype.kind not in "buif":
        this = f"{name} is {mask.dtype} {mask.shape}"
        raise InputError(f"{this}, and a mask is numbers (H, W), of one photo. Read its file with hs.read_mask.")
    if mask.dtype == bool:
        return mask.view(np.uint8)
    top = mask.max()  # nan, where there is one
    if mask.dtype == np.uint8 and top <= 1:  # which most are: this runs several times for each photo of a report
        return mask
    if top not in (0, 1, 255) or not np.isin(mask, (0, top)).all():
        values = np.unique(mask)
        odd = values[~np.isin(values, (0, 1, 255))]
        odd = odd if odd.size else values  # 0, 1 and 255 all at once
        these = ", ".join(f"{value:.3g}" for value in odd[:3]) + ", ..." * (odd.size > 3)
        raise InputError(
            f"{name} is {mask.dtype} with {these} in it, and a mask has only 0 and 1, or 0 and 255. "
            "Cut a probability first: hand >= predictor.threshold. Read a mask's file with hs.read_mask."
        )
    return (mask != 0).astype(np.uint8)
