"""The learner's own network: kept, tried, and gone after one call."""

import keras
import numpy as np
import pytest

from handseg_lib import InputError, my_network


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("HANDSEG_MY_NETWORK", str(tmp_path / "mine.keras"))
    return tmp_path / "mine.keras"


@pytest.mark.slow
def test_what_is_kept_answers_as_before_and_what_is_forgotten_is_gone(file, unet):
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3)).astype(np.uint8)
    assert my_network.load() is None and my_network.load("the course's") == "the course's"
    assert my_network.keep(unet) == file and [*file.parent.iterdir()] == [file]
    mine = my_network.load()
    small = keras.ops.convert_to_numpy(unet.predict_on_batch(np.zeros((1, 64, 64, 3))))
    np.testing.assert_allclose(mine.model.predict_on_batch(np.zeros((1, 64, 64, 3))), small, atol=1e-5)
    assert mine(image).shape == (50, 70)
    assert str(file) in my_network.forget() and my_network.load() is None
    assert "nothing to remove" in my_network.forget()


def test_nothing_is_kept_where_nobody_wants_it_and_nothing_but_a_network(monkeypatch, file, unet):
    with pytest.raises(InputError, match="no U-Net for square photos"):
        my_network.keep(keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)]))
    assert not file.exists()
    monkeypatch.setenv("HANDSEG_MY_NETWORK", "none")
    assert my_network.keep(unet) is None and my_network.load() is None
