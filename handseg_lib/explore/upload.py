"""A photo of your own: uploaded, segmented, and the hand to take home."""

import base64
import io
from html import escape
from pathlib import PurePath

import cv2
import ipywidgets as widgets
import numpy as np

from .. import plots
from ..data import my_hand
from ..data.files import read_image
from ..data.gate import InputError, as_masks, as_photo, as_probability, number, readable
from ..predictor import Predictor, as_predictor
from .chooser import Chooser, Upload
from .view import Drawing, View, button, choice, shrink, slider

WELCOME = (
    "No photo yet: choose one, drop one on the frame, or take one with the camera. It goes to the machine that runs "
    "this notebook, and nowhere else."
)


KEPT = (
    " There it is kept, in one file of the course's cache, so that later lessons can show it beside their own hands. "
    "hs.my_hand.forget() removes it."
)
COURSE, MINE = "the course's", "your own"


def try_photo(predictor: Predictor, mine: Predictor | None = None, keep: bool = False) -> View:
    """Segments a photo that you choose, drop or take, and makes files to download: the mask, and the hand cut out.

    Args:
        predictor: a trained model.
        mine: another one to switch to, such as your own (``hs.my_network.load()``); None: none.
        keep: True to keep the photo for the later lessons, as the widget then says (``hs.my_hand``).
    """
    predictor = as_predictor(predictor, "__call__", "threshold")
    predictors = {COURSE: predictor} | ({} if mine is None else {MINE: mine})
    controls = {
        "photo": Chooser(),
        "threshold": slider("threshold", predictor.threshold, 0.01, 0.99, 0.01),
    }
    if mine is not None:
        controls["network"] = choice("network", list(predictors))
    links = widgets.HTML()
    given = {}  # the photo and its probabilities, so that a move of the threshold needs no pass of the network
    welcome = WELCOME + KEPT * keep

    def forget(change) -> None:
        given.clear()
        view.picture.value = links.value = ""  # an upload that fails leaves nothing of the one before

    def draw(photo, threshold, network=COURSE) -> Drawing:
        links.value = ""
        if photo is None:
            return Drawing([], [], welcome, welcome)
        if not given:
            name, image = read_upload(photo)
            given.update(name=name, image=image, small=shrink(image))
            if keep:
                my_hand.keep(image)
        if network not in given:
            given[network] = shrink(predictors[network](given["image"]))
        height, width = given["image"].shape[:2]
        return draw_photo(given["small"], given[network], threshold, f"{given['name']} | {width} x {height} pixels")

    def make_files() -> None:
        if given:
            network = predictors[controls["network"].value if mine is not None else COURSE]
            mask = (network(given["image"]) >= controls["threshold"].value).astype(np.uint8)
            links.value = "<br>".join(download_links(given["name"], given["image"], mask))

    controls["photo"].observe(forget, "value")  # before the view's own observer, which draws
    view = View(draw, controls, [button("make files to download", make_files)])
    view.children += (links,)
    return view


def draw_photo(image: np.ndarray, hand: np.ndarray, threshold: float, text: str = "") -> Drawing:
    """Draws what ``try_photo`` shows: a photo, its mask on it, and the hand cut out.

    Args:
        image: uint8 (H, W, 3) RGB.
        hand: probability of hand, float (H, W) in 0-1.
        threshold: probability from which a pixel is called hand.
        text: to begin the line below with.
    """
    image = as_photo(image)
    number("threshold", threshold, 0, 1, such_as=0.5)
    mask = (as_probability(hand, image[..., 0], "hand") >= threshold).astype(np.uint8)
    share = mask.mean()
    share_of_hand = f"{share:.0%} hand" if mask.any() else "no hand found; a lower one may find it"
    facts = [text, f"threshold {threshold:.2f}: {share_of_hand}"]
    return Drawing(
        [image, plots.overlay(image, mask), on_checks(cut_out(image, mask))],
        ["photo", "mask on the photo", "hand cut out"],
        alt=f"A photo, the same with the mask at threshold {threshold:.2f} filled and outlined in blue, {share:.0%} of "
        "it hand, and the hand cut out on a chequered ground.",
        text=" | ".join(filter(None, facts)),
    )


def cut_out(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The hand alone: uint8 (H, W, 4) RGBA, transparent where the mask (H, W) of {0, 1} is 0."""
    (mask,) = as_masks(image, mask=mask)
    return np.dstack([image * mask[..., None], mask * 255])  # black below, so that nothing stays hidden in the file


def on_checks(cut: np.ndarray) -> np.ndarray:
    """Lays a picture (H, W, 4) RGBA on a chequered ground, as image editors show what is transparent."""
    y, x = np.indices(cut.shape[:2]) // max(4, max(cut.shape) // 32)
    checks = np.where((x + y) % 2, 255, 208)[..., None]
    return np.where(cut[..., 3:] > 0, cut[..., :3], checks).astype(np.uint8)


# Files in and out


def read_upload(upload: Upload) -> tuple[str, np.ndarray]:
    """Name and photo, uint8 (H, W, 3) RGB, of a file from the browser.

    Raises:
        InputError: the browser refused it, or it cannot be read.
    """
    if upload.refused:
        raise InputError(upload.refused)
    if not upload.content:
        raise InputError(f"{upload.name}: the file is empty. Choose another photo.")
    stream = io.BytesIO(upload.content)
    stream.name = upload.name
    return readable(upload.name), read_image(stream)


def download_links(name: str, image: np.ndarray, mask: np.ndarray) -> list[str]:
    """HTML of two links that download PNG files at the photo's own size: the mask, hand white, and the hand cut out.

    Args:
        name: of the photo's file.
        image: uint8 (H, W, 3) RGB.
        mask: (H, W) of {0, 1}.
    """
    stem = escape(PurePath(name).stem)
    (mask,) = as_masks(image, mask=mask)
    files = {
        f"{stem}_mask.png": mask * 255,
        f"{stem}_cutout.png": cv2.cvtColor(cut_out(image, mask), cv2.COLOR_RGBA2BGRA),
    }
    size = f"{image.shape[1]} x {image.shape[0]} pixels"
    return [
        f'<a style="text-decoration:underline" download="{file}" href="{png_uri(picture)}">download {file}, {size}</a>'
        for file, picture in files.items()
    ]


def png_uri(picture: np.ndarray) -> str:
    """A picture in OpenCV's order of channels as the address of a PNG, no pixel changed."""
    return f"data:image/png;base64,{base64.b64encode(cv2.imencode('.png', picture)[1]).decode()}"
