"""The live view: your camera in the notebook, and what the network sees in it, several times a second."""

import io
from collections.abc import Sequence

import anywidget
import cv2
import ipywidgets as widgets
import numpy as np
import traitlets

from ..data import drawn
from ..data.augment import resize_image
from ..data.files import read_image
from ..predictor import Predictor
from .chooser import script
from .upload import draw_photo
from .view import Drawing, View

WELCOME = "Its pictures go to the machine that runs this notebook, one at a time, and are kept nowhere."


class Camera(anywidget.AnyWidget):
    """The camera with its mask. What is in it is in camera.js.

    Args:
        predictor: what looks at the frames.

    Attributes:
        threshold: at which the slider begins.
    """

    _esm = script("lending.js", "camera.js")
    threshold = traitlets.Float(0.5).tag(sync=True)

    def __init__(self, predictor: Predictor):
        super().__init__(threshold=float(predictor.threshold), layout=widgets.Layout(max_width="100%"))
        self.predictor = predictor
        self.on_msg(lambda _, message, buffers: self.receive(message, buffers))

    def receive(self, message: dict, buffers: Sequence[bytes]) -> None:
        """Takes a frame of camera.js, a JPEG, and sends its mask back. Whatever goes wrong goes back as a sentence."""
        try:
            hand = look(self.predictor, b"".join(buffers))
            self.send({"frame": message["frame"], "side": self.predictor.size}, [hand.tobytes()])
        except Exception as error:
            self.send({"frame": message["frame"], "error": str(error) or type(error).__name__})


def live(predictor: Predictor) -> View:
    """Shows your camera with the mask drawn over it, or its background blurred or replaced, several times a second.

    The camera is on from "start" to "stop". It needs a browser that lends it: on this machine or over https.

    Args:
        predictor: a trained model.
    """
    view = View(lambda: Drawing([], [], WELCOME, WELCOME), {}, [Camera(predictor)])
    view.drawn = draw_live(predictor)  # for a page that cannot run widgets
    return view


def look(predictor: Predictor, jpeg: bytes) -> np.ndarray:
    """The probability of hand in a frame, as the network gives it: uint8 (S, S), 0-255 for 0-1.

    The browser enlarges it: on the way it is a tenth of the frame's own size.

    Raises:
        InputError: the bytes are no picture.
    """
    stream = io.BytesIO(jpeg)
    stream.name = "the camera's frame"
    hand = predictor(resize_image(read_image(stream), predictor.size))
    return cv2.convertScaleAbs(hand, alpha=255)


def draw_live(predictor: Predictor) -> Drawing:
    """Draws what ``live`` shows, with a drawn hand in place of yours: the static preview."""
    image, _ = drawn.render(person=24, gesture="L", take=0)
    shown = draw_photo(image, predictor(image), predictor.threshold)
    return Drawing(shown.pictures[:2], ["before the camera", "mask over it"], alt=shown.alt)
