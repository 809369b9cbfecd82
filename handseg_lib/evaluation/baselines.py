"""Baselines: what colour alone can do, so that a network's score has something to stand beside.

Each is called on a photo as a predictor is, and ``evaluate`` scores it the same way. Four need no training at all;
the Bayes histogram and GrabCut learn the colours of the training persons.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..data.gate import as_masks
from ..data.samples import Sample, as_samples
from .report import tune_threshold

BINS = 32  # of each colour channel


@dataclass(frozen=True)
class Baseline:
    """A method behind a predictor's face.

    Attributes:
        name: for tables.
        method: from a photo, uint8 (H, W, 3) RGB, to float32 (H, W) in 0-1.
        threshold: from which a pixel is called hand, 0-1.
    """

    name: str
    method: Callable[[np.ndarray], np.ndarray]
    threshold: float = 0.5

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The probability of hand, or a mask of 0 and 1: float32 (H, W), for a photo uint8 (H, W, 3) RGB."""
        return self.method(image).astype(np.float32)

    def predict_batch(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The same for several photos."""
        return [self(image) for image in images]

    def mask(self, image: np.ndarray) -> np.ndarray:
        """The mask: uint8 (H, W) of {0, 1}, 1 = hand."""
        return (self(image) >= self.threshold).astype(np.uint8)


def fit_all(train: Sequence[Sample], val: Sequence[Sample]) -> list[Baseline]:
    """All baselines, the simplest first; those that learn, from ``train``, their threshold from ``val``.

    Raises:
        InputError: one of the two is empty.
    """
    bayes = fit_bayes(train, val)
    return [
        Baseline("all skin", all_skin),
        Baseline("YCbCr rule", ycbcr_rule),
        Baseline("HSV rule", hsv_rule),
        Baseline("Otsu on Cr", otsu_on_cr),
        bayes,
        Baseline("GrabCut from Bayes", lambda image: grabcut(image, bayes(image), bayes.threshold)),
    ]


# Without training


def all_skin(image: np.ndarray) -> np.ndarray:
    """Every pixel is hand: the score that a method must beat to have found anything."""
    return np.ones(image.shape[:2], np.uint8)


def ycbcr_rule(image: np.ndarray) -> np.ndarray:
    """A box in Cb and Cr: Chai and Ngan 1999, https://doi.org/10.1109/76.767122."""
    return cv2.inRange(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb), (0, 133, 77), (255, 173, 127)) // 255


def hsv_rule(image: np.ndarray) -> np.ndarray:
    """Hue 0-50 degrees, saturation 0.23-0.68: Sobottka and Pitas 1998, https://doi.org/10.1016/S0923-5965(97)00042-8."""
    hsv = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    return cv2.inRange(hsv, (0, 0.23, 0), (50, 0.68, 1)) // 255


def otsu_on_cr(image: np.ndarray) -> np.ndarray:
    """The redder of two classes, cut where Otsu would: Otsu 1979, https://doi.org/10.1109/TSMC.1979.4310076."""
    red = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)[..., 1])
    return cv2.threshold(red, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]


# From the colours of the training persons


def fit_bayes(train: Sequence[Sample], val: Sequence[Sample]) -> Baseline:
    """Counts how often each colour is skin: Jones and Rehg 2002, https://doi.org/10.1023/A:1013200319198.

    Args:
        train: their pixels fill two histograms of 32 x 32 x 32 bins.
        val: the threshold is the one with the best mean IoU on these.

    Raises:
        InputError: one of the two is empty.
    """
    train = as_samples(train, "count colours of")
    skin, pixels = np.zeros(BINS**3), np.zeros(BINS**3)
    for sample in train:
        image, mask = sample.read()
        bins = _colour_bins(image)
        pixels += np.bincount(bins.ravel(), minlength=BINS**3)
        skin += np.bincount(bins[mask == 1], minlength=BINS**3)
    # as if each bin had been seen once more, with skin in its usual share: a colour never seen says nothing
    share = ((skin + skin.sum() / pixels.sum()) / (pixels + 1)).astype(np.float32)
    bayes = Baseline("Bayes histogram", lambda image: share[_colour_bins(image)])
    return Baseline(bayes.name, bayes.method, tune_threshold(bayes, val)[0])


def grabcut(image: np.ndarray, hand: np.ndarray, threshold: float, side: int = 320, rounds: int = 3) -> np.ndarray:
    """Redraws a first guess along the photo's edges, and keeps the largest piece.

    GrabCut: Rother, Kolmogorov, Blake 2004, https://doi.org/10.1145/1186562.1015720.

    Args:
        image: uint8 (H, W, 3) RGB.
        hand: the first guess, (H, W), a probability.
        threshold: at which the guess is cut.
        side: it works on at most so many pixels of the longer side; the answer is brought back to the photo's size.
        rounds: of colour model and cut.

    Returns:
        float32 (H, W), soft only where it was enlarged.
    """
    scale = min(1.0, side / max(image.shape[:2]))
    size = tuple(max(1, round(length * scale)) for length in image.shape[1::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    guess = cv2.GaussianBlur(cv2.resize(hand, size, interpolation=cv2.INTER_AREA), (0, 0), 1) >= threshold
    labels = np.where(guess, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    if 0 < guess.mean() < 1:  # else there is nothing to tell apart
        cv2.setRNGSeed(0)
        cv2.grabCut(small, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK)
    piece = largest_piece((labels == cv2.GC_PR_FGD).astype(np.uint8)).astype(np.float32)
    return cv2.resize(piece, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """Keeps the largest connected piece of a mask, uint8 (H, W) of {0, 1}; pixels that touch at a corner connect."""
    (mask,) = as_masks(mask=mask)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return mask
    return (labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)


def _colour_bins(image: np.ndarray) -> np.ndarray:
    """The bin of each pixel's colour, (H, W) in 0 to 32^3 - 1."""
    red, green, blue = (image[..., channel].astype(np.int32) * BINS // 256 for channel in range(3))
    return (red * BINS + green) * BINS + blue
