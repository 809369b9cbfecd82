"""Samples are read as promised, or refused in one line; splits keep persons apart."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from handseg_lib import InputError, Sample, read_image, split_by_person
from handseg_lib.data.samples import TEST_PERSONS, VAL_PERSONS

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def halves():
    """A photo, 40 wide and 20 high: left half red, right half blue."""
    image = np.zeros((20, 40, 3), np.uint8)
    image[:, :20], image[:, 20:] = RED, BLUE
    return image


def check_one_line(error, *words):
    text = str(error.value)
    assert "\n" not in text
    for word in words:
        assert str(word) in text


# Reading


def test_read_gives_rgb_and_a_mask_that_is_1_where_the_bmp_is_black(make_pair, halves):
    mask = np.zeros((20, 40), np.uint8)
    mask[3:9, 5:30] = 1
    sample = make_pair(halves, mask)
    with Image.open(sample.mask) as picture:
        assert picture.mode == "1" and not picture.getpixel((5, 3)) and picture.getpixel((0, 0))
    image, read = sample.read()
    assert image.dtype == read.dtype == np.uint8
    assert np.array_equal(image, halves)
    assert np.array_equal(read, mask)


def test_what_read_gives_can_be_written_to(make_pair, halves):
    for array in make_pair(halves, np.ones((20, 40), np.uint8)).read():
        array[0, 0] = 0


def test_sample_is_frozen_and_hashable(samples):
    with pytest.raises(dataclasses.FrozenInstanceError):
        samples[0].person = "99"
    assert len(set(samples)) == len(samples)


@pytest.mark.parametrize("mode", ["RGBA", "L", "LA", "P", "1", "CMYK"])
def test_every_kind_of_picture_becomes_rgb(tmp_path, mode):
    grey = np.full((6, 5, 3), 255, np.uint8)
    grey[:3] = 0
    path = tmp_path / "photo.tif"
    Image.fromarray(grey).convert(mode).save(path)
    image = read_image(str(path))
    assert image.dtype == np.uint8
    assert np.array_equal(image, grey)


# What cannot be read


def test_a_wrong_path_is_named(tmp_path):
    with pytest.raises(InputError) as error:
        read_image(tmp_path / "nowhere.jpg")
    check_one_line(error, tmp_path / "nowhere.jpg", "Check the path")


def test_a_mask_of_another_size_is_named_with_both_sizes(make_pair, halves):
    sample = make_pair(halves, np.ones((20, 39), np.uint8))
    with pytest.raises(InputError) as error:
        sample.read()
    check_one_line(error, sample.mask, sample.image.name, "39x20", "40x20", "Use the mask")


@pytest.mark.parametrize("content", [b"", b"This is no picture.\nIt is two lines.", b"\xff\xd8\xff\xe0 not quite"])
def test_a_file_that_is_no_picture_is_named(tmp_path, content):
    path = tmp_path / "odd.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_image(path)
    check_one_line(error, path, "Replace or remove it")


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(InputError) as error:
        read_image(tmp_path)
    check_one_line(error, tmp_path, "Replace or remove it")


# Splitting


def test_no_person_is_in_two_parts_and_no_sample_is_lost(samples):
    split = split_by_person(samples)
    persons = [{sample.person for sample in part} for part in split]
    assert not persons[0] & persons[1] and not persons[0] & persons[2] and not persons[1] & persons[2]
    assert sorted(sum(split, []), key=samples.index) == samples


def test_the_default_split_is_the_published_one(samples):
    assert TEST_PERSONS == ("02", "05", "09") and VAL_PERSONS == ("04", "11")
    split = split_by_person(samples)
    assert {sample.person for sample in split.test} == set(TEST_PERSONS)
    assert {sample.person for sample in split.val} == set(VAL_PERSONS)
    assert {sample.person for sample in split.train} == {"01", "03", "06", "07", "08", "10", "12"}


def test_a_split_keeps_the_order_and_takes_any_iterable(samples):
    split = split_by_person(iter(samples[::-1]), test=("01",), val=("02", "03"))
    assert split.val == [sample for sample in samples[::-1] if sample.person in ("02", "03")]


@pytest.mark.parametrize(
    "chosen, part",
    [({"test": ()}, "test"), ({"val": ()}, "val"), ({"test": ("01", "02"), "val": ("03",)}, "train")],
)
def test_an_empty_part_is_refused(samples, chosen, part):
    few = [sample for sample in samples if sample.person <= "03"] if part == "train" else samples
    with pytest.raises(InputError) as error:
        split_by_person(few, **chosen)
    check_one_line(error, f"the {part} part is empty", "01, 02, 03", "Name others")


def test_no_samples_cannot_be_split():
    with pytest.raises(InputError, match="no samples: there is nothing to split"):
        split_by_person([])


def test_a_person_whom_nobody_knows_is_refused(samples):
    """Of a slip, one person would be missing from the test in silence."""
    with pytest.raises(InputError, match="test='2': .*Did you mean '02'"):
        split_by_person(samples, test=("2", "05"))


def test_of_one_person_no_split_can_tell_how_it_is_with_strangers(samples):
    alone = [sample for sample in samples if sample.person == "01"]
    with pytest.raises(InputError, match="all photos are of one person, '01'. Say who is who"):
        split_by_person(alone)


def test_a_person_asked_for_twice_is_refused(samples):
    with pytest.raises(InputError, match="person 02 is in both"):
        split_by_person(samples, test=("02",), val=("02", "03"))


def test_a_person_without_the_tuples_comma_is_refused(samples):
    with pytest.raises(InputError, match=r"test='02'.*\(\"02\",\), comma included"):
        split_by_person(samples, test=("02"))
    with pytest.raises(InputError, match=r"val='04'.*comma included"):
        split_by_person(samples, val="04")


def test_a_sample_is_what_the_design_says():
    assert [field.name for field in dataclasses.fields(Sample)] == ["image", "mask", "person", "gesture", "skin"]
