"""The gate: an array that is no photo, no mask or no probability gets a sentence, and not a wrong answer."""

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


# Arrays of the caller's own


def as_photo(image: np.ndarray) -> np.ndarray:
    """Gives a photo back, uint8 (H, W, 3) RGB, or raises InputError where it is none."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        what = f"{image.dtype} {image.shape}"
        raise InputError(f"a photo must be uint8 (H, W, 3) RGB, this is {what}. Read it with hs.read_image.")
    return image


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
        mask = np.asarray(mask)
        made.append(_as_mask(mask[..., 0] if mask.ndim == 3 and mask.shape[2] == 1 else mask, name))
        sizes[name] = made[-1].shape
    if len(set(sizes.values())) > 1:
        shapes = ", ".join(f"{name} {height} x {width}" for name, (height, width) in sizes.items())
        raise InputError(f"they differ in height and width: {shapes}. A mask has those of its own photo.")
    return made


def as_probability(answer: np.ndarray, true: np.ndarray, name: str) -> np.ndarray:
    """Gives an answer to the photo of this name back, or raises InputError if it is not (H, W), as ``true``, in 0-1."""
    # false where nan is in it; enlarging a photo's answer may round a 1 up
    within = answer.shape == true.shape and answer.min() > -0.001 and answer.max() < 1.001
    if not within:
        what = f"{answer.shape} from {answer.min():.3g} to {answer.max():.3g}"
        raise InputError(f"{name}: the answer is {what}. Give a probability, 0-1, for each of its {true.shape} pixels.")
    return answer


def _as_mask(mask: np.ndarray, name: str) -> np.ndarray:
    if mask.ndim != 2 or not mask.size or mask.dtype.kind not in "buif":
        what = f"{name} is {mask.dtype} {mask.shape}"
        raise InputError(f"{what}, and a mask is numbers (H, W), of one photo. Read its file with hs.read_mask.")
    if mask.dtype == bool:
        return mask.view(np.uint8)
    top = mask.max()  # nan, where there is one
    if mask.dtype == np.uint8 and top <= 1:  # which most are: this runs several times for each photo of a report
        return mask
    if top not in (0, 1, 255) or not np.isin(mask, (0, top)).all():
        values = np.unique(mask)
        odd = values[~np.isin(values, (0, 1, 255))]
        odd = odd if odd.size else values  # 0, 1 and 255 all at once
        what = ", ".join(f"{value:.3g}" for value in odd[:3]) + ", ..." * (odd.size > 3)
        raise InputError(
            f"{name} is {mask.dtype} with {what} in it, and a mask has only 0 and 1, or 0 and 255. "
            "Cut a probability first: hand >= predictor.threshold. Read a mask's file with hs.read_mask."
        )
    return (mask != 0).astype(np.uint8)
