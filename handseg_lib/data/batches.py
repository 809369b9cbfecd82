"""Batches: photos and masks in the form that ``model.fit`` eats, a batch at a time."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from .augment import Augmentation, resize
from .gate import InputError, as_masks, as_photo, what, whole
from .samples import Sample, as_samples, insist_on_skin


class Batches(keras.utils.PyDataset):
    """Batches of photos and masks, decoded once, kept in memory, augmented anew every epoch.

    An augmentation depends on (seed, epoch, sample) alone: the same numbers come with one thread or
    eight, and after a resume.

    Args:
        samples: what to read.
        size: side of the square photos in pixels.
        batch_size: photos in a batch; the last batch of an epoch holds what is left.
        augment: True to shuffle and to augment by the course's recipe (training); an ``Augmentation`` of your own, or
            a function of ``(image, mask, rng)`` that returns a new image and mask, such as an ``Elsewhere``; False to
            give the photos as they are, in order.
        seed: of all chance.
        threads: that augment the photos of a batch. (Keras's own ``workers`` fetch batches before the epoch has begun,
            and so in another order.)

    Each item is ``(images, masks)``: uint8 (B, size, size, 3) RGB and uint8 (B, size, size, 1) of {0, 1}.

    Raises:
        InputError: an argument cannot be used, there are no samples, one cannot be read, or what ``augment`` returns is
            no photo and mask of this size; at once, not in the middle of training.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        size: int = 224,
        batch_size: int = 16,
        augment: bool | Callable = False,
        seed: int = 0,
        threads: int = 1,
    ):
        super().__init__()
        self.samples = as_samples(samples, "make batches of")
        self.size = whole("size", size, 1, 2048, such_as=224)
        self.batch_size, self.seed = whole("batch_size", batch_size, 1, such_as=16), whole("seed", seed)
        self.threads = whole("threads", threads, 1, 256)
        if not isinstance(augment, bool) and not callable(augment):
            raise InputError(f"augment is {what(augment)}. Give True, False, or hs.augment.Augmentation(...).")
        self.augment = Augmentation() if augment is True else augment
        pairs = [resize(*sample.read(), size) for sample in self.samples]
        self.images, self.masks = (np.stack(arrays) for arrays in zip(*pairs))
        insist_on_skin(self.samples, map(np.any, self.masks))
        self.start_epoch(0)
        if self.augment:
            self._pair(0)  # a function of the caller's own that is wrong shall say so now

    def start_epoch(self, epoch: int) -> None:
        """Puts the samples in the order of that epoch."""
        self.epoch = epoch
        self.order = np.arange(len(self.samples))
        if self.augment:
            np.random.default_rng([self.seed, epoch]).shuffle(self.order)

    def on_epoch_end(self) -> None:
        """Keras calls this; its own ``shuffle`` only permutes whole batches."""
        self.start_epoch(self.epoch + 1)

    def __len__(self) -> int:
        return math.ceil(len(self.samples) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        batch = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        with ThreadPoolExecutor(self.threads) as pool:
            pairs = list(pool.map(self._pair, batch))
        images, masks = (np.stack(arrays) for arrays in zip(*pairs))
        return images, masks[..., None]

    def _pair(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self.images[k], self.masks[k]
        if not self.augment:
            return image, mask
        rng = np.random.default_rng([self.seed, self.epoch, k])
        return _as_pair(self.augment(image, mask, rng), image.shape)


def _as_pair(made, shape: tuple) -> tuple[np.ndarray, np.ndarray]:
    """What an augmentation gave back, if it is a photo of that shape and its mask."""
    if not isinstance(made, tuple) or len(made) != 2:
        raise InputError(
            f"augment gave {type(made).__name__} back. Let it return two things, a new image and its mask."
        )
    image = as_photo(made[0])
    (mask,) = as_masks(image, mask=made[1])
    if image.shape != shape:
        raise InputError(f"augment gave a photo of {image.shape} back for one of {shape}. Let it keep the size.")
    return image, mask
