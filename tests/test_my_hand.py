"""The learner's own photo: kept in one file on this machine, told plainly, and gone after one call."""

import os

import numpy as np
import pytest
from PIL import Image

from handseg_lib import InputError, my_hand
from handseg_lib.data import own


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("HANDSEG_MY_HAND", str(tmp_path / "deep" / "mine.png"))
    return tmp_path / "deep" / "mine.png"


def photo(height=30, width=40):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_what_is_kept_comes_back_and_what_is_forgotten_does_not(file):
    assert my_hand.load() is None and my_hand.load(photo()[:9]).shape == (9, 40, 3)
    assert my_hand.keep(photo()) == file
    assert (my_hand.load(photo()[:9]) == photo()).all()
    assert str(file) in my_hand.forget() and not file.exists()
    assert my_hand.load() is None and my_hand.forget() == "Your photo is not kept: there is nothing to remove."


def test_another_photo_takes_its_place_and_nothing_else_is_left(file):
    my_hand.keep(photo())
    my_hand.keep(photo(50, 20))
    assert my_hand.load().shape == (50, 20, 3) and [*file.parent.iterdir()] == [file]


def test_a_large_photo_is_kept_smaller_and_without_any_tag(file):
    my_hand.keep(photo(600, 3000))
    with Image.open(file) as picture:
        assert picture.size == (1024, 205) and not picture.info and not picture.getexif()


def test_a_disk_that_is_full_leaves_the_photo_of_before(file):
    def half(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    my_hand.keep(photo())
    with pytest.raises(InputError, match="your photo cannot be kept there .No space left on device.. Make room"):
        own.write_whole(file, half, "your photo")
    assert (my_hand.load() == photo()).all() and [*file.parent.iterdir()] == [file]


def test_it_is_in_the_users_cache_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("HANDSEG_MY_HAND", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert my_hand.path().name == "my_hand.png" and my_hand.path().parent.name == "handseg"
    monkeypatch.setenv("HANDSEG_MY_HAND", "none")
    assert my_hand.path() is None and my_hand.keep(photo()) is None and my_hand.load() is None
    assert my_hand.forget() == "Your photo is not kept: there is nothing to remove."


def test_what_cannot_be_kept_or_read_says_so(file):
    with pytest.raises(InputError, match="a photo must be uint8"):
        my_hand.keep(photo() / 255)
    my_hand.keep(photo())
    file.write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"mine.png: .* hs.my_hand.forget\(\) removes it"):
        my_hand.load()
    my_hand.forget()
    os.rmdir(file.parent)
    file.parent.write_text("a file where the folder should be")
    with pytest.raises(InputError, match="your photo cannot be kept there"):
        my_hand.keep(photo())
