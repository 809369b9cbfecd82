"""The live view's part in Python: a frame comes in as a JPEG, its mask goes back, and so does what went wrong."""

import io

import numpy as np
import pytest
from PIL import Image

from handseg_lib import InputError, Predictor, explore
from handseg_lib.explore.camera import Camera, look


class Bright(Predictor):
    """Calls what is bright a hand, at 32 pixels."""

    def __init__(self):
        self.threshold, self.size = 0.6, 32

    def __call__(self, image):
        assert image.shape == (32, 32, 3), "the network's size is enough"
        return image.mean(2).astype(np.float32) / 255


def frame() -> bytes:
    """A frame of 64 x 48 pixels whose upper half has a brightness of 0.8, the lower one of 0.2."""
    image = np.full((48, 64, 3), 51, np.uint8)
    image[:24] = 204
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=95)
    return stream.getvalue()


@pytest.fixture
def camera(monkeypatch):
    camera = Camera(Bright())
    camera.answers = []
    monkeypatch.setattr(camera, "send", lambda message, buffers=(): camera.answers.append((message, buffers)))
    return camera


def test_a_frame_becomes_a_mask_of_the_networks_size(camera):
    camera.receive({"frame": 7}, [memoryview(frame())])
    ((message, (buffer,)),) = camera.answers
    assert message == {"frame": 7, "side": 32} and camera.threshold == 0.6
    hand = np.frombuffer(buffer, np.uint8).reshape(32, 32)
    assert np.abs(hand[:15].astype(int) - 204).max() <= 4 and np.abs(hand[17:].astype(int) - 51).max() <= 4


def test_what_goes_wrong_goes_back_as_a_sentence_and_the_next_frame_has_its_chance(camera):
    camera.receive({"frame": 1}, [b"no picture"])
    camera.receive({"frame": 2}, [frame()])
    (first, _), (second, _) = camera.answers
    assert "the camera's frame: this is not a picture" in first["error"] and "error" not in second
    with pytest.raises(InputError):
        look(Bright(), b"")


def test_no_frame_is_in_the_state_that_a_notebook_may_store(camera):
    before = camera.get_state()
    camera.receive({"frame": 1}, [frame()])
    assert camera.get_state() == before


class Half(Predictor):
    def __init__(self):
        self.threshold, self.size = 0.5, 32

    def __call__(self, image):
        return np.tile(np.arange(image.shape[1]) < image.shape[1] / 2, (len(image), 1)).astype(np.float32)


def test_with_the_widget_goes_a_picture_for_pages_that_cannot_run_it():
    view = explore.live(Half())
    data, _ = view._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
    assert "<img" in data["text/html"] and "50% of it hand" in data["text/html"]
    assert "kept nowhere" in view.picture.value
