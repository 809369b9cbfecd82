"""No hand is lost in silence: labels are told from brightness, cut-outs from masks, lying masks from upright ones."""

import re

import cv2
import numpy as np
import pytest
from PIL import Image

from handseg_lib import Batches, InputError, Sample, check_pairs, evaluate, pair, read_mask
from handseg_lib.data.files import TURNS
from handseg_lib.evaluation.baselines import Baseline
from handseg_lib.explore.upload import cut_out

BLACK, RED, BLUE = (0, 0, 0), (255, 0, 0), (0, 0, 255)


@pytest.fixture
def hands():
    """Labels (60, 80): 0 for the background, 1 for a left hand of 20 x 30 pixels, 2 for a right one of 20 x 10."""
    hands = np.zeros((60, 80), np.uint8)
    hands[10:40, 10:30], hands[30:40, 50:70] = 1, 2
    return hands


@pytest.fixture
def save(tmp_path):
    """A function that saves a picture or an array, and returns the file's path: ``save(picture, "a.png")``."""

    def save(picture, name="mask.png", **options):
        picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return save


def palette(hands, *colours):
    picture = Image.fromarray(hands, "P")
    picture.putpalette(sum(colours, ()))
    return picture


def look_up(*values, dtype=np.uint8):
    """What turns the labels 0, 1, 2 into these values, or colours."""
    return lambda hands: np.array(values, dtype)[hands]


def rim(hands):
    """Of one label, with a rim of 255 around each hand that says: ignore."""
    hand = (hands > 0).astype(np.uint8)
    return np.where(cv2.dilate(hand, np.ones((7, 7))) > hand, 255, hand).astype(np.uint8)


LABELS = {
    "0 1 2": (look_up(0, 1, 2), (1, 2)),
    "0 127 255": (look_up(0, 127, 255), (127, 255)),
    "0 254 255": (look_up(0, 254, 255), (254, 255)),
    "16 bits": (look_up(0, 1000, 1001, dtype=np.uint16), (1000, 1001)),
    "ignore": (rim, (1,)),
    "palette": (lambda hands: palette(hands, BLACK, RED, BLUE), (1, 2)),
    "palette of 3 and 4": (lambda hands: palette(np.uint8([0, 3, 4])[hands], *[BLACK] * 3, RED, RED), (3, 4)),
    "palette of one black": (lambda hands: palette(hands, BLACK, BLACK, BLACK), (1, 2)),
    "palette of greys": (lambda hands: palette(hands, BLACK, (90,) * 3, (180,) * 3), (90, 180)),
    "colours": (look_up(BLACK, RED, BLUE), ("#ff0000", "#0000FF")),
    "colours as dark as each other": (look_up(BLACK, (200, 0, 0), (0, 102, 0)), ("#c80000", "#006600")),
    "instances that fill the picture": (lambda hands: np.uint8([3, 4, 4])[hands], (4,)),
    "green on yellow": (lambda hands: np.uint8([(255, 255, 0), (0, 255, 0), (0, 255, 0)])[hands], ("#00ff00",)),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_are_refused_until_one_says_which_are_skin(save, hands, kind):
    make, skin = LABELS[kind]
    path = save(make(hands))
    for unsaid in ("black", "white"):
        with pytest.raises(InputError) as error:
            read_mask(path, unsaid)
        said = str(error.value)
        assert said.startswith(f"{path}: the mask holds labels") and "\n" not in said
        assert all(repr(label).lower() in said for label in skin), "it names them, as one would write them"
    assert np.array_equal(read_mask(path, skin), hands > 0)


def test_one_hand_can_be_asked_for(save, hands):
    assert np.array_equal(read_mask(save(hands), (2,)), hands == 2)
    assert read_mask(save(np.zeros_like(hands)), (1, 2)).sum() == 0, "a photo without hands"


def test_forty_instances_and_labels_of_numpy_can_be_named(save):
    """More values than soft edges leave in most files, but each of them fills an area."""
    values = np.kron(np.arange(41).clip(0, 40), np.ones((8, 8), np.uint8)).astype(np.uint8)
    path = save(values)
    assert np.array_equal(read_mask(path, tuple(np.unique(values)[1:])), values > 0)
    with pytest.raises(InputError, match=r"holds labels.*: 0, 1, 2.* Say which"):
        read_mask(path, "white")


def test_a_file_without_the_labels_is_of_a_photo_without_a_hand(save, hands):
    """Of many classes, such as a face, 3, and a table, 4, the hand is not in every photo."""
    assert not read_mask(save(np.uint8([0, 3, 4])[hands]), (1, 2)).any()


def test_labels_that_no_file_has_are_refused_for_the_whole_set(tmp_path, save, hands):
    """Else a slip in ``skin`` would train a network to see no hand anywhere."""
    photo = np.zeros((*hands.shape, 3), np.uint8)
    samples = [
        Sample(save(photo, f"{k}.jpg"), save(np.uint8(values)[hands], f"{k}.png"), f"0{k}", "A", (1, 2))
        for k, values in enumerate(([0, 3, 4], [0, 4, 4]))
    ]
    with pytest.raises(InputError, match=r"not one of 2 masks has a label of skin=\(1, 2\). hs.check_pairs"):
        Batches(samples, 32)
    with pytest.raises(InputError, match="not one of 2 masks"):
        evaluate(Baseline("none", lambda image: image[..., 0]), samples)
    some = Sample(samples[0].image, save(hands, "hand.png"), "03", "A", (1, 2))
    assert Batches([*samples, some], 32).masks.any()


def test_labels_of_another_kind_are_refused(save, hands):
    with pytest.raises(InputError, match="none of .*, but '#000000', '#0000ff', '#ff0000'"):
        read_mask(save(look_up(BLACK, RED, BLUE)(hands)), (1, 2))


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("values", [(0, 127, 255), (BLACK, RED, BLUE)], ids=["grey", "colours"])
def test_labels_in_a_jpeg_are_refused(save, hands, values, quality):
    path = save(look_up(*values)(hands.repeat(4, 0).repeat(4, 1)), "mask.jpg", quality=quality)
    with pytest.raises(InputError, match="holds labels"):
        read_mask(path, "white")


@pytest.mark.parametrize("skin", [(), (1, "#ff0000"), ("red",), (-1,), [1, 2], 1, (True,), (1.0,)])
def test_what_describes_no_skin_is_refused(save, hands, skin):
    with pytest.raises(InputError, match=r"or a tuple of the labels that are skin, such as \(1, 2\)"):
        read_mask(save(hands), skin)


def test_labels_go_through_pairs_and_their_check(tmp_path, hands):
    photo = np.where(hands[..., None] > 0, np.uint8([210, 150, 120]), np.uint8([60, 90, 130])).astype(np.uint8)
    for folder, picture in (("photos", photo), ("masks", hands)):
        (tmp_path / folder).mkdir()
        Image.fromarray(picture).save(tmp_path / folder / "a.png")
    folders = tmp_path / "photos", tmp_path / "masks"
    table = check_pairs(*folders).table
    assert list(table["file"]) == ["masks/a.png"]
    assert table["fault"][0] == "the mask holds labels, not black and white: 0, 1, 2"
    assert table["what to do"][0] == "Say which of them are skin: skin=(1,), or of several skin=(1, 2)."
    assert check_pairs(*folders, skin=(1, 2)).table.empty
    (sample,) = pair(*folders, skin=(1, 2))
    assert np.array_equal(sample.read()[1], hands > 0) and len({sample, sample}) == 1


# Brightness stays brightness


@pytest.fixture
def shape():
    """A slanted ellipse, uint8 (300, 400) of {0, 1}."""
    return cv2.ellipse(np.zeros((300, 400), np.uint8), (190, 150), (120, 60), 30, 0, 360, 1, -1)


BRIGHTNESS = {
    "0 and 1": lambda shape: shape,
    "0 and 127": lambda shape: 127 * shape,
    "12 and 243": lambda shape: np.uint8([12, 243])[shape],
    "twice as fine": lambda shape: cv2.resize(255 * shape, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "four times as fine": lambda shape: cv2.resize(255 * shape, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA),
    "enlarged": lambda shape: cv2.resize(255 * shape, None, fx=3.3, fy=3.3, interpolation=cv2.INTER_CUBIC),
    "blurred": lambda shape: cv2.GaussianBlur(255 * shape, (0, 0), 5),
    "blurred red": lambda shape: cv2.GaussianBlur(np.dstack([255 * shape, 0 * shape, 0 * shape]), (0, 0), 5),
    "blurred, 16 bits": lambda shape: cv2.GaussianBlur(65535 * shape.astype(np.uint16), (0, 0), 5),
}


@pytest.mark.parametrize("skin", ["black", "white"])
@pytest.mark.parametrize("kind", BRIGHTNESS)
def test_soft_edges_and_two_values_are_no_labels(save, shape, kind, skin):
    picture = BRIGHTNESS[kind](shape)
    grey = np.array(Image.fromarray(picture).convert("L")) if picture.ndim == 3 else picture
    assert np.array_equal(read_mask(save(picture), skin), (grey > grey.max() / 2) == (skin == "white"))


@pytest.mark.parametrize("options", [{"quality": quality} for quality in (20, 50, 75, 95, 100)])
@pytest.mark.parametrize("name", ["mask.jpg", "mask.webp"])
@pytest.mark.parametrize("level", [127, 255])
def test_what_compression_leaves_around_two_levels_is_no_label(save, shape, level, name, options):
    lossy = save(level * shape, name, **options)
    again = save(Image.open(lossy).convert("L"), "again.png")
    for path in (lossy, again):
        assert (read_mask(path, "white") != shape).mean() < 0.01


# Cut-outs


@pytest.mark.parametrize("skin", ["black", "white"])
def test_the_cut_out_that_the_course_gives_to_download_is_its_own_mask(save, shape, skin):
    """It was read by its colours: dark knuckles were background, or all but they."""
    image = np.random.default_rng(0).integers(0, 256, (*shape.shape, 3), np.uint8)
    cut = cut_out(image, shape)
    for picture in (cut, np.dstack([cut[..., 0], cut[..., 3]])):
        assert np.array_equal(read_mask(save(picture), skin), shape)
    cut[..., 3] //= 2
    assert np.array_equal(read_mask(save(cut), skin), shape)
    assert np.array_equal(read_mask(save(look_up((0, 0, 0, 0), (*RED, 255))(shape)), skin), shape), "red ink"


@pytest.mark.parametrize("skin, light", [("black", 255), ("white", 1), ("white", 127), ("white", 255)])
def test_black_and_white_stay_black_and_white_beside_a_transparent_margin(save, shape, skin, light):
    grey = np.uint8([light, 0] if skin == "black" else [0, light])[shape]
    picture = np.dstack([grey, grey, grey, np.full_like(grey, 255)])
    picture[:20, :, 3] = 0
    assert np.array_equal(read_mask(save(picture), skin), shape)


def test_a_colour_is_found_beside_what_is_transparent(save, hands):
    picture = look_up((*RED, 0), (*RED, 255), (*BLUE, 255))(hands)
    assert np.array_equal(read_mask(save(picture), "white"), hands > 0)
    assert np.array_equal(read_mask(save(picture), ("#ff0000",)), hands == 1)


# A mask that lies as its photo is stored


@pytest.fixture
def scene(shape):
    """A hand before a wall, uint8 (300, 400, 3), somewhat noisy."""
    noise = np.random.default_rng(0).normal(0, 8, (*shape.shape, 3))
    colours = np.where(shape[..., None] == 1, (210, 150, 120), (60, 90, 130)) + noise
    return np.clip(colours, 0, 255).astype(np.uint8)


def stored(tmp_path, image, mask, tag, drawn_on, square=False):
    """A photo that needs a turn, and its mask, drawn on the photo as it is ``"stored"`` or as it is ``"upright"``."""
    if square:
        image, mask = image[:, :300], mask[:, :300]
    shape = Image.fromarray(mask == 0)
    exif = Image.Exif()
    exif[0x0112] = tag
    turn = TURNS[{6: 8, 8: 6}.get(tag, tag)]
    Image.fromarray(image).transpose(turn).save(tmp_path / "photo.jpg", exif=exif, quality=90)
    (shape.transpose(turn) if drawn_on == "stored" else shape).save(tmp_path / "mask.bmp")
    return Sample(tmp_path / "photo.jpg", tmp_path / "mask.bmp", "01", "A"), mask


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("tag", TURNS)
def test_a_mask_drawn_on_the_stored_photo_is_found_and_can_be_turned(tmp_path, scene, shape, tag, square):
    sample, mask = stored(tmp_path, scene, shape, tag, "stored", square)
    table = check_pairs([sample]).table
    assert len(table) == 1 and table["fault"][0].startswith("the EXIF tag of orientation")
    assert f"is {tag} in its photo photo.jpg and 1 in the mask" in table["fault"][0]
    if tag > 4 and not square:
        with pytest.raises(InputError, match="the EXIF tag of orientation"):
            sample.read()
    way_out = re.search(r"path being p: (.*)\.$", table["what to do"][0])[1]
    exec(way_out, {"p": sample.mask})
    assert check_pairs([sample]).table.empty and np.array_equal(sample.read()[1], mask)


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("tag", TURNS)
def test_a_mask_drawn_on_the_upright_photo_is_fine(tmp_path, scene, shape, tag, square):
    sample, mask = stored(tmp_path, scene, shape, tag, "upright", square)
    assert check_pairs([sample]).table.empty and np.array_equal(sample.read()[1], mask)


@pytest.mark.parametrize("tag", TURNS)
def test_a_tag_that_only_the_mask_has_is_found(tmp_path, scene, shape, tag):
    """As of an editor that copies the photo's tags to a mask that it shows upright."""
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(scene).save(tmp_path / "photo.png")
    Image.fromarray(255 * (1 - shape)).save(tmp_path / "mask.png", exif=exif)
    sample = Sample(tmp_path / "photo.png", tmp_path / "mask.png", "01", "A")
    table = check_pairs([sample]).table
    assert f"is 1 in its photo photo.png and {tag} in the mask" in table["fault"][0]
    exec(re.search(r"path being p: (.*)\.$", table["what to do"][0])[1], {"p": sample.mask})
    assert check_pairs([sample]).table.empty and np.array_equal(sample.read()[1], shape)
