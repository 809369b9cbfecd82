"""What drawn hands promise: one key, one picture; exact masks; the layout of HGR1; a cache that is whole or absent."""

import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from handseg_lib import InputError
from handseg_lib.data import drawn

KEYS = [(person, gesture, 1) for person, gesture in zip([1, 2, 3, 4] * 10, drawn.GESTURES, strict=False)]


def test_a_picture_depends_on_its_key_alone():
    np.random.seed(1)
    first = [drawn.render(*key, size=96) for key in KEYS[:4]]
    np.random.seed(2)
    again = [drawn.render(*key, size=96) for key in reversed(KEYS[:4])][::-1]
    for (image, mask), (image_again, mask_again) in zip(first, again, strict=True):
        assert np.array_equal(image, image_again) and np.array_equal(mask, mask_again)


@pytest.mark.parametrize("other", [(2, "A", 1, 0), (1, "B", 1, 0), (1, "A", 2, 0), (1, "A", 1, 1)])
def test_each_part_of_the_key_changes_the_picture(other):
    image, changed = drawn.render(1, "A", 1, 0, size=96)[0], drawn.render(*other, size=96)[0]
    assert image.shape != changed.shape or (image != changed).mean() > 0.5


def test_masks_are_zero_and_one_and_skin_is_neither_rare_nor_everything():
    shares = []
    for key in KEYS * 2:
        image, mask = drawn.render(*key, seed=len(shares), size=128)
        assert image.dtype == mask.dtype == np.uint8 and image.shape == (*mask.shape, 3)
        assert max(mask.shape) == 128 and set(np.unique(mask)) == {0, 1}
        shares.append(mask.mean())
    assert 0.02 < min(shares) and max(shares) < 0.6 and 0.12 < np.mean(shares) < 0.32  # HGR1: mean 0.22


def test_gestures_are_of_hgr1_and_unlike_each_other():
    assert set(drawn.GESTURES) <= set("12345ABCDEFGHIKLMNOPRSTUWYZ") and len(set(drawn.SHAPES.values())) >= 12
    with pytest.raises(ValueError, match="none of this name"):
        drawn.render(1, "X", 1)


def test_an_outline_in_the_mask_is_an_edge_in_the_picture():
    """Colour changes more from one side of the mask's outline to the other than it does within the skin."""
    across, within = [], []
    for key in KEYS:
        image, mask = drawn.render(*key, size=128)
        steps = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3))).max(2)
        across.append(np.median(steps[cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0]))
        within.append(np.median(steps[cv2.erode(mask, np.ones((7, 7))) > 0]))
    assert np.mean(across) > 2.5 * np.mean(within)


def test_a_sleeve_is_not_skin(monkeypatch):
    """In a long sleeve the same arm has less skin, never more; the hand stays."""
    habit = drawn._person(1, 0)
    shares = {}
    for bare in (0.3, 9.0):
        monkeypatch.setattr(drawn, "_person", lambda *_, bare=bare: replace(habit, bare=bare))
        shares[bare] = np.array([drawn.render(1, gesture, 1, size=128)[1].mean() for gesture in "ABLWI25U"])
    assert (shares[0.3] <= shares[9.0]).all() and 0.2 < shares[0.3].mean() / shares[9.0].mean() < 0.9


def test_a_person_stays_the_same_and_differs_from_the_others():
    people = [drawn._person(person, 0) for person in range(1, 11)]
    assert len({person.monk for person in people}) == len(drawn.MONK)
    assert len({person.girth for person in people}) == len({person.bare for person in people}) == 10
    assert repr(drawn._person(3, 0)) == repr(drawn._person(3, 0))
    assert drawn._person(3, 0).girth != drawn._person(3, 1).girth


def test_skin_differs_more_between_people_than_within_one():
    colours = np.empty((6, 6, 3))
    for person, take in np.ndindex(6, 6):
        image, mask = drawn.render(person, "5", take, size=64)
        colour = image[mask == 1].mean(0)
        colours[person, take] = colour / colour.sum()
    assert colours.mean(1).std(0).mean() > 1.5 * colours.std(1).mean()


def test_written_masks_are_one_bit_and_black_on_skin(tmp_path):
    drawn.write(tmp_path, persons=2, gestures=("5", "A"), takes=1, size=96)
    names = ["5_P_hgr1_id01_1", "5_P_hgr1_id02_1", "A_P_hgr1_id01_1", "A_P_hgr1_id02_1"]
    assert sorted(path.name for path in (tmp_path / "original_images").iterdir()) == [f"{n}.jpg" for n in names]
    assert sorted(path.name for path in (tmp_path / "skin_masks").iterdir()) == [f"{n}.bmp" for n in names]
    image, mask = drawn.render(2, "A", 1, size=96)
    with Image.open(tmp_path / "skin_masks" / "A_P_hgr1_id02_1.bmp") as file:
        assert file.mode == "1"
        assert np.array_equal(np.asarray(file) == 0, mask == 1)
    with Image.open(tmp_path / "original_images" / "A_P_hgr1_id02_1.jpg") as file:
        assert np.abs(np.asarray(file, int) - image).mean() < 4


@pytest.fixture
def few(monkeypatch):
    """Two gestures, and a count of what was rendered."""
    count, render = [], drawn.render
    monkeypatch.setattr(drawn, "GESTURES", ("A", "5"))
    monkeypatch.setattr(drawn, "render", lambda *key: count.append(key) or render(*key))
    return count


def test_load_renders_once_and_reads_like_hgr1(tmp_path, few):
    samples = drawn.load(persons=2, takes=1, size=64, cache=tmp_path)
    assert len(samples) == len(few) == 4
    assert {(s.person, s.gesture) for s in samples} == {("01", "A"), ("02", "A"), ("01", "5"), ("02", "5")}
    image, mask = samples[0].read()
    assert image.shape == (*mask.shape, 3) and np.array_equal(mask, drawn.render(1, "5", 1, 0, 64)[1])
    few.clear()
    assert drawn.load(persons=2, takes=1, size=64, cache=tmp_path) == samples and not few
    drawn.load(persons=2, takes=1, size=64, seed=1, cache=tmp_path)
    assert len(few) == 4  # other arguments, other pictures


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-5])


def emptied(path):
    path.write_bytes(bytes(path.stat().st_size))  # as a crash of the machine leaves it


def removed(path):
    path.unlink()


@pytest.mark.parametrize("lose", [removed, cut_off, emptied], ids=lambda function: function.__name__)
@pytest.mark.parametrize("parts", [["image", "mask"], ["image"], ["mask"]], ids="-".join)
def test_what_the_cache_has_lost_is_drawn_again_and_nothing_else(tmp_path, few, lose, parts):
    """A pair of which nothing is left would not be missed: 3 of 4 would load in silence."""
    samples = drawn.load(persons=2, takes=1, size=64, cache=tmp_path)
    before = [(sample.image.read_bytes(), sample.mask.read_bytes()) for sample in samples]
    few.clear()
    for part in parts:
        lose(getattr(samples[2], part))
    assert drawn.load(persons=2, takes=1, size=64, cache=tmp_path) == samples
    assert few == [(1, "A", 1, 0, 64)]
    assert [(sample.image.read_bytes(), sample.mask.read_bytes()) for sample in samples] == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_cache_of_empty_folders_is_drawn_again(tmp_path, few):
    samples = drawn.load(persons=1, takes=1, size=64, cache=tmp_path)
    shutil.rmtree(samples[0].image.parent)
    assert drawn.load(persons=1, takes=1, size=64, cache=tmp_path) == samples


def test_a_pair_that_is_not_of_the_data_set_is_not_loaded(tmp_path, few):
    samples = drawn.load(persons=1, takes=1, size=64, cache=tmp_path)
    for path in (samples[0].image, samples[0].mask):
        shutil.copy(path, path.with_name(path.name.replace("id01", "id13")))
    assert drawn.load(persons=1, takes=1, size=64, cache=tmp_path) == samples


def test_what_cannot_be_drawn_again_is_told(tmp_path, few):
    lost = drawn.load(persons=1, takes=1, size=64, cache=tmp_path)[0].image
    lost.unlink()
    (lost / "in the way").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be mended .* Remove this folder"):
        drawn.load(persons=1, takes=1, size=64, cache=tmp_path)


def test_drawn_hands_are_not_written_over_other_photos(hands, tmp_path, few):
    """They have HGR1's names, and might be written into its folder."""
    real = shutil.copytree(hands, tmp_path / "real") / "original_images" / "5_P_hgr1_id01_1.jpg"
    before = real.read_bytes()
    with pytest.raises(InputError, match="5_P_hgr1_id01_1.jpg: there is such a file already"):
        drawn.write(tmp_path / "real", persons=1, takes=1)
    assert real.read_bytes() == before and not few


def test_a_changed_renderer_renders_anew(tmp_path, few, monkeypatch):
    drawn.load(persons=1, takes=1, size=64, cache=tmp_path)
    monkeypatch.setattr(drawn, "RENDERER_VERSION", drawn.RENDERER_VERSION + 1)
    drawn.load(persons=1, takes=1, size=64, cache=tmp_path)
    assert len(few) == 4


# each picture's brightness, averaged over 4x4 tiles, and the share of skin, as RENDERER_VERSION 2 draws them at 96 px
PICTURES = {
    (1, "5", 1): (0.278, [[42, 45, 34, 57], [54, 73, 53, 58], [44, 79, 79, 53], [37, 41, 79, 84]]),
    (2, "A", 1): (0.263, [[49, 54, 43, 38], [66, 115, 85, 40], [83, 118, 35, 73], [150, 49, 56, 79]]),
    (7, "L", 2): (0.034, [[53, 50, 54, 52], [51, 41, 30, 30], [51, 47, 40, 46], [28, 34, 73, 61]]),
}


@pytest.mark.parametrize("key", PICTURES)
def test_pictures_that_come_out_different_need_a_new_version(key):
    """Or a learner's cache keeps the old ones, and the lessons' outputs are of the new."""
    share, tiles = PICTURES[key]
    image, mask = drawn.render(*key, size=96)
    found = cv2.resize(image.mean(2), (4, 4), interpolation=cv2.INTER_AREA)
    assert np.abs(found - tiles).max() < 1.5 and mask.mean() == pytest.approx(share, abs=0.002)
    assert drawn.RENDERER_VERSION == 2


def test_a_killed_rendering_leaves_nothing_that_loads(tmp_path, few, monkeypatch):
    whole = drawn.render

    def killed(*key):
        if len(few) == 3:
            raise KeyboardInterrupt
        return whole(*key)

    monkeypatch.setattr(drawn, "render", killed)
    with pytest.raises(KeyboardInterrupt):
        drawn.load(persons=2, takes=1, size=64, cache=tmp_path)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(drawn, "render", whole)
    assert len(drawn.load(persons=2, takes=1, size=64, cache=tmp_path)) == 4


def test_a_cache_that_cannot_be_written_is_told_in_a_sentence(tmp_path, few):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be written.*XDG_CACHE_HOME"):
        drawn.load(persons=1, takes=1, size=64, cache=tmp_path / "file")


def test_the_second_of_two_processes_takes_what_the_first_made(tmp_path, few, monkeypatch):
    write = drawn.write

    def slow(folder, *args, **kwargs):
        monkeypatch.setattr(drawn, "write", write)
        drawn.load(persons=1, takes=1, size=64, cache=tmp_path)  # the other process, done first
        write(folder, *args, **kwargs)

    monkeypatch.setattr(drawn, "write", slow)
    assert len(drawn.load(persons=1, takes=1, size=64, cache=tmp_path)) == 2
    assert len(list(tmp_path.iterdir())) == 1
