"""Batches: photos and masks in the form that ``model.fit`` eats, a batch at a time."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from .augment import Augmentation, resize
from .augment import augment as augment_pair
from .elsewhere import vary
from .gate import InputError
from .samples import Sample, insist_on_some


class Batches(keras.utils.PyDataset):
    """Batches of photos and masks, decoded once, kept in memory, augmented anew every epoch.

    An augmentation depends on (seed, epoch, sample) alone: the same numbers come with one thread or
    eight, and after a resume.

    Args:
        samples: what to read.
        size: side of the square photos in pixels.
        batch_size: photos in a batch; the last batch of an epoch holds what is left.
        augment: True to shuffle and to augment by the course's recipe (training), or an ``Augmentation`` of your own;
            False to give the photos as they are, in order.
        seed: of all chance.
        threads: that augment the photos of a batch. (Keras's own ``workers`` fetch batches before the epoch has begun,
            and so in another order.)
        rooms: uint8 (N, size, size, 3), photos without a hand to put the hands into, such as ``drawn_rooms.rooms``
            draws. None: every hand stays where it was taken.

    Each item is ``(images, masks)``: uint8 (B, size, size, 3) RGB and uint8 (B, size, size, 1) of {0, 1}.

    Raises:
        InputError: there are no samples, one cannot be read, or the rooms have another size; at once, not in the
            middle of training.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        size: int = 224,
        batch_size: int = 16,
        augment: bool | Augmentation = False,
        seed: int = 0,
        threads: int = 1,
        rooms: np.ndarray | None = None,
    ):
        super().__init__()
        insist_on_some(samples, "make batches of")
        self.samples, self.size, self.batch_size, self.seed = samples, size, batch_size, seed
        if rooms is not None and rooms.shape[1:] != (size, size, 3):
            raise InputError(f"rooms: {rooms.shape} does not fit photos of {size} px. Give rooms of {size} px.")
        self.augment = Augmentation() if augment is True else augment
        pairs = [resize(*sample.read(), size) for sample in samples]
        self.images, self.masks = (np.stack(arrays) for arrays in zip(*pairs))
        self.threads, self.rooms = threads, rooms
        self.start_epoch(0)

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
        if self.rooms is not None:
            return vary(image, mask, self.rooms, rng, self.augment)
        return augment_pair(image, mask, rng, self.augment)
