"""A convolution by hand: the answers are a network's own, and the picture follows the square and the nine numbers."""

import keras
import numpy as np
import pytest

from handseg_lib import InputError, explore
from handseg_lib.explore.convolution import KERNELS, SIDE, answers, batch_norm, signed

EDGE = np.reshape(KERNELS["vertical edges"], (3, 3))


@pytest.fixture
def grey():
    """Dark at the left, from column 10 on bright."""
    grey = np.full((SIDE, SIDE), 20, np.uint8)
    grey[:, 10:] = 220
    return grey


def test_the_answers_are_those_of_a_layer_of_a_network():
    grey, kernel = np.random.default_rng(0).integers(0, 256, (12, 9)), np.arange(9).reshape(3, 3)
    layer = keras.layers.Conv2D(1, 3, use_bias=False)
    layer.build((None, 12, 9, 1))
    layer.set_weights([kernel[..., None, None]])
    theirs = keras.ops.convert_to_numpy(layer(grey[None, ..., None].astype(np.float32)))[0, ..., 0]
    np.testing.assert_allclose(answers(grey, kernel), theirs, rtol=1e-5)


def test_an_edge_from_dark_to_bright_is_answered_by_hand(grey):
    """Left of the edge three pixels of 20, right of it three of 220: (1 + 2 + 1) times 200 is 800."""
    drawing = explore.draw_convolution(grey, EDGE, 5, 10)
    assert drawing.text == "line 5, column 10: the nine products add up to 800"
    assert explore.draw_convolution(grey, EDGE, 5, 20).text.endswith("add up to 0")
    assert explore.draw_convolution(255 - grey, EDGE, 5, 10).text.endswith("add up to -800")
    assert explore.draw_convolution(255 - grey, EDGE, 5, 10, relu=True).text.endswith("-800, after ReLU 0")


def test_batch_norm_has_mean_0_and_deviation_1(grey):
    normed = batch_norm(answers(grey, EDGE))
    assert abs(normed.mean()) < 1e-4 and abs(normed.std() - 1) < 1e-3
    assert "after batch norm" in explore.draw_convolution(grey, EDGE, 5, 10, norm=True).text


def test_signs_have_colours():
    painted = signed(np.array([[-2.0, 0.0, 1.0, 2.0]]))
    assert painted[0].tolist() == [[0, 114, 178], [255] * 3, [242, 207, 127], [230, 159, 0]]
    assert (signed(np.zeros((2, 2))) == 255).all()


@pytest.mark.parametrize("line, column", [(0, 5), (5, 0), (SIDE - 1, 5), (5, SIDE - 1)])
def test_a_kernel_that_does_not_fit_is_said(grey, line, column):
    with pytest.raises(InputError, match=f"line {line}, column {column}: there the kernel lies partly outside"):
        explore.draw_convolution(grey, EDGE, line, column)


def test_the_picture_follows_the_square_the_numbers_and_the_ticks():
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    view = explore.convolve(image)
    shown = [view.picture.value]

    def changed() -> bool:
        shown.append(view.picture.value)
        return not view.message.value and shown[-1] != shown[-2]

    view.controls["place"].value = [0.0, 1.0]  # at the edge it stays inside
    assert changed() and f"line {SIDE - 2}, column 1:" in view.picture.value
    view.controls["numbers"].fields[4].value = 7
    assert changed() and view.controls["numbers"].value[4] == 7
    view.controls["relu"].value = True
    assert changed()
    (kinds,) = [child for child in view.children[0].children[0].children if hasattr(child, "options")]
    kinds.value = "blur"
    assert changed() and view.controls["numbers"].value == KERNELS["blur"]


def test_the_first_picture_is_the_pad_in_the_widget_and_a_picture_elsewhere():
    view = explore.convolve(np.full((60, 80, 3), 99, np.uint8))
    assert len(view.still.pictures) == 5 and len(view.drawn.pictures) == 4
    assert view.controls["place"].picture.startswith("data:image/jpeg")


def test_the_filters_are_the_networks_own(unet):
    drawing = explore.draw_filters(unet, np.full((80, 80, 3), 128, np.uint8))
    kernels, maps = drawing.pictures
    weights = keras.ops.convert_to_numpy(unet.get_layer("encoder").get_layer("conv1_conv").kernel)
    first = weights[0, 0, ::-1, 0] / np.abs(weights[..., 0]).max()  # red first
    np.testing.assert_allclose(kernels[4, 4] / 127.5 - 1, first, atol=0.01)
    assert maps.shape[0] == maps.shape[1] == 8 * (32 + 2)
