"""Training, watched: one picture, drawn anew after every epoch, with the epochs of an earlier run; and no harm done."""

import html
import re

import keras
import numpy as np
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from test_training import SIZE, Kill, same, small_unet

from handseg_lib import Batches, InputError, Predictor, explore, fit
from handseg_lib.losses import dice_bce_loss
from handseg_lib.metrics import iou, mean_iou
from handseg_lib.training import History


@pytest.fixture
def data(samples):
    parts = [[s for s in samples if s.person in persons] for persons in (("01", "03"), ("04",))]
    return tuple(Batches(part, SIZE, 4) for part in parts)


@pytest.fixture
def straight(data):
    """A model that nobody watched while it was trained."""
    model = small_unet()
    fit(model, *(Batches(part.samples, SIZE, 4) for part in data), epochs=2, frozen_epochs=1)
    return model


@pytest.fixture
def published(tmp_path, monkeypatch):
    """What a notebook is shown, in order: (alt text, whether it takes the place of the picture before)."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    shell = InteractiveShell.instance()
    shell.display_pub = CapturingDisplayPublisher()
    shell.display_pub.outputs = Shown()
    yield shell.display_pub.outputs
    InteractiveShell.clear_instance()


class Shown(list):
    """Outputs as (alt text, update, display id)."""

    def append(self, output):
        alt = html.unescape(re.match('<img alt="([^"]+)"', output["data"]["text/html"])[1])
        super().append((alt, output["update"], output["transient"]["display_id"]))


SHORT = {"epochs": 2, "frozen_epochs": 2}


@pytest.mark.slow
def test_one_picture_is_drawn_anew_after_every_epoch_and_the_training_stays_as_it_was(data, published, straight):
    watch = explore.watch_training(data[1].samples[0])
    model = small_unet()
    history = fit(model, *data, epochs=2, frozen_epochs=1, callbacks=[watch])
    alts, updates, names = zip(*published)
    assert updates == (False, True) and len(set(names)) == 1
    for row, alt in zip(history.rows, alts, strict=True):
        assert f"up to epoch {row['epoch'] + 1}, where the validation IoU is {row['val_iou']:.2f}" in alt
    drawn = [{name: row[name] for name in row if name != "seconds"} for row in history.rows]
    assert [{name: pytest.approx(value) for name, value in row.items()} for row in watch.rows] == drawn
    assert same(model.get_weights(), straight.get_weights())


@pytest.mark.slow
def test_a_film_begins_before_the_training_and_has_a_frame_for_each_epoch(data, published):
    watch = explore.watch_training(data[1].samples[0], film=True)
    model = small_unet()
    fit(model, *data, epochs=2, frozen_epochs=1, callbacks=[watch])
    alts, updates, _ = zip(*published)
    assert updates == (False, True, True)
    assert [re.search(r"of (\d) epochs", alt)[1] for alt in alts] == ["0", "1", "2"]
    image, true = data[1].samples[0].read()
    last = iou(true, Predictor(model).mask(image))  # of the best epoch, which was shown
    assert any(f"to {last:.2f}." in alt for alt in alts[1:])


def test_a_film_says_how_good_each_mask_is():
    true = np.zeros((20, 40), np.uint8)
    true[:, :20] = 1
    figure = explore.draw_film(np.full((20, 40, 3), 90, np.uint8), true, [0 * true, np.roll(true, 10, axis=1), true])
    assert [ax.get_title() for ax in figure.axes] == ["before: IoU 0.00", "epoch 1: IoU 0.33", "epoch 2: IoU 1.00"]
    assert "The IoU goes from 0.00 to 1.00." in figure.alt


@pytest.mark.parametrize("film", [False, True])
def test_a_training_is_replayed_epoch_by_epoch(film):
    """It found nothing, half of the hand, all of it. Curves begin after the first epoch, a film before it."""
    true = np.zeros((20, 40), np.uint8)
    true[:, :20] = 1
    sample = type("Known", (), {"read": lambda self: (np.full((20, 40, 3), 90, np.uint8), true)})()
    watch = explore.watch_training(sample, film=film)
    row = {"stage": "frozen", "loss": 0.5, "iou": 0.6, "val_loss": 0.7, "val_iou": 0.8}
    watch.rows = [row | {"epoch": 0}, row | {"epoch": 1}]
    watch.preds = [0 * true] * film + [true * (np.arange(40) < 10), true]
    view = explore.replay_training(watch)
    epoch = view.controls["epoch"]
    assert (epoch.min, epoch.max, epoch.value) == (0 if film else 1, 2, 2)
    assert "epoch 2, encoder frozen | training persons: loss 0.500, IoU 0.600" in view.picture.value
    assert "validation persons: loss 0.700, IoU 0.800 | this photo: IoU 1.000" in view.picture.value
    epoch.value = 1
    assert "epoch 1," in view.picture.value and "this photo: IoU 0.500" in view.picture.value
    if film:
        epoch.value = 0
        assert "before the training | this photo: IoU 0.000" in view.picture.value
    assert not view.message.value


def test_what_cannot_be_replayed_is_said(data):
    with pytest.raises(InputError, match="no epoch to show"):
        explore.replay_training(explore.watch_training(data[1].samples[0]))
    with pytest.raises(InputError, match="Callback: give the callback that watch_training made"):
        explore.replay_training(keras.callbacks.Callback())


@pytest.mark.slow
def test_without_a_notebook_it_draws_nothing(data, capsys):
    fit(small_unet(), *data, epochs=1, callbacks=[explore.watch_training(data[1].samples[0])])
    assert capsys.readouterr().out == ""


def test_a_network_without_a_part_named_encoder_is_watched_too(data):
    photo = keras.Input((SIZE, SIZE, 3))
    model = keras.Model(photo, keras.layers.Conv2D(1, 1, activation="sigmoid")(photo))
    model.compile(loss="binary_crossentropy", metrics=[mean_iou()])
    watch = explore.watch_training(data[1].samples[0])
    model.fit(data[0], validation_data=data[1], callbacks=[watch], verbose=0)
    assert watch.rows[0]["stage"] == "frozen"


@pytest.mark.slow
def test_an_interrupted_run_goes_on_with_the_epochs_before(data, published, tmp_path):
    first = data[1].samples[0]
    with pytest.raises(KeyboardInterrupt):
        fit(small_unet(), *data, **SHORT, out=tmp_path, callbacks=[explore.watch_training(first), Kill(1)])
    watch = explore.watch_training(first, tmp_path)
    history = fit(small_unet(), *data, **SHORT, out=tmp_path, callbacks=[watch])
    assert [row["epoch"] for row in watch.rows] == [row["epoch"] for row in history.rows] == [0, 1]
    assert [update for _, update, _ in published] == [False, False]  # a picture in the cell of each run


@pytest.mark.slow
def test_it_watches_keras_own_fit_too_and_forgets_what_is_trained_anew(data, published):
    model, watch = small_unet(), explore.watch_training(data[1].samples[0])
    model.compile("adam", loss=dice_bce_loss, metrics=[mean_iou()])
    for _ in range(2):
        kept = model.fit(data[0], validation_data=data[1], epochs=2, verbose=0, callbacks=[watch]).history
        assert [row["val_iou"] for row in watch.rows] == kept["val_iou"]
    assert len(published) == 4


def test_the_figure_shows_the_mask_and_says_how_good_it_is(samples):
    rows = [{"epoch": e, "stage": "frozen", "loss": 1, "iou": 0.5, "val_loss": 1, "val_iou": 0.6} for e in range(3)]
    image, true = samples[0].read()
    pred = np.roll(true, 5, axis=1)
    figure = explore.draw_training(History(rows), image, true, pred)
    loss, score, photo = figure.axes
    assert len(loss.lines[0].get_xdata()) == len(score.lines[1].get_xdata()) == 3
    assert photo.get_title() == f"this photo, epoch 3: IoU {iou(true, pred):.2f}" and "IoU is 0.60" in figure.alt
