"""Mistakes that learners make: each gets a sentence with the value and the way out, before anything is computed."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import handseg_lib as hs
from handseg_lib.data.augment import Augmentation
from handseg_lib.data.gate import number, one_of, what, whole

SIZE = 32


def small_network():
    """As far as `fit` looks, a U-Net: an encoder, and a probability for each pixel."""
    photo = keras.Input((SIZE, SIZE, 3))
    features = keras.layers.Conv2D(2, 1, name="conv3_block1_conv")(photo)
    encoder = keras.Model(photo, features, name="encoder")
    hand = keras.layers.Conv2D(1, 1, activation="sigmoid")(encoder(photo))
    return keras.Model(photo, hand, name="small")


@pytest.fixture(scope="module")
def k(samples, tmp_path_factory):
    """What a learner has at hand."""
    split = hs.split_by_person(samples)
    image, mask = samples[0].read()
    model = small_network()
    train = hs.Batches(split.train[:4], SIZE, 4, augment=True)
    return SimpleNamespace(
        samples=samples,
        split=split,
        sample=samples[0],
        image=image,
        mask=mask,
        path=str(samples[0].image),
        folder=samples[0].image.parent,
        masks=samples[0].mask.parent,
        model=model,
        predictor=hs.Predictor(model),
        train=train,
        val=hs.Batches(split.val, SIZE, 4),
        history=hs.History([{"epoch": 0}]),
        out=tmp_path_factory.mktemp("out"),
    )


def fit(k, **other):
    arguments = {"model": k.model, "train": k.train, "val": k.val, "epochs": 1, "out": k.out} | other
    return hs.fit(**arguments)


FLIPPED, BACKWARDS = {"flip": 50}, {"scale": (1.2, 0.8)}
MISTAKES = {  # what a learner did: how, and the words that are to come back
    # a photo
    "a path for a photo": (lambda k: k.predictor(k.path), "a path. Read it: hs.read_image"),
    "Pillow for numpy": (lambda k: k.predictor(Image.open(k.masks / k.sample.mask.name)), "this is bool"),
    "a photo scaled to 0-1": (lambda k: k.predictor(k.image / 255), "Do not scale it"),
    "a grey photo": (lambda k: k.predictor(k.image[..., 0]), "np.repeat"),
    "a photo with transparency": (lambda k: k.predictor(np.dstack([k.image, k.mask])), "p[..., :3]"),
    "colours first": (lambda k: k.predictor(np.moveaxis(k.image, 2, 0)), "np.moveaxis(p, 0, 2)"),
    "a batch for a photo": (lambda k: k.predictor(k.image[None]), "predict_batch"),
    "a photo for a batch": (lambda k: k.predictor.predict_batch(3), "Give a list of photos"),
    "nothing for a photo": (lambda k: k.predictor(None), "hs.read_image"),
    "photo and mask swapped": (lambda k: hs.plots.overlay(k.mask, k.image), "Is it a mask?"),
    "a probability for a mask": (lambda k: hs.plots.overlay(k.image, k.mask / 2), "hand >= predictor.threshold"),
    "a mask of another photo": (lambda k: hs.plots.errors(k.image, k.mask, k.mask[1:]), "of its own photo"),
    "an array to read_image": (lambda k: hs.read_image(k.image), "path is an array"),
    "several to read_image": (lambda k: hs.read_image([k.path]), "Give the path of one file"),
    "a folder to read_image": (lambda k: hs.read_image(k.folder), "it is no file"),
    "no file to read_image": (lambda k: hs.read_image("gone.jpg"), "gone.jpg: there is no such file"),
    # samples
    "a Split for a list": (lambda k: hs.Batches(k.split, SIZE), "split.train"),
    "one sample for a list": (lambda k: hs.Batches(k.sample, SIZE), "[sample]"),
    "a folder for samples": (lambda k: hs.evaluate(k.predictor, str(k.folder)), "hs.pair(images, masks)"),
    "batches for samples": (lambda k: hs.evaluate(k.predictor, k.val), "batches.samples"),
    "paths for samples": (lambda k: hs.tune_threshold(k.predictor, [k.path]), "one of the samples is"),
    "no samples": (lambda k: hs.explore.browse([]), "nothing to browse"),
    "a number for samples": (lambda k: hs.plots.samples(8), "samples is 8"),
    "a list for one sample": (lambda k: hs.explore.play_augmentation(k.samples), "samples[0]"),
    "a person as a number": (
        lambda k: hs.Sample("a.jpg", "a.png", 2, "A"),
        'person is 2. Give it as text, such as "02"',
    ),
    # folders
    "photos and masks swapped": (lambda k: hs.pair(k.masks, k.folder)[0].read(), "Are photos and masks swapped?"),
    "no folder": (lambda k: hs.pair("gone", k.masks), "gone: no such folder"),
    "a list for a folder": (lambda k: hs.pair([k.folder], k.masks), "Give the path of a folder"),
    "a NUL in a folder's name": (lambda k: hs.pair("a\0b", k.masks), "no file can have this name"),
    "a rule that stumbles": (lambda k: hs.pair(k.folder, k.masks, lambda stem: stem.split("-")[5]), "it fails on"),
    "samples of one folder": (lambda k: hs.check_pairs(k.folder), "check_pairs(images, masks)"),
    "no samples to check": (lambda k: hs.check_pairs(None), "Give samples, a split of them, or two folders"),
    "no such person": (lambda k: hs.split_by_person(k.samples, test=("2",)), "Did you mean '02'?"),
    "persons as numbers": (lambda k: hs.split_by_person(k.samples, val=(4, 11)), "val=4"),
    "a person in two parts": (lambda k: hs.split_by_person(k.samples, ("02",), ("02",)), "is in both test and val"),
    # numbers
    "a size of two numbers": (lambda k: hs.Batches(k.samples, (64, 64)), "size=(64, 64): use a whole number"),
    "a size in quotes": (lambda k: hs.build_unet("224"), "size='224': use a whole number from 0 on, such as 224"),
    "a size that does not halve": (lambda k: hs.build_unet(100), "say 96"),
    "a size as of a billboard": (lambda k: hs.build_unet(65536), "to 2048, say 2048"),
    "no photos in a batch": (lambda k: hs.Batches(k.samples, SIZE, 0), "batch_size=0"),
    "half a photo in a batch": (lambda k: hs.evaluate(k.predictor, k.samples, 2.5), "batch_size=2.5"),
    "a seed below zero": (lambda k: hs.Batches(k.samples, SIZE, seed=-1), "seed=-1"),
    "a threshold in quotes": (lambda k: hs.Predictor(k.model, "0.5"), "threshold='0.5': use a number from 0 to 1"),
    "a threshold in per cent": (
        lambda k: hs.Predictor(k.model, 50),
        "threshold=50: use a number from 0 to 1, such as 0.5",
    ),
    "a chance in per cent": (lambda k: Augmentation(**FLIPPED), "flip=50: use a number from 0 to 1, such as 0.5"),
    "a seed for a generator": (lambda k: hs.augment.augment(k.image, k.mask, 0), "np.random.default_rng(seed)"),
    "a zoom backwards": (lambda k: Augmentation(**BACKWARDS), "the smallest and the largest zoom"),
    "one number for a zoom": (lambda k: Augmentation(scale=1.2), "scale is 1.2. Give the smallest and the largest"),
    "nobody to draw": (lambda k: hs.drawn.load(persons=0), "persons=0: use a whole number from 1"),
    "persons in quotes": (lambda k: hs.drawn.load(persons="12"), "persons='12'"),
    "no such gesture": (lambda k: hs.drawn.render(0, "Q", 0), "gesture='Q'"),
    "a width of nothing": (lambda k: hs.build_unet(64, width=0), "width=0"),
    "a fill beyond full": (lambda k: hs.plots.overlay(k.image, k.mask, strength=25), "strength=25"),
    # names
    "a slip in taps": (lambda k: hs.build_unet(64, taps="defualt"), "use one of 'default', 'published'"),
    "a number for taps": (lambda k: hs.build_unet(64, taps=4), "taps=4"),
    "a slip in weights": (lambda k: hs.build_unet(64, weights="imagenett"), 'Use "imagenet"'),
    "True for weights": (lambda k: hs.build_unet(64, weights=True), 'weights is True. Use "imagenet"'),
    "a slip in a column": (lambda k: hs.evaluate(k.predictor, k.samples[:2]).by("persn"), "Did you mean 'person'?"),
    "no such colour": (lambda k: hs.plots.overlay(k.image, k.mask, "skyblu"), "colour='skyblu'"),
    "augment by its name": (lambda k: hs.Batches(k.samples, SIZE, augment="yes"), "augment is 'yes'. Give True, False"),
    # models
    "a path for a model": (lambda k: hs.Predictor("model.keras"), "hs.load_predictor(path)"),
    "a model for a path": (lambda k: hs.load_predictor(k.model), "hs.Predictor(model)"),
    "the class for a predictor": (
        lambda k: hs.evaluate(hs.Predictor, k.samples),
        "the class Predictor is no predictor",
    ),
    "evaluate the wrong way round": (lambda k: hs.evaluate(k.samples, k.predictor), "is no predictor"),
    "explore a function": (
        lambda k: hs.explore.explore(np.mean, k.samples),
        "is no predictor. Give hs.load_predictor()",
    ),
    "no model to look into": (lambda k: hs.explore.look_inside(None, k.image), "model is None"),
    "a path to look into": (lambda k: hs.explore.look_inside(k.model, k.path), "hs.read_image"),
    "a photo's path, skips cut": (lambda k: hs.explore.cut_skips(k.model, k.path), "hs.read_image"),
    "a threshold for a predictor": (lambda k: hs.explore.try_photo(0.5), "0.5 is no predictor"),
    # training
    "fit the wrong way round": (lambda k: fit(k, model=k.train, train=k.model), "model is a handseg_lib.Batches"),
    "a predictor to fit": (lambda k: fit(k, model=k.predictor), "of a predictor, predictor.model"),
    "train and val swapped": (lambda k: fit(k, train=k.val, val=k.train), "Are they swapped?"),
    "samples for batches": (lambda k: fit(k, train=k.split.train), "hs.Batches(split.train, size)"),
    "a Split for both": (lambda k: fit(k, train=k.split), "train is a handseg_lib.Split"),
    "two sizes": (
        lambda k: fit(k, val=hs.Batches(k.split.val, 48, 4)),
        "val has photos of 48 px, and the model takes 32",
    ),
    "a model without an encoder": (lambda k: fit(k, model=keras.Sequential([keras.Input((SIZE, SIZE, 3))])), "encoder"),
    "one callback for a list": (lambda k: fit(k, callbacks=keras.callbacks.EarlyStopping()), "[callback]"),
    "a number that is not there": (
        lambda k: fit(k, callbacks=[keras.callbacks.EarlyStopping("val_acc", mode="max")]),
        "monitor='val_acc', and fit has no such number: loss, iou, val_loss, val_iou",
    ),
    "an IoU without a mode": (
        lambda k: fit(k, callbacks=[keras.callbacks.EarlyStopping("val_iou")]),
        "mode='max'",
    ),
    "a callback without brackets": (lambda k: fit(k, callbacks=[keras.callbacks.EarlyStopping]), "Name()"),
    "no loss": (lambda k: fit(k, loss=None), "loss=None"),
    "a slip in a loss": (lambda k: fit(k, loss="binary_crossentropi"), "loss='binary_crossentropi'"),
    "a loss of one argument": (
        lambda k: fit(k, loss=lambda true: true),
        "of a mask and a prediction it makes no number",
    ),
    "a loss in NumPy": (lambda k: fit(k, loss=lambda t, p: np.mean(np.square(t - p))), "keras.ops, and not with NumPy"),
    "no epochs": (lambda k: fit(k, epochs=0), "epochs=0"),
    "half an epoch": (lambda k: fit(k, epochs=2.5), "epochs=2.5"),
    "a rate that is nan": (lambda k: fit(k, peak=float("nan")), "peak=nan: use a number from 1e-09 to 1"),
    "a rate below zero": (lambda k: fit(k, peak=-1e-3), "peak=-0.001"),
    "a file for a folder": (lambda k: fit(k, out=k.path), "Give another folder"),
    "a number for a folder": (lambda k: fit(k, out=7), "out is 7"),
    # figures
    "one picture for a list": (lambda k: hs.plots.images(k.image, ["a"], "A."), "[picture]"),
    "one number for titles": (lambda k: hs.plots.numbers([k.mask], np.array(3), "A."), "titles is 3. Give a list"),
    "no titles": (lambda k: hs.plots.numbers([k.mask], None, "A."), "titles is None. Give a list of texts"),
    "a title too few": (lambda k: hs.plots.images([k.image, k.image], ["a"], "A."), "give one title for each"),
    "no alt text": (lambda k: hs.plots.images([k.image], ["a"], None), "what a reader who cannot see it should know"),
    "a path for a picture": (lambda k: hs.plots.images([k.path], ["a"], "A."), "no picture"),
    "Keras's history": (lambda k: hs.plots.curves(keras.callbacks.History()), "Give what hs.fit returned"),
    "words in a table": (lambda k: hs.plots.numbers([np.array(["a"])], ["a"], "A."), "is no table of numbers"),
}


def test_the_table_has_forty_mistakes_and_more():
    assert len(MISTAKES) > 40


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_a_sentence_with_the_way_out(k, mistake):
    make, words = MISTAKES[mistake]
    with pytest.raises(hs.InputError) as error:
        make(k)
    text = str(error.value)
    assert words in text and text.isprintable() and text.endswith((".", "?", ")"))


def test_a_person_in_train_and_in_val_is_told_and_may_be(k, capsys):
    with pytest.raises(hs.InputError, match="loss"):
        fit(k, val=hs.Batches(k.split.train[:4], SIZE, 4), loss=None)
    assert "in train and in val, so the validation IoU does not tell" in capsys.readouterr().err


def test_a_network_will_do_where_a_predictor_is_asked_for(k):
    """A mistake that is none: at 0.5 there is one way to make a predictor of it."""
    threshold, _ = hs.tune_threshold(k.model, k.samples[:2])
    assert threshold == hs.tune_threshold(k.predictor, k.samples[:2])[0]


def test_samples_may_come_from_a_generator(k):
    """Whose length nobody knows, and which can be gone through once."""
    report = hs.evaluate(k.predictor, (sample for sample in k.samples[:3]))
    assert len(report.table) == 3
    assert len(hs.Batches((sample for sample in k.samples[:3]), SIZE)) == 1


def test_a_sample_takes_paths_as_text(k):
    sample = hs.Sample(k.path, str(k.sample.mask), "01", k.sample.gesture)
    assert sample == k.sample and sample.name == k.sample.image.name


def test_numbers_of_numpy_are_numbers():
    assert whole("size", np.int64(64)) == 64 and type(whole("size", np.uint8(64))) is int
    assert number("threshold", np.float32(0.5), 0, 1, 0.5) == 0.5 == number("threshold", np.float64(0.5), 0, 1, 0.5)


@pytest.mark.parametrize("value", [True, 1.0, "1", None, [1], np.array([1]), -1, 10, float("nan")])
def test_what_is_no_whole_number_from_0_to_9_is_refused(value):
    with pytest.raises(hs.InputError, match="^count=.*: use a whole number from 0 to 9, such as 3"):
        whole("count", value, 0, 9, such_as=3)


@pytest.mark.parametrize("value", [False, "0.5", None, np.array(0.5), -0.1, 1.1, float("nan"), float("inf"), 0.5j])
def test_what_is_no_number_from_0_to_1_is_refused(value):
    with pytest.raises(hs.InputError, match="^threshold=.*: use a number from 0 to 1, such as 0.5"):
        number("threshold", value, 0, 1, 0.5)


def test_the_nearest_name_is_named():
    with pytest.raises(hs.InputError, match="taps='publishd': .* Did you mean 'published'. Use one of"):
        one_of("taps", "publishd", ("default", "published"))
    with pytest.raises(hs.InputError) as error:
        one_of("taps", 7, ("default", "published"))
    assert "Did you mean" not in str(error.value)


def test_a_value_is_called_in_few_words(k):
    assert what(k.image).startswith("an array, uint8 (") and what([k.sample] * 9) == "a list of 9"
    assert what(k.split) == "a handseg_lib.Split" and what(k.model) == "a keras.Functional"
    assert len(what("x" * 1000)) < 100
