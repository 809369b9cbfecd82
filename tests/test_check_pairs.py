"""Each fault that is planted in a clean data set is found, at its file, and nothing else is."""

import os
import shutil
import sys

import cv2
import numpy as np
import pytest
from conftest import save_pair
from PIL import Image

from handseg_lib import InputError, Split, check_pairs, pair, plots, read_image, read_mask, split_by_person
from handseg_lib.data import drawn, hgr1

VICTIM, OTHER = "5_P_hgr1_id04_1", "Z_P_hgr1_id09_1"


@pytest.fixture
def folder(hands, tmp_path):
    """A copy of ``hands``, to spoil."""
    return shutil.copytree(hands, tmp_path / "hands")


def photo(folder, stem=VICTIM):
    return folder / "original_images" / f"{stem}.jpg"


def mask(folder, stem=VICTIM):
    return folder / "skin_masks" / f"{stem}.bmp"


def check(folder):
    return check_pairs(folder / "original_images", folder / "skin_masks")


def rewrite(path, change):
    Image.fromarray(change(np.array(Image.open(path).convert("L")))).save(path)


# The faults. Each spoils one file, and returns it.


def no_mask(folder):
    mask(folder).unlink()
    return photo(folder)


def no_photo(folder):
    photo(folder).unlink()
    return mask(folder)


def another_size(folder):
    rewrite(mask(folder), lambda grey: grey[:-1] > 0)
    return mask(folder)


def grey_levels(folder):
    rewrite(mask(folder), lambda grey: grey // 2 + np.linspace(0, 90, grey.shape[1]).astype(np.uint8))
    return mask(folder)


def inverted(folder):
    rewrite(mask(folder), lambda grey: grey == 0)
    return mask(folder)


def empty(folder):
    rewrite(mask(folder), lambda grey: grey >= 0)
    return mask(folder)


def all_skin(folder):
    rewrite(mask(folder), lambda grey: grey < 0)
    return mask(folder)


def photo_twice(folder):
    """Under another name and saved again: no byte is the same."""
    Image.open(photo(folder)).save(photo(folder, OTHER), quality=85)
    shutil.copy(mask(folder), mask(folder, OTHER))
    return photo(folder, OTHER)


def mask_twice(folder):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, read_image(photo(folder)).shape, np.uint8)).save(
        photo(folder, OTHER)
    )
    shutil.copy(mask(folder), mask(folder, OTHER))
    return mask(folder, OTHER)


def broken_photo(folder):
    photo(folder).write_bytes(photo(folder).read_bytes()[:300])
    return photo(folder)


def broken_mask(folder):
    mask(folder).write_bytes(b"")
    return mask(folder)


FAULTS = {
    no_mask: "no partner",
    no_photo: "no partner",
    another_size: "the mask is",
    grey_levels: "not binary",
    inverted: "inverted",
    empty: "empty",
    all_skin: "inverted",
    photo_twice: f"the same photo as original_images/{VICTIM}.jpg",
    mask_twice: f"the same mask as skin_masks/{VICTIM}.bmp",
    broken_photo: "this is not a picture",
    broken_mask: "this is not a picture",
}


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found_and_nothing_else(folder, plant):
    path = plant(folder)
    table = check(folder).table
    assert list(table["file"]) == [f"{path.parent.name}/{path.name}"]
    assert table["fault"][0].startswith(FAULTS[plant])
    assert table["what to do"][0].endswith(".") and str(folder) not in table.to_string()


def test_people_in_two_parts_are_found(samples):
    split = split_by_person(samples)
    leaky = split._replace(train=split.train + split.test[:1], val=split.val + split.train[:1])
    table = check_pairs(leaky).table
    shared = table[table["file"].str.startswith("person")]
    assert list(shared["file"]) == ["person 01", "person 02"]
    assert list(shared["fault"]) == [
        "in more than one part: train (3) and val (1)",
        "in more than one part: train (1) and test (3)",
    ]
    assert len(table) == 2 + 2, "the two photos that are in two parts are found as duplicates too"
    assert table.equals(check_pairs(leaky._asdict()).table)


def test_a_fault_does_not_hide_another(folder):
    plants = [inverted, mask_twice]
    for plant in plants:
        plant(folder)
    assert sorted(check(folder).table["fault"].str[:8]) == ["inverted", "inverted", "the same"]


# No false alarms


def test_a_clean_set_is_clean(samples, hands):
    assert check_pairs(samples).table.empty
    result = check_pairs(split_by_person(samples))
    assert result.table.empty and result.suspects == [] and result.checked == len(samples)
    assert str(result) == f"{len(samples)} pairs checked, no faults found."
    assert list(result.table.columns) == ["file", "fault", "what to do"]
    assert check(hands).table.empty


def test_drawn_hands_are_clean_and_inverted_as_white_every_one(tmp_path):
    drawn.write(tmp_path, persons=4, gestures="A5", takes=1, size=96)
    chosen = hgr1.load(tmp_path)
    assert check_pairs(chosen).table.empty
    turned = check_pairs(tmp_path / "original_images", tmp_path / "skin_masks", skin="white").table
    assert len(turned) == len(chosen) and turned["fault"].str.startswith("inverted").all()
    assert turned["what to do"].str.contains("skin='black'").all()


def test_a_photo_saved_again_at_half_its_size_is_found(tmp_path):
    drawn.write(tmp_path, persons=3, gestures="A", takes=1, size=200)
    first = photo(tmp_path, "A_P_hgr1_id01_1")
    for path in (first, mask(tmp_path, first.stem)):
        picture = Image.open(path)
        half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)
        (half.convert("1") if picture.mode == "1" else half).save(path.with_stem("B_P_hgr1_id01_1"))
    assert list(check(tmp_path).table["fault"]) == [f"the same photo as original_images/{first.name}"]


def frames(folder, light, places):
    """Frames of a webcam, its noise the same by day and by night: the hand is where ``places`` say. Returns samples."""
    for part in ("photos", "masks"):
        (folder / part).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number, (x, y) in enumerate(places):
        mask = np.zeros((120, 160), np.uint8)
        mask[y : y + 40, x : x + 30] = 1
        room = np.where(mask[..., None] == 1, (210, 150, 120), (60, 90, 130)) * light + rng.normal(0, 1, (120, 160, 3))
        Image.fromarray(np.clip(np.rint(room), 0, 255).astype(np.uint8)).save(folder / "photos" / f"{number}.png")
        Image.fromarray(mask == 0).save(folder / "masks" / f"{number}.png")
    return pair(folder / "photos", folder / "masks")


@pytest.mark.parametrize("light", [1, 0.05, 0.01])
def test_dark_frames_with_other_masks_are_other_photos(tmp_path, light):
    """By grey levels alone, all but the first of a dark room were called the same photo."""
    places = [(10 + 9 * number, 10 + 5 * number) for number in range(12)]
    assert check_pairs(frames(tmp_path / "moving", light, places)).table.empty
    table = check_pairs(frames(tmp_path / "still", light, [(50, 50)] * 3)).table
    assert list(table["fault"]) == ["the same photo as photos/0.png"] * 2


def test_bright_frames_in_which_a_small_hand_moves_are_other_photos(tmp_path):
    """All but the first were called the same photo, for the hand is 2 % of the picture and the rest stands still."""
    rng = np.random.default_rng(1)
    room = cv2.resize(rng.integers(0, 256, (24, 32, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)
    for number in range(12):
        mask = np.zeros((240, 320), np.uint8)
        mask[60:100, 20 * number + 10 : 20 * number + 50] = 1
        noisy = np.clip(room + rng.normal(0, 3, room.shape), 0, 255).astype(np.uint8)
        save_pair(
            tmp_path, f"A_P_hgr1_id01_{number}.png", np.where(mask[..., None], np.uint8((150, 110, 90)), noisy), mask
        )
    assert check_pairs(hgr1.load(tmp_path)).table.empty


def test_the_same_photo_with_another_mask_is_the_same_photo(tmp_path):
    samples = frames(tmp_path, 1, [(10, 10), (50, 50)])
    shutil.copy(samples[0].image, samples[1].image)
    assert list(check_pairs(samples).table["fault"]) == ["the same photo as photos/0.png"]


@pytest.mark.slow
@pytest.mark.skipif(not hgr1.available(), reason="HGR1 is not here")
def test_hgr1_is_clean():
    result = check_pairs(split_by_person(hgr1.load()))
    assert result.checked == 899 and result.table.empty


# What a person sees


def test_the_table_is_shown_whole(folder):
    inverted(folder)
    result = check(folder)
    text, page = str(result), result._repr_html_()
    assert text.startswith("36 pairs checked, 1 fault found.\n") and repr(result) == text
    assert result.table["fault"][0] in text and result.table["what to do"][0] in page


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_fault_of_a_file_with_an_odd_name_is_told_in_a_row_of_its_own(folder):
    """A line break would forge a row, and bytes that are no letters could not be printed."""
    odd = os.fsdecode(b"x\n\xff")
    for path in (photo(folder), mask(folder)):
        path.rename(path.with_stem(odd))
    photo(folder, odd).write_bytes(b"no photo")
    result = check(folder)
    assert list(result.table["file"]) == [r"original_images/x\n\udcff.jpg"]
    assert len(str(result).splitlines()) == 3 and str(result).encode() and result._repr_html_().encode()
    assert r"x\n\udcff.jpg: this is not a picture" in (fig := result.figure()).alt and fig.alt.encode()
    assert fig.axes[0].get_title() == "x\\n\\udcff.jpg\nthis is not a picture that ..."


def test_the_figure_shows_every_suspect_as_far_as_it_can_be_read(folder):
    paths = [broken_photo(folder), mask(folder, "A_P_hgr1_id01_1"), mask(folder, OTHER)]
    rewrite(paths[1], lambda grey: grey[:-9] > 0)
    paths[2].write_bytes(b"")
    result = check(folder)
    fig = result.figure()
    assert isinstance(fig, plots.AltFigure) and len(fig.axes) >= 3
    assert {sample.image.stem for sample, _ in result.suspects} == {path.stem for path in paths}
    assert all(f"{path.stem}.jpg: " in fig.alt for path in paths) and "\n" not in fig.alt
    assert len(result.figure(most=1).axes) == 1


def test_the_figure_fills_what_an_inverted_mask_calls_skin(folder):
    path = inverted(folder)
    ax = check(folder).figure().axes[0]
    assert ax.get_title() == f"{path.stem}.jpg\ninverted"
    shown, before = ax.images[0].get_array().astype(int), read_image(photo(folder)).astype(int)
    assert (np.abs(shown - before).mean(axis=2)[read_mask(path) == 1] > 10).mean() > 0.9


def test_the_figure_of_a_clean_set_says_so(samples):
    assert "no faults found" in check_pairs(samples).figure().alt


def test_a_folder_without_its_masks_is_refused(hands):
    with pytest.raises(InputError, match="where are its masks"):
        check_pairs(hands / "original_images")


def test_an_unknown_polarity_is_refused(hands):
    with pytest.raises(InputError, match="skin='Black'"):
        check_pairs(hands / "original_images", hands / "skin_masks", skin="Black")


def test_a_set_of_no_samples_is_clean():
    assert check_pairs([]).table.empty and check_pairs(Split([], [], [])).checked == 0


def test_the_set_is_left_as_it_was(folder):
    inverted(folder)
    before = read_mask(mask(folder))
    check(folder).figure()
    assert np.array_equal(read_mask(mask(folder)), before)
