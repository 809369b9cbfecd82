"""Photos of one's own: shown upright, segmented at their own size, and whatever else is uploaded gets a sentence."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from test_explore import buttons

from handseg_lib import Predictor, explore, my_hand
from handseg_lib.data import files
from handseg_lib.explore.upload import cut_out, download_links, on_checks


def encoded(image, kind="PNG", **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind, **options)
    return stream.getvalue()


def links(view) -> dict[str, np.ndarray]:
    """The pictures that the widget offers to download, by their file names."""
    found = re.findall(r'download="([^"]+)" href="data:image/png;base64,([^"]+)"', view.children[-1].value)
    return {name: np.array(Image.open(io.BytesIO(base64.b64decode(code)))) for name, code in found}


class Bright(Predictor):
    """Calls what is bright a hand, and counts how often it is asked."""

    def __init__(self):
        self.threshold, self.asked = 0.6, 0

    def __call__(self, image):
        self.asked += 1
        return image.mean(2).astype(np.float32) / 255


@pytest.fixture
def photo() -> np.ndarray:
    """A bright upper left quarter, of a brightness of 0.8 and 0.5, before black: so that no turn leaves it as it is."""
    photo = np.zeros((40, 60, 3), np.uint8)
    photo[:20, :15], photo[:20, 15:30] = 204, 128
    return photo


@pytest.fixture
def view():
    return explore.try_photo(Bright())


def upload(view, name: str, content: bytes, piece: int = 10**9) -> None:
    """What chooser.js does with a file."""
    for start in range(0, len(content) or 1, piece):
        message = {"name": name, "start": start, "size": len(content)}
        view.controls["photo"].receive(message, [memoryview(content[start : start + piece])])


# What is kept, and your own network


def test_a_photo_is_kept_for_later_lessons_only_where_that_is_said(photo, tmp_path, monkeypatch):
    monkeypatch.setenv("HANDSEG_MY_HAND", str(tmp_path / "mine.png"))
    view = explore.try_photo(Bright())
    assert "kept" not in view.picture.value
    upload(view, "a.png", encoded(photo))
    assert my_hand.load() is None
    view = explore.try_photo(Bright(), keep=True)
    assert "There it is kept" in view.picture.value and "hs.my_hand.forget() removes it" in view.picture.value
    upload(view, "a.png", encoded(photo))
    assert (my_hand.load() == photo).all() and not view.message.value


def test_your_own_network_answers_beside_the_courses(photo):
    class Dark(Bright):
        def __call__(self, image):
            return 1 - super().__call__(image)

    course, mine = Bright(), Dark()
    view = explore.try_photo(course, mine)
    upload(view, "a.png", encoded(photo))
    assert "12% hand" in view.picture.value and (course.asked, mine.asked) == (1, 0)
    view.controls["network"].value = "your own"
    assert "75% hand" in view.picture.value  # what is darker than 0.4
    for network in ("the course's", "your own"):
        view.controls["network"].value = network
    assert (course.asked, mine.asked) == (1, 1), "each is asked once"
    buttons(view)["make files to download"].click()
    assert links(view)["a_mask.png"].mean() == 0.75 * 255


# A photo


def test_at_first_it_asks_for_a_photo(view):
    assert "No photo yet" in view.picture.value and view.message.value == ""
    buttons(view)["make files to download"].click()
    assert links(view) == {}


def test_an_upload_is_shown_and_follows_the_threshold_with_one_pass_of_the_network(view, photo):
    predictor = Bright()
    view = explore.try_photo(predictor)
    upload(view, "a.png", encoded(photo))
    expected = explore.draw_photo(photo, Bright()(photo), 0.6, "a.png | 60 x 40 pixels").html()
    assert view.picture.value == expected and "threshold 0.60: 12% hand" in expected
    view.controls["threshold"].value = 0.4
    assert "threshold 0.40: 25% hand" in view.picture.value and predictor.asked == 1
    upload(view, "b.png", encoded(photo[::-1]))
    assert "b.png" in view.picture.value and predictor.asked == 2


def test_a_photo_comes_in_pieces_and_a_new_one_begins_anew(view, photo):
    content = encoded(photo)
    view.controls["photo"].receive({"name": "lost.png", "start": 0, "size": 9}, [b"half"])
    upload(view, "a.png", content, piece=50)
    assert len(content) > 100 and "a.png" in view.picture.value and view.message.value == ""


def test_the_same_photo_chosen_again_is_drawn_again():
    predictor = Bright()
    view = explore.try_photo(predictor)
    for _ in range(2):
        upload(view, "a.png", encoded(np.zeros((9, 9), np.uint8)))
    assert predictor.asked == 2


def test_no_photo_is_in_the_state_that_a_notebook_may_store(view, photo):
    before = view.controls["photo"].get_state()
    upload(view, "a.png", encoded(photo))
    assert view.controls["photo"].get_state() == before


def test_a_phones_photo_is_turned_upright(view, photo):
    exif = Image.Exif()
    exif[0x0112] = 6
    upload(view, "a.png", encoded(photo, exif=exif))
    buttons(view)["make files to download"].click()
    assert np.array_equal(links(view)["a_mask.png"], np.rot90(photo[..., 0] > 160, -1) * np.uint8(255))


def test_where_no_hand_is_found_it_says_so(view, photo):
    upload(view, "a.png", encoded(photo // 2))
    assert "threshold 0.60: no hand found" in view.picture.value


def test_a_large_photo_is_drawn_small_and_saved_at_its_own_size(view):
    photo = np.zeros((2000, 3000, 3), np.uint8)
    photo[:1000, :750] = 204
    upload(view, "a.png", encoded(photo))
    assert "3000 x 2000 pixels | threshold 0.60: 12% hand" in view.picture.value
    assert view.drawn.pictures[0].shape == (341, 512, 3)  # so that the threshold moves at once
    buttons(view)["make files to download"].click()
    assert np.array_equal(links(view)["a_mask.png"], (photo[..., 0] > 0) * np.uint8(255))


# Files to download


def test_files_are_of_the_threshold_that_is_shown(view, photo):
    upload(view, "hand.one.png", encoded(photo))
    buttons(view)["make files to download"].click()
    files = links(view)
    assert set(files) == {"hand.one_mask.png", "hand.one_cutout.png"}
    assert np.array_equal(files["hand.one_mask.png"], (photo[..., 0] == 204) * np.uint8(255))
    assert np.array_equal(files["hand.one_cutout.png"], cut_out(photo, (photo[..., 0] == 204).astype(np.uint8)))
    view.controls["threshold"].value = 0.4
    assert links(view) == {}
    buttons(view)["make files to download"].click()
    assert np.array_equal(links(view)["hand.one_mask.png"], (photo[..., 0] > 0) * np.uint8(255))


def test_a_cut_out_keeps_the_hand_and_hides_nothing(photo):
    photo[20:] = 77
    mask = np.zeros((40, 60), np.uint8)
    mask[:20] = 1
    cut = cut_out(photo, mask)
    assert np.array_equal(cut[:20, :, :3], photo[:20]) and (cut[:20, :, 3] == 255).all() and not cut[20:].any()
    shown = on_checks(cut)
    assert np.array_equal(shown[:20], photo[:20]) and set(np.unique(shown[20:])) == {208, 255}


def test_colours_of_a_downloaded_cut_out_are_those_of_the_photo():
    red = np.full((8, 8, 3), (250, 20, 10), np.uint8)
    code = re.search('base64,([^"]+)', download_links("a.jpg", red, np.ones((8, 8), np.uint8))[1])[1]
    assert np.array(Image.open(io.BytesIO(base64.b64decode(code))))[0, 0].tolist() == [250, 20, 10, 255]


def test_a_name_with_marks_stays_a_name(photo):
    mask = photo[..., 0] > 0
    assert 'download="&lt;b&gt;&quot;_mask.png"' in download_links('<b>".png', photo, mask.astype(np.uint8))[0]


# Wrong uploads


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, kind, save_all=True, append_images=frames[1:])
    return stream.getvalue()


HEIC = "a.heic: this is not a picture" if "HEIF" in Image.OPEN else "pip install pillow-heif"
WRONG = {
    "text": ("a.jpg", b"This is no picture.\nIt has two lines.", "a.jpg: this is not a picture that can be read"),
    "empty": ("a.jpg", b"", "a.jpg: the file is empty"),
    "cut": ("a.jpg", encoded(np.zeros((99, 99, 3), np.uint8), "JPEG")[:400], "a.jpg: this is not a picture"),
    "heic": ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), HEIC),
} | {kind: (f"a.{kind}", animated(kind), "several pictures in one file") for kind in ("GIF", "PNG", "WEBP")}


@pytest.mark.parametrize("name, content, words", WRONG.values(), ids=WRONG)
def test_a_wrong_upload_gets_a_sentence_and_the_next_one_is_shown(view, photo, name, content, words):
    upload(view, "good.png", encoded(photo))
    buttons(view)["make files to download"].click()
    upload(view, name, content)
    assert words in view.message.value and view.picture.value == "" and links(view) == {}
    view.controls["threshold"].value = 0.7
    assert words in view.message.value and view.picture.value == ""
    upload(view, "next.png", encoded(photo))
    assert view.message.value == "" and "next.png" in view.picture.value


def test_what_the_browser_refuses_is_said_in_its_words(view, photo):
    upload(view, "good.png", encoded(photo))
    view.controls["photo"].receive({"refused": "a.jpg: 100 MB, and at most 50 are read."}, [])
    assert "a.jpg: 100 MB, and at most 50 are read." in view.message.value and view.picture.value == ""


def test_a_huge_picture_gets_a_sentence_before_it_is_decoded(view, monkeypatch):
    monkeypatch.setattr(files, "MAX_PIXELS", 10**6)
    upload(view, "a.png", encoded(np.zeros((2000, 1000), np.uint8)))
    assert "a.png: this is not a picture that can be read (1000x2000 pixels; at most 1 million" in view.message.value
