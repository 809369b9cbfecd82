"""The article's recipe, slips included: what makes it worth comparing with is that it stays as it was."""

import inspect
import re

import keras
import numpy as np
import pytest

from handseg_lib import Batches, History, training
from handseg_lib.course import as_published


@pytest.fixture(scope="module")
def run(samples):
    """One epoch at 64 px: model, encoder weights before, history."""
    keras.utils.set_random_seed(0)
    model = as_published.build_unet(64)
    before = {w.path: keras.ops.convert_to_numpy(w).copy() for w in model.weights}
    train, val = Batches(samples[:5], 64, 4), Batches(samples[5:8], 64, 4)
    history = as_published.fit(model, train, val, epochs=1)
    return model, before, history


@pytest.mark.slow
def test_it_has_the_articles_size(run):
    assert 15.4e6 < run[0].count_params() < 15.6e6


@pytest.mark.slow
def test_the_slip_freezes_the_whole_encoder(run):
    model, before, _ = run
    encoder = {w.path for layer in model.layers if re.match(r"conv\d_", layer.name) for w in layer.weights}
    assert len(encoder) > 200
    assert not encoder & {w.path for w in model.trainable_weights}
    for weight in model.weights:
        moved = not np.array_equal(before[weight.path], keras.ops.convert_to_numpy(weight))
        assert moved == (weight.path not in encoder), weight.path


def test_fit_is_called_like_the_courses_fit():
    ours, theirs = (inspect.signature(module.fit) for module in (training, as_published))
    assert list(theirs.parameters) == [name for name in ours.parameters if name in theirs.parameters]
    assert ours.return_annotation is theirs.return_annotation is History


@pytest.mark.slow
def test_its_history_reads_like_the_courses(run):
    _, _, history = run
    assert isinstance(history, History) and len(history.rows) == 1
    course = {"epoch", "stage", "seconds", "loss", "iou", "val_loss", "val_iou"}
    assert set(history.rows[0]) == course | {"accuracy", "val_accuracy"}
    assert history.best == history.rows[0] and 0 < history.seconds


@pytest.mark.slow
def test_its_model_takes_photos_of_0_to_255_and_gives_probabilities(run):
    hand = keras.ops.convert_to_numpy(run[0](np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)))
    assert hand.shape == (2, 64, 64, 1) and 0 <= hand.min() < hand.max() <= 1


def test_photos_are_stretched_to_0_1_each_by_its_own_range():
    photos = np.array([[0, 100, 200], [50, 75, 100], [9, 9, 9]], "float32").reshape(3, 1, 1, 3)
    stretched = keras.ops.convert_to_numpy(as_published.MinMax()(photos)).reshape(3, 3)
    assert stretched == pytest.approx(np.array([[0, 0.5, 1], [0, 0.5, 1], [0, 0, 0]]))


def test_its_generator_pads_the_last_batch_with_rows_that_are_no_photos(samples):
    generator = as_published.DataGenerator(samples[:5], 32, 4)
    images, masks = generator[len(generator) - 1]
    assert images.shape == (4, 32, 32, 3) and masks.shape == (4, 32, 32, 1)
    assert [bool(image.any()) for image in images] == [True, False, False, False]


def test_its_photos_and_masks_are_flipped_together(samples):
    images, masks = as_published.DataGenerator(samples[:8], 64, 8)[0]
    for image, mask in zip(images, masks):
        assert ((image[..., 0] > 135) == mask[..., 0]).mean() > 0.97, "the hand has a red of 210, the wall of 60"


@pytest.mark.slow
def test_its_seeds_go_round_in_a_small_loop():
    """Lesson 02 says so of the article's own generator: a batch's seed sets the state that the next comes from."""

    def following(seed: int) -> int:
        chance = np.random.RandomState(seed)
        chance.random_sample(2 * 16)  # two mirrors a photo
        return chance.randint(1, 100)

    def loop(seed: int) -> int:
        seeds = [seed]
        for _ in range(200):
            seeds.append(following(seeds[-1]))
        return len(set(seeds[100:]))

    assert {loop(seed) for seed in range(1, 100)} == {1, 2, 4, 7}


def test_its_masks_lose_what_is_not_wholly_hand(samples):
    _, masks = as_published.DataGenerator(samples[:8], 32, 8)[0]
    assert set(np.unique(masks)) == {0, 1}
    _, ours = Batches(samples[:8], 32, 8)[0]
    assert 0.85 < masks.sum() / ours.sum() < 0.99


def test_its_loss_hardly_notices_one_missed_hand():
    true, pred = np.ones((2, 10, 10, 1), "float32"), np.ones((2, 10, 10, 1), "float32")
    true[1], pred[1] = 0, 0
    true[1, 0, 0] = 1  # a hand of one pixel, missed
    # over the batch: 1 - (2*100 + 1) / (101 + 100 + 1)
    assert float(as_published.dice_loss(true, pred)) == pytest.approx(1 - 201 / 202, abs=1e-6)
