"""Batches: photos and masks in the form that ``model.fit`` eats, a batch at a time."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np

from .augment import Augmentation, resize
from .gate import InputError, as_masks, as_photo, what, whole
from .samples import Sample, as_samples, insist_on_skin
from .store import Store


class Batches(keras.utils.PyDataset):
    """Batches of photos and masks, decoded once, kept in memory or in a store on the disk, augmented anew every epoch.

    An augmentation depends on (seed, epoch, sample) alone: the same numbers come with one thread or
    eight, and after a resume.

    Args:
        samples: what to read, and to keep in memory.
        size: side of the square photos in pixels; None: 224, or that of the store.
        batch_size: photos in a batch; the last batch of an epoch holds what is left.
        augment: True to shuffle and to augment by the course's recipe (training); an ``Augmentation`` of your own, or
            a function of ``(image, mask, rng)`` that returns a new image and mask, such as an ``Elsewhere``; False to
            give the photos as they are, in order.
        seed: of all chance.
        threads: that augment the photos of a batch. (Keras's own ``workers`` fetch batches before the epoch has begun,
            and so in another order.)
        store: in place of samples, the folder of a store that ``hs.store.write`` has made, for photos that do not fit
            into memory. The batches are the same; ``samples``, ``images`` and ``masks`` are not there.

    Each item is ``(images, masks)``: uint8 (B, size, size, 3) RGB and uint8 (B, size, size, 1) of {0, 1}.

    Raises:
        InputError: an argument cannot be used, there are no samples, one cannot be read, the store is missing,
            half-written or of another size, or what ``augment`` returns is no photo and mask of this size; at once, not
            in the middle of training.
    """

    def __init__(
        self,
        samples: Sequence[Sample] | None = None,
        size: int | None = None,
        batch_size: int = 16,
        augment: bool | Callable = False,
        seed: int = 0,
        threads: int = 1,
        store: str | Path | None = None,
    ):
        super().__init__()
        self.size = 224 if size is None else whole("size", size, 1, 2048, such_as=224)
        self.batch_size, self.seed = whole("batch_size", batch_size, 1, such_as=16), whole("seed", seed)
        self.threads = whole("threads", threads, 1, 256)
        if not isinstance(augment, bool) and not callable(augment):
            raise InputError(f"augment is {what(augment)}. Give True, False, or hs.augment.Augmentation(...).")
        self.augment = Augmentation() if augment is True else augment
        self.store: Store | None = None
        if store is None:
            self._fill_memory(as_samples(samples, "make batches of"))  # type: ignore[arg-type]  # None it refuses
        else:
            self._open_store(store, samples, size)
        self.start_epoch(0)
        if self.augment:
            self._pair(0)  # a function of the caller's own that is wrong shall say so now

    def _fill_memory(self, samples: list[Sample]) -> None:
        self.samples, self.people = samples, {(str(s.image.parent), s.person) for s in samples}
        pairs = [resize(*sample.read(), self.size) for sample in samples]
        self.images, self.masks = (np.stack(arrays) for arrays in zip(*pairs))
        insist_on_skin(samples, map(np.any, self.masks))
        self.photos, self.content = len(samples), [self.images, self.masks]

    def _open_store(self, folder: str | Path, samples, size: int | None) -> None:
        if samples is not None:
            raise InputError("samples and store: batches are made of one of them. Leave the other away.")
        store = self.store = Store(folder)
        if size not in (None, store.size):
            raise InputError(
                f"{folder}: the photos in this store have {store.size} px, and size={size} is wanted. Leave size "
                "away, or write a store of that size: hs.store.write(samples, another_folder, size)."
            )
        self.size, self.people, self.photos = store.size, store.people, len(store)
        self.content = [store.digest]

    def start_epoch(self, epoch: int) -> None:
        """Puts the samples in the order of that epoch."""
        self.epoch = epoch
        self.order = np.arange(self.photos)
        if self.augment:
            np.random.default_rng([self.seed, epoch]).shuffle(self.order)

    def on_epoch_end(self) -> None:
        """Keras calls this; its own ``shuffle`` only permutes whole batches."""
        self.start_epoch(self.epoch + 1)

    def __len__(self) -> int:
        return math.ceil(self.photos / self.batch_size)

    def rows(self, index: int) -> np.ndarray:
        """Which photos are in a batch, by their numbers."""
        return self.order[index * self.batch_size : (index + 1) * self.batch_size]

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        with ThreadPoolExecutor(self.threads) as pool:
            pairs = list(pool.map(self._pair, self.rows(index)))
        images, masks = (np.stack(arrays) for arrays in zip(*pairs))
        return images, masks[..., None]

    def _pair(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = (self.images[k], self.masks[k]) if self.store is None else self.store[k]
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
