"""The reader takes what people have: formats, depths, transparency, either polarity; what it cannot take, it names."""

import os
import struct
import sys
import time
import unicodedata
import zlib

import fuzz_pictures as fuzz
import numpy as np
import pytest
from PIL import Image, ImageOps

from handseg_lib import InputError, Sample, pair, read_image, read_mask
from handseg_lib.data import files
from handseg_lib.data.gate import readable
from handseg_lib.data.samples import fingerprint

TURNS = {1: 0, 3: 180, 6: 90, 8: 270}  # EXIF's orientation, and by how much the stored picture was turned to the left


@pytest.fixture
def mask():
    """An L, so that no turn or flip leaves it as it is."""
    mask = np.zeros((24, 40), np.uint8)
    mask[4:20, 6:14] = mask[12:20, 6:34] = 1
    return mask


@pytest.fixture
def photo(mask):
    return np.where(mask[..., None] == 1, np.uint8([210, 150, 120]), np.uint8([60, 90, 130])).astype(np.uint8)


@pytest.fixture
def save(tmp_path):
    """A function that saves a picture or an array, and returns the file's path: ``save(picture, "a.png")``."""

    def save(picture, name, **options):
        picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return save


def refusal(read, path):
    """What the reader says as it refuses: one line that begins with the file."""
    with pytest.raises(InputError) as error:
        read(path)
    text = str(error.value)
    assert text.startswith(f"{path}: ") and text.count(str(path)) == 1 and "\n" not in text
    return text


# Photos


@pytest.mark.parametrize(
    "name, mode, off",
    [("a.png", "RGB", 0), ("a.bmp", "RGB", 0), ("a.tif", "RGB", 0), ("a.webp", "RGB", 8), ("a.jpg", "RGB", 8)]
    + [("a.tif", "CMYK", 0), ("a.jpg", "CMYK", 8)],
)
def test_a_photo_of_any_format_is_rgb(save, photo, name, mode, off):
    image = read_image(save(Image.fromarray(photo).convert(mode), name))
    assert image.dtype == np.uint8 and image.shape == photo.shape
    assert np.abs(image.astype(int) - photo).mean() <= off


if "HEIF" in Image.OPEN:  # pillow-heif is installed; no test is skipped for what a user may leave out

    def test_a_heic_is_read_where_its_library_is(tmp_path, photo):
        import pillow_heif

        pillow_heif.from_pillow(Image.fromarray(photo)).save(tmp_path / "a.heic", quality=90)
        assert np.abs(read_image(tmp_path / "a.heic").astype(int) - photo).mean() < 5

else:

    def test_a_heic_without_its_library_says_what_to_install(tmp_path):
        path = tmp_path / "a.heic"
        path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
        assert "pip install pillow-heif" in refusal(read_image, path)


def iso(*brands):
    """The first bytes of a file of the family that HEIC, AVIF and most videos belong to."""
    box = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return (len(box) + 4).to_bytes(4, "big") + box + b"\0\0\0\x08free" + bytes(100)


@pytest.mark.parametrize(
    "start, words",
    [
        (iso(b"isom", b"isom", b"iso2", b"avc1", b"mp41"), "it is a video). Take single frames out of it"),
        (iso(b"qt  ", b"qt  "), "it is a video). Take single frames out of it"),
        (iso(b"mp42"), "it is a video). Take single frames out of it"),
        (b"\0\0\0\x08wide" + bytes(100), "it is a video). Take single frames out of it"),
        (b"RIFF\0\1\0\0AVI LIST" + bytes(100), "it is a video). Take single frames out of it"),
        (b"\x1aE\xdf\xa3" + bytes(100), "it is a video). Take single frames out of it"),
        (b"\0\0\0\x08free" + bytes(100), "it is a video). Take single frames out of it"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(100), "it is a video)"),  # wmv
        (b"FLV\1\5" + bytes(100), "it is a video)"),
        (b"%PDF-1.7" + bytes(100), "it is a PDF). Replace it by the picture"),
        (b"\n<!DOCTYPE html><html>", "it is a page or a drawing in XML or HTML)"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"\x93NUMPY\1\0v\0" + bytes(100), "it is an array of NumPy's"),
        (iso(b"M4A ", b"M4A ", b"mp42", b"isom"), "it is sound). Replace or remove it"),
        (iso(b"crx ", b"crx ", b"isom"), "it is a camera's raw file). Export it as JPEG"),
        (iso(b"avif", b"avif", b"mif1", b"miaf"), "it is AVIF"),
        (iso(b"mif1", b"mif1", b"avif"), "it is AVIF"),
        (iso(b"heic", b"mif1", b"heic"), "it is HEIC"),
        (iso(b"mif1", b"mif1", b"miaf", b"heic"), "it is HEIC"),
        (b"\0\0\0\x18ftyp", "it is a video"),
    ],
)
def test_a_file_that_is_no_photo_says_what_it_is(tmp_path, start, words):
    """A video was called HEIC, and its owner told to install what was there already."""
    path = tmp_path / "a.heic"
    path.write_bytes(start)
    text = refusal(read_image, path)
    assert words in text and ("HEIC" in words or "pillow-heif" not in text)


@pytest.mark.parametrize("kind, package", [("AVIF", "-U pillow"), ("HEIF", "pillow-heif")])
def test_what_to_install_is_said_only_where_it_is_missing(tmp_path, monkeypatch, kind, package):
    path = tmp_path / "a.avif"
    path.write_bytes(iso(b"avif" if kind == "AVIF" else b"heic", b"mif1"))
    for formats, said in ((["PNG", kind], False), (["PNG"], True)):
        monkeypatch.setattr(files, "FORMATS", [name for name in formats if name in Image.OPEN])
        if kind in Image.OPEN or said:
            assert (f"pip install {package}" in refusal(read_image, path)) == said


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white_and_what_is_hidden_stays_hidden(save, mode):
    picture = Image.new("RGBA", (6, 4), (9, 9, 9, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 3, 4))
    image = read_image(save(picture.convert(mode), "a.png"))
    assert (image[:, :3] == 0).all() and (image[:, 3:] == 255).all()


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_keep_their_upper_eight(save, name):
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    image = read_image(save(levels * 257, name))
    assert np.array_equal(image, np.repeat(levels[..., None], 3, axis=2))


@pytest.mark.parametrize("white", [255, 65535, 2**31 - 1, 2**32 - 1])
def test_whole_numbers_of_32_bits_are_grey_in_whatever_part_of_their_range(save, mask, white):
    """They were read as black, or cut off."""

    def write(levels, name):
        path = save(levels.astype(np.uint32).view(np.int32), name)
        signed, unsigned = (
            struct.pack("<HHIHH", 339, 3, 1, kind, 0) for kind in (2, 1)
        )  # what Pillow writes; what it reads
        assert signed in path.read_bytes()
        path.write_bytes(path.read_bytes().replace(signed, unsigned))
        return path

    image = read_image(write(np.float64([[0, 0.25, 1]]) * white, "photo.tif"))
    assert image[0].tolist() == [[0] * 3, [63] * 3, [255] * 3]
    assert np.array_equal(read_mask(write(np.float64(mask) * white, "mask.tif"), "white"), mask)


def test_twelve_bits_keep_their_upper_eight(tmp_path):
    """Two pixels, the whitest and the middle grey, as a microscope writes them: ff f8 00."""
    tags = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 3)]
    content = b"II*\0" + struct.pack("<I", 12) + b"\xff\xf8\0\0" + struct.pack("<H", len(tags))
    content += b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags) + bytes(4)
    (tmp_path / "a.tif").write_bytes(content)
    assert read_image(tmp_path / "a.tif")[0, :, 0].tolist() == [255, 128]


def test_whole_numbers_with_a_sign_are_grey(save):
    assert read_image(save(np.int32([[-5, 100, 255]]), "a.tif"))[0, :, 0].tolist() == [0, 100, 255]
    assert read_image(save(np.int32([[0, 2**30, 2**31 - 1]]), "a.tif"))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_pillow_turns_it(save, photo, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(photo, "a.png", exif=exif)
    assert np.array_equal(read_image(path), ImageOps.exif_transpose(Image.open(path)))


def test_tags_that_some_cameras_write_wrongly_do_no_harm(save, photo):
    """ResolutionUnit, as one byte: Pillow's own exif_transpose cannot write it again."""
    tags = struct.pack("<HHII", 0x112, 3, 1, 6) + struct.pack("<HHII", 0x128, 1, 1, 2)
    path = save(photo, "a.jpg", exif=b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + tags + bytes(4))
    assert read_image(path).shape == (40, 24, 3)


@pytest.mark.parametrize("orientation", TURNS)
def test_photo_and_mask_are_turned_upright_together(save, photo, mask, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = [np.rot90(array, TURNS[orientation] // 90) for array in (photo, 255 * mask)]
    paths = [save(array, name, exif=exif) for array, name in zip(lying, ("a.png", "b.png"))]
    image, upright = Sample(*paths, person="01", gesture="A", skin="white").read()
    assert np.array_equal(image, photo) and np.array_equal(upright, mask)


# Masks


def voc(mask):
    """A palette picture as annotation tools write it: 0 is black, 1 a dark red."""
    picture = Image.fromarray(mask, "P")
    picture.putpalette([0, 0, 0, 128, 0, 0])
    return picture


def cut_out(mask):
    """All of one colour; the shape is in the transparency."""
    rgba = np.full((*mask.shape, 4), 200, np.uint8)
    rgba[..., 3] = 255 * mask
    return rgba


MASKS = {
    "1-bit": lambda mask: mask > 0,
    "0/255": lambda mask: 255 * mask,
    "0/1": lambda mask: mask,
    "16-bit": lambda mask: mask.astype(np.uint16) * 65535,
    "16-bit 0/1": lambda mask: mask.astype(np.uint16),
    "RGB": lambda mask: np.repeat(255 * mask[..., None], 3, axis=2),
    "RGBA": lambda mask: np.dstack([255 * mask] * 3 + [np.full_like(mask, 255)]),
    "palette": voc,
}


@pytest.mark.parametrize("skin", ["black", "white"])
@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_of_any_kind_is_1_where_skin_is(save, mask, kind, skin):
    path = save(MASKS[kind](mask if skin == "white" else 1 - mask), "a.png")
    read = read_mask(path, skin)
    assert read.dtype == np.uint8 and np.array_equal(read, mask)


@pytest.mark.parametrize("skin", ["black", "white"])
def test_a_shape_cut_out_of_nothing_is_skin(save, mask, skin):
    shape = cut_out(mask)
    shape[..., :3] = 200 if skin == "white" else 0
    assert np.array_equal(read_mask(save(shape, "a.png"), skin), mask)


def test_a_mask_in_lab_is_read(tmp_path, mask):
    grey = (255 * (1 - mask)).astype(np.uint8)
    Image.fromarray(np.dstack([grey, grey * 0, grey * 0]), "LAB").save(tmp_path / "mask.tif")
    assert np.array_equal(read_mask(tmp_path / "mask.tif"), mask)


def test_soft_edges_are_cut_at_half(save, mask):
    large = Image.fromarray(255 * mask).resize((160, 96), Image.Resampling.NEAREST)
    soft = large.resize((40, 24), Image.Resampling.BOX, box=(2, 0, 160, 96))
    sharp = np.array(soft) > 127.5
    assert 0 < ((np.array(soft) > 0) & (np.array(soft) < 255)).sum()
    assert np.array_equal(read_mask(save(soft, "a.png"), "white"), sharp)
    assert np.array_equal(read_mask(save(255 * mask, "a.jpg", quality=95), "white"), mask)


@pytest.mark.parametrize(
    "level, skin, all_of_it", [(0, "black", 1), (0, "white", 0), (255, "black", 0), (1, "white", 1)]
)
def test_a_mask_of_one_level_is_all_skin_or_none(save, level, skin, all_of_it):
    assert (read_mask(save(np.full((5, 6), level, np.uint8), "a.png"), skin) == all_of_it).all()


def test_a_sample_knows_its_polarity(make_pair, photo, mask):
    sample = make_pair(photo, mask)
    assert sample.skin == "black" and np.array_equal(sample.read()[1], mask)
    turned = Sample(sample.image, sample.mask, "01", "A", skin="white")
    assert np.array_equal(turned.read()[1], 1 - mask)


def test_an_unknown_polarity_is_refused(save, mask):
    with pytest.raises(InputError, match="skin='red'.*'black' or 'white'"):
        read_mask(save(mask, "a.png"), "red")


# What is not read


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_pictures_in_one_file_are_refused(save, photo, kind):
    frames = [Image.fromarray(photo), Image.fromarray(photo[::-1])]
    path = save(frames[0], f"a.{kind.lower()}", save_all=True, append_images=frames[1:])
    assert "several pictures" in refusal(read_image, path)


def test_a_phones_photo_with_a_preview_behind_it_is_read(save, photo):
    path = save(Image.fromarray(photo), "a.jpg", format="MPO", save_all=True, append_images=[Image.new("RGB", (4, 4))])
    assert read_image(path).shape == photo.shape


def test_decimal_numbers_are_refused(save):
    assert "8 or 16 bits" in refusal(read_image, save(np.zeros((4, 4), np.float32), "a.tif"))


def test_a_huge_picture_is_refused_before_it_is_decoded(save, monkeypatch, recwarn):
    monkeypatch.setattr(files, "MAX_PIXELS", 10**6)
    path = save(Image.new("1", (2000, 1000)), "a.png")
    assert "2000x1000 pixels; at most 1 million" in refusal(read_image, path)


def claiming(path, width, height):
    """Makes a PNG of one pixel claim to be of this size."""
    Image.new("RGB", (1, 1)).save(path)
    data = bytearray(path.read_bytes())
    struct.pack_into(">II", data, 16, width, height)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    path.write_bytes(data)
    return path


def test_a_hundred_million_pixels_are_the_most_that_is_read(tmp_path):
    """Not ten times as many, which no laptop could hold; the figure is in the message, so it is held here."""
    text = refusal(read_image, claiming(tmp_path / "a.png", 10_001, 10_000))
    assert "10001x10000 pixels; at most 100 million are read" in text
    files._look_at_header(Image.new("1", (10_000, 10_000)))  # of which nothing is said


def with_scans(path, count):
    """A progressive JPEG whose first scan comes so many times more."""
    Image.effect_noise((64, 64), 50).save(path, progressive=True)
    data, marker = path.read_bytes(), b"\xff\xda"
    first = data.index(marker)
    second = data.index(marker, first + 2)
    path.write_bytes(data[:second] + data[first:second] * count + data[second:])
    return path


@pytest.mark.parametrize("mode, name", [("RGB", "a.png"), ("RGBA", "a.png"), ("L", "a.jpg"), ("CMYK", "a.tif")])
def test_a_large_photo_is_kept_on_the_disk_and_is_the_same(save, monkeypatch, mode, name):
    """Pillow's picture of 100 million pixels takes 0.4 GB; one more beside it would be as much again."""
    rng = np.random.default_rng(0)
    path = save(Image.fromarray(rng.integers(0, 256, (600, 90, 4), np.uint8)).convert(mode), name)
    small = read_image(path)
    monkeypatch.setattr(files, "LARGE", 600 * 90)
    large = read_image(path)
    assert isinstance(large.base, np.memmap) and type(large) is np.ndarray
    assert np.array_equal(large, small)
    large[:] = 0  # it can be painted on, and the file of the photo stays what it is
    assert np.array_equal(read_image(path), small)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a file that is always full is Linux's")
def test_where_the_disk_has_no_room_a_large_photo_is_kept_in_memory(save, photo, monkeypatch):
    monkeypatch.setattr(files, "LARGE", 1)
    monkeypatch.setattr(files.tempfile, "TemporaryFile", lambda: open("/dev/full", "wb"))
    assert np.array_equal(read_image(save(photo, "a.png")), photo)


def test_a_jpeg_of_thousands_of_scans_is_refused_and_not_worked_on_for_minutes(tmp_path):
    assert "more than 100 scans in one JPEG" in refusal(read_image, with_scans(tmp_path / "a.jpg", 3000))
    assert "more than 100 scans in one JPEG" in refusal(read_image, with_scans(tmp_path / "a.jpg", 100))
    assert read_image(with_scans(tmp_path / "b.jpg", 50)).shape == (64, 64, 3)


def test_what_a_phone_keeps_behind_a_photo_is_no_scan_of_it(tmp_path):
    """A short film, say, in which the two bytes of a scan's marker are found by chance."""
    path = with_scans(tmp_path / "a.jpg", 1)
    path.write_bytes(path.read_bytes() + b"\xff\xda" * 500)
    assert read_image(path).shape == (64, 64, 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_keep_the_reader_waiting(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert "no file" in refusal(read_image, tmp_path / "a.jpg")


def test_whatever_pillow_says_becomes_one_line(save, photo, monkeypatch):
    def stumble(*args, **kwargs):
        raise EOFError("no such marker\n  at 0x17")

    path = save(photo, "a.png")
    monkeypatch.setattr(Image, "open", stumble)
    assert "no such marker" in refusal(read_image, path)


def test_other_kinds_of_file_are_not_opened(save, photo):  # EPS: Pillow would start another program
    assert "cannot identify" in refusal(read_image, save(photo, "a.eps"))


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("part", range(3))
def test_malformed_files_are_read_or_refused_in_one_line(tmp_path, part):
    seen, slowest = set(), 0.0
    for kind, path in fuzz.write(tmp_path, 180, seed=100 + part):
        for read in (read_image, read_mask):
            start = time.process_time()  # not the clock: a busy machine is no fault of the reader's
            said = fuzz.outcome(read, path)
            slowest = max(slowest, time.process_time() - start)
            assert said in ("read", "refused"), f"{path.name}: {said}"
            seen.add((kind, said))
    assert slowest < 10
    assert {("truncated", "refused"), ("bit_flipped", "read"), ("bit_flipped", "refused")} <= seen
    assert {("wide", "read"), ("one_pixel", "read"), ("nothing", "refused"), ("bomb", "refused")} <= seen


def test_the_fuzz_makes_the_same_files_of_the_same_seed(tmp_path):
    first, again = ([path.read_bytes() for _, path in fuzz.write(tmp_path, 24, seed=3)] for _ in range(2))
    assert first == again and first != [path.read_bytes() for _, path in fuzz.write(tmp_path, 24, seed=4)]


# Names


ODD = {
    "a\n\x1b[2J.png": r"a\n\x1b[2J.png",
    "\u202egnp.exe\u2028.png": r"\u202egnp.exe\u2028.png",
    "\udcff.png": r"\udcff.png",
}


def test_a_name_is_shown_in_one_line_that_can_be_printed_anywhere():
    for name, shown in ODD.items():
        assert readable(name) == shown == readable(shown)
        assert str(InputError(f"{name}: no")) == f"{shown}: no"
    for plain in ("рука 手 é.jpg", r"C:\new\a.jpg", ""):
        assert readable(plain) == plain


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", [*ODD, "circle.png"])
def test_what_cannot_be_read_is_told_in_one_line_whatever_its_name(tmp_path, name):
    if name == "circle.png":
        (tmp_path / name).symlink_to(name)
    else:
        (tmp_path / name).write_bytes(b"no picture")
    for read in (read_image, read_mask):
        with pytest.raises(InputError) as error:
            read(tmp_path / name)
        text, shown = str(error.value), ODD.get(name, name)
        assert text.isprintable() and text.encode() and text.startswith(f"{tmp_path}/{shown}: ")
        assert text.count(shown) == 1 and text.endswith("Replace or remove it.")


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_folder_that_is_a_link_in_a_circle_is_named(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(InputError, match="circle: no such folder"):
        pair(tmp_path / "circle", tmp_path / "masks")


# Any folder of photos and masks


@pytest.fixture
def own(tmp_path, photo, mask):
    """Two folders with three pairs, named as a learner might; white is skin."""
    for folder in ("photos", "masks"):
        (tmp_path / folder).mkdir()
    for stem, suffix in (("ben_fist_1", "jpg"), ("anna_palm_1", "JPG"), ("anna_palm_2", "webp")):
        Image.fromarray(photo).save(tmp_path / "photos" / f"{stem}.{suffix}")
        Image.fromarray(255 * mask).save(tmp_path / "masks" / f"{stem}.png")
    (tmp_path / "photos" / "Thumbs.db").write_bytes(b"no picture")
    (tmp_path / "photos" / "._ben_fist_1.jpg").write_bytes(b"what a Mac leaves")
    return tmp_path / "photos", tmp_path / "masks"


def test_two_folders_become_samples(own, mask):
    samples = pair(*own, skin="white")
    assert [sample.image.name for sample in samples] == ["anna_palm_1.JPG", "anna_palm_2.webp", "ben_fist_1.jpg"]
    assert [sample.mask.stem for sample in samples] == [sample.image.stem for sample in samples]
    assert {(sample.person, sample.gesture) for sample in samples} == {("01", "hand")}
    assert all(np.array_equal(sample.read()[1], mask) for sample in samples)


@pytest.mark.parametrize("rule", ["^[^_]+", "^([a-z]+)_", lambda stem: stem.split("_")[0]])
def test_a_rule_says_who_it_is(own, rule):
    samples = pair(*map(str, own), person=rule, gesture=r"_(\w+)_")
    assert [(sample.person, sample.gesture) for sample in samples] == [("anna", "palm")] * 2 + [("ben", "fist")]


def test_a_rule_that_finds_nothing_is_named(own):
    with pytest.raises(InputError, match=r"anna_palm_1.JPG: the rule 'id\(.*Rename the photo"):
        pair(*own, person=r"id(\d+)")
    for nothing in ("", None):
        with pytest.raises(InputError, match="anna_palm_1.JPG: the rule .*Rename the photo"):
            pair(*own, person=lambda stem, nothing=nothing: nothing)


def test_a_mac_writes_an_umlaut_as_two_characters(own):
    for folder, form in zip(own, ("NFC", "NFD")):
        (old,) = folder.glob("ben_fist_1.*")
        old.rename(folder / (unicodedata.normalize(form, "jürgen_1") + old.suffix))
    assert len(pair(*own)) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_of_bytes_that_are_no_letters_has_a_fingerprint(own):
    for folder in own:
        (old,) = folder.glob("ben_fist_1.*")
        old.rename(folder / os.fsdecode(b"\xff" + os.fsencode(old.suffix)))
    samples = pair(*own, person=".+")
    assert len(fingerprint(samples)) == 8
    assert [sample.name for sample in samples][-1] == r"\udcff.jpg" and samples[-1].person == r"\udcff"


@pytest.mark.parametrize("folder, name", [(0, "ben_fist_1.jpg"), (1, "anna_palm_2.png")])
def test_a_file_without_its_partner_is_named(own, folder, name):
    (own[folder] / name).unlink()
    with pytest.raises(InputError, match=rf"{own[1 - folder].name}: 1 without a partner \({name.split('.')[0]}"):
        pair(*own)


def test_two_files_of_one_stem_are_refused(own, photo):
    Image.fromarray(photo).save(own[0] / "ben_fist_1.png")
    with pytest.raises(InputError, match="ben_fist_1.png: ben_fist_1.jpg has the same stem"):
        pair(*own)


def test_one_folder_for_photos_and_masks_is_refused(own):
    with pytest.raises(InputError, match="Put the masks in a folder of their own"):
        pair(own[0], own[0])


def test_an_empty_or_a_missing_folder_is_named(own, tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder"):
        pair(own[0], tmp_path / "nowhere")
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match="bare: no pictures"):
        pair(tmp_path / "bare", own[1])
