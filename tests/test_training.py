"""Training: two stages, the best epoch kept, and a killed run that ends where an uninterrupted one does.

The runs here train a U-Net with an encoder of two convolutions, whose blocks are named as ResNet50's: what ``fit``
promises does not hang on the encoder's size, and tracing ResNet50 takes half a minute. ``test_encoder`` and lesson 06
train the real thing.
"""

import ast
import functools
import gc
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from handseg_lib import Batches, InputError, build_unet, fit, losses, split_by_person, start, state, training
from handseg_lib.course import as_published, profile
from handseg_lib.data import drawn, drawn_rooms
from handseg_lib.data.augment import Augmentation
from handseg_lib.data.elsewhere import Elsewhere
from handseg_lib.encoder import StillModel
from handseg_lib.leaving import seen_at
from handseg_lib.recipe import learn, train_and_val
from handseg_lib.unet import up_step

SIZE = 32
ROW = ["epoch", "stage", "seconds", "loss", "iou", "val_loss", "val_iou"]
RECIPE = {"epochs": 4, "frozen_epochs": 2, "train_from": "conv3_block1"}


def small_unet(size=SIZE):
    """A U-Net in small, the same each time; its encoder's blocks are conv2_block1 and conv3_block1."""
    keras.utils.set_random_seed(0)
    photo = keras.Input((size, size, 3))
    x = layers.Rescaling(1 / 255)(photo)
    outputs = []
    for stage in (2, 3):
        x = layers.Conv2D(8, 3, 2, padding="same", name=f"conv{stage}_block1_conv")(x)
        x = layers.BatchNormalization(name=f"conv{stage}_block1_bn")(x)
        x = layers.ReLU()(x)
        outputs.append(x)
    encoder = StillModel(photo, outputs, name="encoder")
    photo = keras.Input((size, size, 3))
    *skips, x = encoder(photo)
    for skip in reversed(skips):
        x = up_step(x, skip, 8)
    return keras.Model(photo, layers.Conv2D(1, 1, activation="sigmoid")(up_step(x, None, 8)))


@pytest.fixture(scope="module")
def train_samples(samples):
    return [sample for sample in samples if sample.person in ("01", "03", "06")]  # 9 photos: batches of 4, 4 and 1


@pytest.fixture(scope="module")
def val_samples(samples):
    return [sample for sample in samples if sample.person in ("04", "11")]


@pytest.fixture
def data(train_samples, val_samples):
    """Fresh batches, as a new process would make them."""
    return Batches(train_samples, SIZE, 4, augment=True), Batches(val_samples, SIZE, 4)


def new_data(data):
    return tuple(Batches(b.samples, b.size, b.batch_size, b.augment, b.seed) for b in data)


class Watch(keras.callbacks.Callback):
    """Keeps the weights and the learning rate at each epoch's end, and the rate of its first step."""

    def __init__(self):
        super().__init__()
        self.weights, self.encoder, self.rates, self.first_rates = [], [], [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.first_rates.append(float(self.model.optimizer.learning_rate))

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())
        self.encoder.append(self.model.get_layer("encoder").get_weights())
        self.rates.append(float(self.model.optimizer.learning_rate))


class Spoil(keras.callbacks.Callback):
    """Makes the network see no hand anywhere at the end of these epochs, before validation: an IoU of 0."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_test_begin(self, logs=None):
        if self.now in self.epochs:
            *weights, bias = self.model.get_weights()
            self.model.set_weights([*(0 * w for w in weights), bias - 100])


class Kill(keras.callbacks.Callback):
    """Stops the run in the middle of an epoch, as Ctrl+C does."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            raise KeyboardInterrupt


def same(ours, theirs):
    return len(ours) == len(theirs) and all(np.array_equal(a, b) for a, b in zip(ours, theirs))


@pytest.fixture(scope="module")
def straight(train_samples, val_samples, tmp_path_factory):
    """An uninterrupted run: model, history, what a callback saw, folder."""
    out, watch, model = tmp_path_factory.mktemp("straight"), Watch(), small_unet()
    train, val = Batches(train_samples, SIZE, 4, augment=True), Batches(val_samples, SIZE, 4)
    history = fit(model, train, val, **RECIPE, out=out, callbacks=[watch])
    return model, history, watch, out


# What a run gives


def test_history_has_a_whole_row_for_each_epoch(straight):
    _, history, _, _ = straight
    assert all(sorted(row) == sorted(ROW) for row in history.rows)
    assert [row["epoch"] for row in history.rows] == [0, 1, 2, 3]
    assert [row["stage"] for row in history.rows] == ["frozen", "frozen", "tuned", "tuned"]
    assert all(0 <= row[name] <= 1 for row in history.rows for name in ("iou", "val_iou"))
    assert history.seconds == pytest.approx(sum(row["seconds"] for row in history.rows)) and history.seconds > 0


def test_the_folder_keeps_the_rows_and_no_more_than_two_epochs(straight):
    _, history, _, out = straight
    kept = json.loads((out / "history.json").read_text())
    assert kept["rows"] == history.rows
    names = {path.name for path in out.iterdir()}
    assert names == {"history.json", "epoch-003.npz", f"epoch-{history.best['epoch']:03d}.npz"}


def test_the_last_rows_scores_are_those_of_its_weights(straight, data):
    model, history, watch, _ = straight
    kept = model.get_weights()
    model.set_weights(watch.weights[3])
    scores = model.evaluate(data[1], verbose=0, return_dict=True)
    model.set_weights(kept)
    assert scores["iou"] == pytest.approx(history.rows[3]["val_iou"], abs=1e-6)
    assert scores["loss"] == pytest.approx(history.rows[3]["val_loss"], abs=1e-6)


def test_the_encoder_stands_still_in_the_first_stage_and_moves_in_the_second(straight):
    _, _, watch, _ = straight
    start = small_unet().get_layer("encoder").get_weights()
    assert same(watch.encoder[0], start) and same(watch.encoder[1], start)
    moved = [not np.array_equal(a, b) for a, b in zip(watch.encoder[3], start)]
    # of conv2, then of conv3: kernel, bias, and batch norm's gamma, beta, mean, variance
    assert moved == [False] * 6 + [True, True, True, True, False, False]


def test_the_rate_warms_up_and_falls_in_each_stage(straight):
    _, _, watch, _ = straight
    assert watch.first_rates[::2] == pytest.approx([1e-5, 6e-6]), "each stage begins at a hundredth of its peak"
    first, last, tuned_first, tuned_last = watch.rates
    assert 1e-3 > first > last > 0 and 6e-4 > tuned_first > tuned_last > 0
    assert last == pytest.approx(0.02 * 1e-3, rel=0.01) and tuned_last == pytest.approx(0.02 * 6e-4, rel=0.01)


@pytest.mark.slow
def test_the_first_step_of_a_stage_is_traced_once(data):
    """Twice costs 0.2 GB and ten seconds with ResNet50."""
    traced, model = [], small_unet()

    def loss(true, pred):
        traced.append("step")
        return losses.dice_bce_loss(true, pred)

    training.compile_stage(model, 10, 1e-3, loss)
    model.train_on_batch(*data[0][0])
    assert traced == ["step"]


def test_fit_leaves_the_best_weights_not_the_last_and_no_file_unless_told_where(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model, watch = small_unet(), Watch()
    history = fit(model, *data, epochs=3, frozen_epochs=0, callbacks=[watch, Spoil({1, 2})])
    assert history.best["epoch"] == 0 and len(history.rows) == 3
    assert same(model.get_weights(), watch.weights[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_training_ends_after_so_many_epochs_without_a_better_one(data):
    history = fit(small_unet(), *data, epochs=9, frozen_epochs=0, patience=3, callbacks=[Spoil(range(1, 9))])
    assert [row["val_iou"] > 0 for row in history.rows] == [True, False, False, False]


@pytest.mark.slow
def test_the_first_stage_is_never_cut_short(data):
    history = fit(small_unet(), *data, epochs=3, frozen_epochs=3, patience=0, callbacks=[Spoil({1, 2})])
    assert len(history.rows) == 3


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [fit, as_published.fit], ids=["ours", "the article's"])
def test_seconds_do_not_count_the_validation(data, recipe):
    slow = keras.callbacks.LambdaCallback()
    slow.on_test_begin = lambda logs=None: time.sleep(1)
    begun = time.perf_counter()
    history = recipe(small_unet(), *data, epochs=2, callbacks=[slow])
    assert 0 < history.seconds < time.perf_counter() - begun - 2


# Callbacks: to them it is one training with validation, as Keras's own fit


class Told(keras.callbacks.Callback):
    """Notes what it is told, and stops the training at the end of an epoch."""

    def __init__(self, stop_at=None):
        super().__init__()
        self.notes, self.stop_at = [], stop_at

    def on_train_begin(self, logs=None):
        self.notes.append(("begin", self.params["epochs"], self.params["steps"]))

    def on_epoch_end(self, epoch, logs=None):
        self.notes.append((epoch, sorted(logs)))
        self.model.stop_training = epoch == self.stop_at

    def on_train_end(self, logs=None):
        self.notes.append(("end", sorted(logs)))


class Ruin(keras.callbacks.Callback):
    """Makes a weight nan at the beginning of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.model.set_weights([w * np.nan for w in self.model.get_weights()])


@pytest.mark.slow
def test_callbacks_are_told_of_one_training_with_validation(data):
    fit(small_unet(), *data, epochs=3, frozen_epochs=1, callbacks=[told := Told()])
    logs = ["iou", "loss", "val_iou", "val_loss"]
    assert told.notes == [("begin", 3, 3), (0, logs), (1, logs), (2, logs), ("end", logs)]


@pytest.mark.slow
def test_keras_own_callbacks_do_what_they_promise(data, tmp_path):
    """A checkpoint of the best epoch is of the best; a log has a row an epoch; early stopping stops."""
    best = {"monitor": "val_iou", "mode": "max"}
    callbacks = [
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", **best, save_best_only=True),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.EarlyStopping(**best, patience=2),
    ]
    model = small_unet()
    history = fit(model, *data, epochs=9, frozen_epochs=9, callbacks=[Spoil(range(1, 9)), *callbacks])
    assert [row["epoch"] for row in history.rows] == [0, 1, 2] and history.best["epoch"] == 0
    assert history.ended == "a callback stopped it in epoch 3"
    kept = keras.models.load_model(tmp_path / "best.keras", compile=False, custom_objects={"StillModel": StillModel})
    assert same(kept.get_weights(), model.get_weights())
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == "epoch,iou,loss,val_iou,val_loss" and [line[0] for line in lines[1:]] == ["0", "1", "2"]


@pytest.mark.slow
def test_a_training_that_was_stopped_stays_so(data, tmp_path):
    first = fit(small_unet(), *data, epochs=4, frozen_epochs=4, out=tmp_path, callbacks=[Told(stop_at=1)])
    again = fit(small_unet(), *new_data(data), epochs=4, frozen_epochs=4, out=tmp_path, callbacks=[told := Told()])
    assert again.rows == first.rows and len(first.rows) == 2 and told.notes == []
    assert again.ended == "a callback stopped it in epoch 2"


@pytest.mark.slow
@pytest.mark.parametrize("callbacks", [[], [keras.callbacks.TerminateOnNaN()]], ids=["alone", "TerminateOnNaN"])
def test_a_nan_ends_the_training_and_the_best_epoch_before_is_kept(data, tmp_path, capsys, callbacks):
    model, watch = small_unet(), Watch()
    history = fit(model, *data, epochs=5, frozen_epochs=5, out=tmp_path, callbacks=[watch, Ruin(2), *callbacks])
    assert [row["epoch"] for row in history.rows] == [0, 1]
    assert same(model.get_weights(), watch.weights[history.best["epoch"]])
    sentence = "in epoch 3 the loss became nan"
    assert sentence in history.ended and sentence in capsys.readouterr().err
    assert {path.name for path in tmp_path.glob("epoch-*")} <= {"epoch-000.npz", "epoch-001.npz"}


@pytest.mark.slow
def test_a_nan_in_the_first_epoch_is_an_error(data):
    with pytest.raises(InputError, match="first epoch the loss became nan"):
        fit(small_unet(), *data, epochs=2, callbacks=[Ruin(0)])


def test_a_callback_that_would_set_the_rate_is_refused(data):
    for rate in (keras.callbacks.ReduceLROnPlateau(), keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)):
        with pytest.raises(InputError, match=f"{type(rate).__name__}: .*schedule of its own.*peak"):
            fit(small_unet(), *data, callbacks=[rate])


def test_keras_own_way_to_go_on_after_a_kill_is_refused(data, tmp_path):
    """The two would count each other's epochs."""
    with pytest.raises(InputError, match="BackupAndRestore.* out"):
        fit(small_unet(), *data, callbacks=[keras.callbacks.BackupAndRestore(tmp_path)])


# After a kill


@pytest.mark.slow
def test_a_run_killed_in_its_first_epoch_leaves_nothing_to_go_on_from(data, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(small_unet(), *data, **RECIPE, out=tmp_path, callbacks=[Kill(0)])
    assert [path.name for path in tmp_path.iterdir()] == ["history.json"]
    assert json.loads((tmp_path / "history.json").read_text())["rows"] == []
    fit(small_unet(), *new_data(data), epochs=1, out=tmp_path)  # nothing would be lost, so another may begin there


@pytest.mark.slow
@pytest.mark.parametrize("epoch", [1, 2, 3])  # 2 is the first epoch of the second stage
def test_a_killed_run_goes_on_to_where_an_uninterrupted_one_ends(straight, data, tmp_path, epoch):
    model, history, _, _ = straight
    with pytest.raises(KeyboardInterrupt):
        fit(small_unet(), *data, **RECIPE, out=tmp_path, callbacks=[Kill(epoch)])
    # as if killed while it wrote: weights, whole or half, that history.json does not speak of
    (tmp_path / f"part-epoch-{epoch:03d}.npz").write_bytes(b"half a file")
    (tmp_path / f"epoch-{epoch:03d}.npz").write_bytes(b"an epoch too far")
    again, seen = small_unet(), Watch()
    resumed = fit(again, *new_data(data), **RECIPE, out=tmp_path, callbacks=[seen])
    assert len(seen.weights) == 4 - epoch, "what was done is not done again"
    for ours, theirs in zip(resumed.rows, history.rows, strict=True):
        assert (ours["epoch"], ours["stage"]) == (theirs["epoch"], theirs["stage"])
        for name in ROW[3:]:
            assert ours[name] == pytest.approx(theirs[name], rel=1e-5), name
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6)


@pytest.mark.slow
def test_a_killed_run_in_float16_goes_on_with_its_loss_scale(data, tmp_path):
    """As on a T4 with HANDSEG_DTYPE=mixed_float16: Keras wraps the optimiser, whose scale is a part of its state."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        whole = small_unet()
        history = fit(whole, *new_data(data), **RECIPE, out=tmp_path / "whole")
        with pytest.raises(KeyboardInterrupt):
            fit(small_unet(), *new_data(data), **RECIPE, out=tmp_path / "killed", callbacks=[Kill(3)])
        again = small_unet()
        resumed = fit(again, *new_data(data), **RECIPE, out=tmp_path / "killed")
    finally:
        keras.config.set_dtype_policy("float32")
    assert isinstance(again.optimizer, keras.optimizers.LossScaleOptimizer)
    assert int(again.optimizer.step_counter) == int(whole.optimizer.step_counter) > 0
    assert [row["val_iou"] for row in resumed.rows] == pytest.approx([row["val_iou"] for row in history.rows], rel=1e-3)


def test_a_finished_run_is_not_trained_again_but_loaded(straight, data):
    model, history, _, out = straight
    again, seen = small_unet(), Watch()
    loaded = fit(again, *data, **RECIPE, out=out, callbacks=[seen])
    assert seen.weights == [] and loaded.rows == history.rows
    assert same(again.get_weights(), model.get_weights())


# What is refused


def test_the_rate_rises_for_a_tenth_of_the_steps_and_then_falls_along_a_cosine():
    training.compile_stage(model := small_unet(), steps=200, peak=1e-3)
    rate = model.optimizer._learning_rate
    by_hand = {0: 1e-5, 10: (1e-5 + 1e-3) / 2, 20: 1e-3, 110: (1 + 0.02) / 2 * 1e-3, 200: 2e-5, 300: 2e-5}
    assert {step: float(rate(step)) for step in by_hand} == pytest.approx(by_hand)


def test_a_huge_gradient_is_clipped():
    """The first step of Adam is as long as the rate however long the gradient, so what is looked at is its mean."""
    training.compile_stage(model := small_unet(), steps=1000, peak=1e-3)
    optimizer, variables = model.optimizer, model.trainable_variables
    gradients = [np.zeros(variable.shape, "float32") for variable in variables]
    gradients[0][:] = 1e6
    optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients], variables)
    clipped = keras.ops.convert_to_numpy(optimizer._momentums[0])
    assert np.linalg.norm(clipped) == pytest.approx(0.1, rel=1e-3), "a tenth, by beta_1, of a gradient of length 1"


def test_weights_decay_where_no_gradient_holds_them():
    """1e-4 of the rate in each step: at a rate of 1, which shows it, a ten thousandth."""
    training.compile_stage(model := small_unet(), steps=1000, peak=100.0)  # in its first step a hundredth of that
    variables = model.trainable_variables
    before = [variable.numpy() for variable in variables]
    model.optimizer.apply([keras.ops.zeros(variable.shape) for variable in variables], variables)
    for variable, array in zip(variables, before):
        assert variable.numpy() == pytest.approx(array * (1 - 1e-4), rel=1e-6)


@pytest.mark.parametrize(
    "name, value, was, now",
    [
        ("epochs", 5, "epochs=4", "epochs=5"),
        ("frozen_epochs", 1, "frozen_epochs=2", "frozen_epochs=1"),
        ("train_from", "conv2_block1", "train_from=conv3_block1", "train_from=conv2_block1"),
        ("loss", losses.dice_loss, "loss=dice_bce_loss", "loss=dice_loss"),
        ("peak", 3e-4, "peak=0.0006", "peak=0.0003"),
        ("patience", 3, "patience=7", "patience=3"),
        ("loss", "mse", "loss=dice_bce_loss", "loss=mean_squared_error"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_a_folder_with_a_run_of_other_arguments_is_refused(straight, data, name, value, was, now):
    out = straight[-1]
    with pytest.raises(InputError) as error:
        fit(small_unet(), *data, **{**RECIPE, name: value}, out=out)
    text = str(error.value)
    assert str(out) in text and was in text and now in text
    assert "Give another folder" in text and "\n" not in text


def test_a_folder_with_a_run_on_other_photos_is_refused(straight, data, samples):
    train, val = data
    others = [s for s in samples if s.person in ("07", "08", "10")]
    assert len(others) == len(train.samples)
    inverted = [[replace(s, skin="white") for s in batches.samples] for batches in (train, val)]
    for batches in (
        (Batches(inverted[0], SIZE, 4, augment=True), val),  # the same photos, other masks
        (train, Batches(inverted[1], SIZE, 4)),
        (Batches(train.samples[1:], SIZE, 4, augment=True), val),
        (Batches(train.samples, SIZE, 3, augment=True), val),
        (Batches(train.samples, SIZE, 4, augment=True, seed=1), val),
        (Batches(train.samples, SIZE, 4, augment=Augmentation(flip=0)), val),
        (Batches(others, SIZE, 4, augment=True), val),
        (train, Batches(others, SIZE, 4)),
    ):
        with pytest.raises(InputError, match="Give another folder"):
            fit(small_unet(), *batches, **RECIPE, out=straight[-1])


def test_a_folder_with_another_models_run_is_refused(straight, data):
    with pytest.raises(InputError, match="of another model. Give out another folder"):
        fit(build_unet(SIZE, weights=None), *data, **RECIPE, out=straight[-1])


@pytest.mark.slow
def test_a_loss_may_be_an_object_of_keras(data):
    history = fit(small_unet(), *data, epochs=1, frozen_epochs=1, loss=keras.losses.BinaryCrossentropy())
    assert history.rows[0]["loss"] > 0


class Focal(keras.losses.Loss):
    """A loss of one's own that tells Keras nothing of its parameter."""

    def __init__(self, gamma):
        super().__init__()
        self.power = gamma

    def call(self, y_true, y_pred):
        return losses.dice_loss(y_true, y_pred) ** self.power


def focal(gamma):
    def loss(y_true, y_pred):
        return losses.dice_loss(y_true, y_pred) ** gamma

    return loss


LOSSES = {
    "a name": lambda: "binary_crossentropy",
    "another name": lambda: "mse",
    "a partial": lambda: functools.partial(losses.dice_loss, smooth=1.0),
    "another partial": lambda: functools.partial(losses.dice_loss, smooth=2.0),
    "an object": lambda: keras.losses.BinaryFocalCrossentropy(gamma=2.0),
    "another object": lambda: keras.losses.BinaryFocalCrossentropy(gamma=3.0),
    "an object of one's own": lambda: Focal(2.0),
    "another object of one's own": lambda: Focal(3.0),
    "a closure": lambda: focal(2.0),
    "another closure": lambda: focal(3.0),
    "a lambda": lambda: lambda true, pred: losses.dice_loss(true, pred) * 2.0,
    "another lambda": lambda: lambda true, pred: losses.dice_loss(true, pred) * 3.0,
    "a method": lambda: Focal(2.0).call,
}


def test_a_loss_with_other_parameters_or_code_is_another_and_the_same_when_made_anew():
    told = {name: state.identity(training.loss_of(make())) for name, make in LOSSES.items()}
    assert len(set(told.values())) == len(LOSSES)
    assert told == {name: state.identity(training.loss_of(make())) for name, make in LOSSES.items()}


SETTINGS = {"gamma": 2.0}


class Settings:
    gamma = 2.0


def test_a_loss_with_a_parameter_in_a_dict_or_a_class_is_another_when_that_changes(monkeypatch):
    """The second run returned the first one's result without a word."""

    def by_dict(y_true, y_pred):
        return losses.dice_loss(y_true, y_pred) ** SETTINGS["gamma"]

    def by_class(y_true, y_pred):
        return losses.dice_loss(y_true, y_pred) ** Settings.gamma

    before = state.identity(by_dict), state.identity(by_class)
    assert before == (state.identity(by_dict), state.identity(by_class))
    monkeypatch.setitem(SETTINGS, "gamma", 3.0)
    monkeypatch.setattr(Settings, "gamma", 3.0)
    assert state.identity(by_dict) != before[0] and state.identity(by_class) != before[1]


@pytest.mark.slow
def test_a_loss_is_the_same_in_a_new_process():
    """Whose functions are at other addresses, and whose hashes of text are other ones."""
    code = "{name: state.identity(training.loss_of(make())) for name, make in LOSSES.items()}"
    here, code = eval(code), f"from test_training import *; print({code})"
    there = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True)
    assert ast.literal_eval(there.stdout.splitlines()[-1]) == here


@pytest.mark.slow
@pytest.mark.parametrize("one, other", [("a name", "another name"), ("an object", "another object")])
def test_a_folder_with_a_run_of_another_loss_is_refused(data, tmp_path, one, other):
    short = {"epochs": 1, "frozen_epochs": 1, "out": tmp_path}
    fit(small_unet(), *data, **short, loss=LOSSES[one]())
    fit(small_unet(), *new_data(data), **short, loss=LOSSES[one]())
    with pytest.raises(InputError, match="Give another folder"):
        fit(small_unet(), *new_data(data), **short, loss=LOSSES[other]())


def test_a_name_of_no_loss_is_refused(data):
    with pytest.raises(InputError, match="loss='nonsense'"):
        fit(small_unet(), *data, loss="nonsense")


def test_a_network_with_other_settings_or_another_dtype_is_another(straight, data):
    """Although its weights have the same shapes."""
    told = state.structure(small_unet())
    assert told == state.structure(small_unet()), "whatever names Keras gives the layers"
    model = small_unet()
    model.layers[-1].activation = keras.activations.tanh
    assert state.structure(model) != told
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small_unet()
    finally:
        keras.config.set_dtype_policy("float32")
    with pytest.raises(InputError, match="of another model"):
        fit(model, *data, **RECIPE, out=straight[-1])


@pytest.mark.slow
def test_numbers_of_numpy_are_numbers(train_samples, val_samples, tmp_path):
    train = Batches(train_samples, np.int64(SIZE), np.int64(4), augment=True, seed=np.int64(0))
    one = {"epochs": np.int64(1), "frozen_epochs": np.int64(1), "peak": np.float32(1e-3)}
    fit(small_unet(), train, Batches(val_samples, SIZE, 4), **one, out=tmp_path)
    assert json.loads((tmp_path / "history.json").read_text())["recipe"]["epochs"] == 1


def test_the_dtype_policy_is_as_before_where_a_training_is_refused(samples, tmp_path, monkeypatch):
    monkeypatch.setattr("handseg_lib.recipe.fast_dtype", lambda: "mixed_bfloat16")  # whatever is fast here
    split, smoke = split_by_person(samples), profile.PROFILES["smoke"]
    (tmp_path / "history.json").write_text('{"recipe": {"epochs": 99}, "rows": [{"epoch": 0, "val_iou": 0.5}]}')
    with pytest.raises(InputError, match="epochs=99"):
        learn(split, tmp_path, smoke.size, smoke.batch_size, smoke.epochs, smoke.frozen_epochs)
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.slow
def test_what_the_course_learns_from(samples, tmp_path, monkeypatch):
    """The training persons and nobody of the others; drawn hands and rooms where rooms are asked for."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    split = split_by_person(samples)
    plain, _ = train_and_val(split, SIZE, 4)
    assert plain.samples == split.train and plain.augment == Augmentation()
    rich, _ = train_and_val(split, SIZE, 4, rooms=2)
    assert rich.samples == split.train + drawn.load(seed=3, takes=1)
    lessons = {sample.image for sample in drawn.load(takes=1)}
    assert not lessons & {sample.image for sample in rich.samples}, "the lessons' drawn persons stay unseen"
    assert rich.augment.scenes.rooms.shape == (2 + 1, SIZE, SIZE, 3), "drawn ones, and half as many photographed ones"


@pytest.mark.slow
def test_with_rooms_the_weights_are_a_mean_of_those_before_and_after(samples, tmp_path, monkeypatch):
    """And the network looks at larger photos. A second call trains no more: its folder has all that it needs."""
    monkeypatch.setattr("handseg_lib.recipe.build_unet", lambda size, weights="imagenet": small_unet(size))
    split, weights = split_by_person(samples), {}
    home, before = learn(split, tmp_path / "home", 80, 4, 1, 1)
    for share in (0, 1, 0.75):
        monkeypatch.setattr("handseg_lib.leaving.AWAY", share)
        left, history = learn(split, tmp_path / "left", 80, 4, 1, 1, rooms=2)
        weights[share] = left.get_weights()
    assert home.input_shape[1] == 80 and left.input_shape[1] == seen_at(80) == 96
    assert [(row["epoch"], row["stage"]) for row in history.rows] == [(0, "frozen"), (1, "rooms"), (2, "rooms")]
    assert history.rows[0]["loss"] == before.rows[0]["loss"]
    for none, whole, mean, at_home in zip(weights[0], weights[1], weights[0.75], home.get_weights(), strict=True):
        assert np.array_equal(none, at_home)
        np.testing.assert_allclose(mean, 0.25 * none + 0.75 * whole, rtol=1e-5, atol=1e-6)
    assert not all(np.array_equal(none, whole) for none, whole in zip(weights[0], weights[1], strict=True))


@pytest.mark.slow
def test_a_run_with_other_rooms_is_refused(train_samples, val_samples, tmp_path):
    val, model = Batches(val_samples, SIZE, 4), small_unet()
    scenes = drawn_rooms.scenes(2, SIZE)
    one = {"epochs": 1, "frozen_epochs": 1, "out": tmp_path}
    fit(model, Batches(train_samples, SIZE, 4, augment=Elsewhere(scenes)), val, **one)
    for others in (Elsewhere(drawn_rooms.scenes(2, SIZE, seed=1)), Elsewhere(scenes, grey=0.5), True):
        with pytest.raises(InputError, match="augment="):
            fit(model, Batches(train_samples, SIZE, 4, augment=others), val, **one)


def test_an_unknown_block_is_refused(data, tmp_path):
    """At once: after the frozen stage the folder would hold a run with that block, and refuse the right one."""
    with pytest.raises(InputError, match="no such block"):
        fit(small_unet(), *data, epochs=2, frozen_epochs=2, train_from="conv9_block1", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_best_is_the_row_of_the_highest_validation_iou():
    rows = [{"epoch": k, "val_iou": iou, "seconds": 2.5} for k, iou in enumerate([0.2, 0.7, 0.7, 0.5])]
    assert training.History(rows).best == rows[1]
    assert training.History(rows).seconds == 10


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow is what kept them")
def test_nothing_of_a_training_that_is_over_stays_in_memory():
    """Its graphs did, and Adam's numbers with them, for as long as the process: a quarter of a GiB of a ResNet50."""

    def graphs():
        gc.collect()
        return sum(type(thing).__name__ == "FuncGraph" and "one_step" in thing.name for thing in gc.get_objects())

    before = graphs()
    model = small_unet()
    training.compile_stage(model, steps=1, peak=1e-3)
    model.fit(np.zeros((1, SIZE, SIZE, 3)), np.zeros((1, SIZE, SIZE, 1)), verbose=0)
    assert graphs() > before, "the test sees none"
    del model
    assert graphs() <= before


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow is what kept them")
def test_a_keras_that_sums_gradients_elsewhere_is_left_as_it_is(monkeypatch):
    from keras.src.backend.tensorflow.optimizer import TFOptimizer

    monkeypatch.delattr(TFOptimizer, "_all_reduce_sum_gradients")
    start._let_trainings_go()
    assert not hasattr(TFOptimizer, "_all_reduce_sum_gradients")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow is what kept them")
def test_gradients_of_two_devices_are_summed_as_before(monkeypatch):
    from keras.src.backend.tensorflow.optimizer import TFOptimizer

    monkeypatch.setattr(TFOptimizer, "_all_reduce_sum_gradients", lambda self, gradients: ["summed", *gradients])
    start._let_trainings_go()
    for devices, gradients in ((1, ["one"]), (2, ["summed", "one"])):
        optimizer = SimpleNamespace(_distribution_strategy=SimpleNamespace(num_replicas_in_sync=devices))
        assert TFOptimizer._all_reduce_sum_gradients(optimizer, ["one"]) == gradients
