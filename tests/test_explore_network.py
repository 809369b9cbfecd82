"""The whole network on one page: its blocks hold what it computes, each in proportion, and open on a choice."""

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import keras
import numpy as np
import pytest

from handseg_lib import InputError, build_unet, explore, my_hand
from handseg_lib.explore.network import PARTS, Block, listed, mosaic, travel

NAMES = ["photo", "conv1", "conv2", "conv3", "conv4", "up1", "up2", "up3", "up4", "hand"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def blocks(unet, image):
    return travel(unet, image)


def drawn(scene) -> dict[str, ElementTree.Element]:
    """The groups of a drawing's blocks, by name."""
    return {part.get("data-name"): part for part in ElementTree.fromstring(scene.svg).iter(f"{SVG}g")}


def area(group) -> float:
    box = group.find(f"{SVG}rect")
    return float(box.get("width")) * float(box.get("height"))


def test_the_blocks_are_the_networks_and_their_parameters_are_all_it_has(unet, blocks):
    assert [block.name for block in blocks] == NAMES
    shapes = {block.name: block.values.shape for block in blocks}
    assert shapes["photo"] == (64, 64, 3) and shapes["conv1"] == (32, 32, 64) and shapes["conv4"] == (4, 4, 1024)
    assert shapes["up1"] == (8, 8, 128) and shapes["up4"] == (64, 64, 16) and shapes["hand"] == (64, 64, 1)
    assert sum(block.parameters for block in blocks) == unet.count_params()


def test_what_is_in_the_blocks_is_what_the_network_computes(unet, blocks, image):
    small = explore.inside.resize_image(image, 64)[None]
    np.testing.assert_allclose(blocks[-1].values, unet.predict_on_batch(small)[0], atol=1e-4)
    taps = unet.get_layer("encoder").predict_on_batch(small)
    for block, tap in zip(blocks[1:5], taps, strict=True):
        np.testing.assert_allclose(block.values, tap[0], atol=1e-3)


def test_the_fields_grow_to_the_bottleneck_and_by_each_step_up(blocks):
    """By hand: 291 at conv4; each step's 3 x 3 adds 2 values, which lie 8, 4, 2 and 1 px apart."""
    assert [block.field.size for block in blocks[4:]] == [291, 307, 315, 319, 321, 321]
    assert [block.field.jump for block in blocks[4:]] == [16, 8, 4, 2, 1, 1]


@pytest.mark.parametrize("size", [64, 96])
def test_areas_are_in_proportion_to_values(size, image):
    model = build_unet(size, weights=None)
    parts = drawn(explore.draw_network(model=model, image=image))
    per_value = {b.name: area(parts[b.name]) / b.values.size for b in travel(model, image) if b.part in PARTS[1:4]}
    assert max(per_value.values()) < 1.01 * min(per_value.values())


def test_a_mosaic_has_every_map_the_strongest_first():
    values = np.zeros((2, 2, 3), np.float32)
    values[0, 0, 0], values[0, 1, 1], values[1, 1, 2] = 1, 5, 3
    laid = mosaic(values, 2, 2, "#56B4E9")
    white = np.argwhere((laid == 255).all(axis=2)).tolist()
    assert laid.shape == (4, 4, 3) and white == [[0, 1], [1, 3], [2, 0]]  # map 1, beside it map 2, below map 0
    assert (laid[2:, 2:] == 0).all(), "there is no fourth map"


def test_what_is_lit_is_said_and_the_rest_is_pale(unet, image):
    scene = explore.draw_network("encoder", unet, image)
    pale = {name for name, part in drawn(scene).items() if part.get("opacity")}
    assert pale == set(NAMES) - {"conv1", "conv2", "conv3", "conv4"}
    assert scene.alt.startswith("You are here: the encoder.") and "You are here: the encoder." in scene.svg
    everything = explore.draw_network(model=unet, image=image)
    assert "You are here" not in everything.svg and "opacity" not in everything.svg
    assert "conv4: 1024 maps of 4 × 4" in everything.alt and "3 skips run across" in everything.alt
    assert "the photo, the skips and the hand" in explore.draw_network(("photo", "skips", "hand"), unet, image).alt
    assert listed(["a"]) == "a"


def test_a_part_that_is_none_is_named(unet, image):
    with pytest.raises(InputError, match="lit='decode': the network has no such part, but photo, encoder"):
        explore.draw_network("decode", unet, image)
    with pytest.raises(InputError, match="a model without"):
        explore.draw_network(model=keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Conv2D(1, 1)]), image=image)


def test_a_page_shows_it_as_an_image_with_alt_text(unet, image):
    scene = explore.draw_network("hand", unet, image)
    data, metadata = scene._repr_mimebundle_()
    alt, source = re.fullmatch(
        r'<img alt="([^"]+)" src="data:image/svg\+xml,([^"]+)" [^>]+>', data["text/html"]
    ).groups()
    assert unquote(source) == scene.svg and alt == data["text/plain"] == scene.alt and not metadata


def test_it_takes_your_hand_where_it_is_kept_and_else_a_drawn_one(unet, monkeypatch, tmp_path, image):
    monkeypatch.setenv("HANDSEG_MY_HAND", str(tmp_path / "mine.png"))
    drawn_hand = explore.draw_network(model=unet)
    my_hand.keep(image)
    assert explore.draw_network(model=unet).svg == explore.draw_network(model=unet, image=image).svg != drawn_hand.svg


def test_a_block_opens_when_it_is_chosen(unet, image):
    view = explore.open_network("encoder", unet, image)
    assert "conv1: 64 maps of 32 x 32 values. One value sees 7 x 7 pixels" in view.picture.value
    for name, words in {
        "photo": "12,288 values from 0 to 255",
        "conv4": "7,129,088 parameters",
        "up1": "One value sees 307 x 307 pixels",
        "hand": "From 17 parameters",
    }.items():
        view.controls["block"].value = name
        assert words in view.picture.value and not view.message.value
    assert view._repr_mimebundle_()[0]["text/html"] == explore.draw_network("encoder", unet, image).html()


def test_a_field_larger_than_the_photo_leaves_it_bright():
    photo = np.full((64, 64, 3), 200, np.uint8)
    field = explore.inside.Field(321, 1, 0.0)
    drawing = explore.draw_block(photo, Block("up4", "decoder", np.ones((64, 64, 16), np.float32), 9, field))
    assert (drawing.pictures[0] == photo).all()
