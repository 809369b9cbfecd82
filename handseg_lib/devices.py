"""One training on many devices: each computes its part of a batch, and all of them take one step together.

This is Keras's ``DataParallel``, on JAX. Every device has a copy of the network. A batch is cut into equal parts; what
the devices find out about their parts, the gradients and the statistics of batch norm, is averaged over all of them
before a weight moves. So the weights are those of one device with the same batch, whatever the number of devices: the
batch size, and with it the learning rate, stays. A CPU's cores are one device to JAX, unless it is told otherwise, as
tests are: ``XLA_FLAGS=--xla_force_host_platform_device_count=2``.

Devices of several machines: start the same command on each, with three variables that tell of each other::

    KERAS_BACKEND=jax
    KERAS_DISTRIBUTION_JOB_ADDRESSES=10.0.0.1:1234      the first machine's address and a free port, on all of them
    KERAS_DISTRIBUTION_NUM_PROCESSES=2
    KERAS_DISTRIBUTION_PROCESS_ID=0                     on the second machine 1, and so on

All of them read the photos and the state, so these are in folders that all machines have, by the same name. The first
process alone writes. A step needs all parts: if one process dies, ``handseg train`` begins anew in the others, and
waits there for five minutes. Start the one that died again, and the training goes on after the last epoch that was
finished.
"""

import math
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import keras
import numpy as np

from .data.batches import Batches
from .data.gate import InputError, one_of
from .resume import alone_in


class Lost(InputError):
    """Another process of the training has ended, and a step needs all of them."""


def meet(devices: str | None) -> None:
    """Joins the other processes that the environment names. It comes before anything that asks JAX for a device.

    Args:
        devices: "all", or None: of one device, nothing is to be done.

    Raises:
        InputError: Keras runs on another backend than JAX, or JAX finds no way to the others.
    """
    if devices is None:
        return
    one_of("devices", devices, ["all"])
    if keras.backend.backend() != "jax":
        raise InputError(
            f"devices={devices!r}: this needs JAX, and Keras runs on {keras.backend.backend()} here. Install jax, and "
            "set KERAS_BACKEND=jax before Python starts."
        )
    import jax

    if "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ and not jax.distributed.is_initialized():
        try:
            keras.distribution.initialize()
        except (RuntimeError, ValueError, TypeError) as error:
            raise InputError(f"devices={devices!r}: the processes do not find each other ({_reason(error)}).") from None


@contextmanager
def spread(devices: str | None) -> Iterator[None]:
    """A network that is made and trained within is on all devices, with "all"; with None it is on one, as ever.

    Raises:
        InputError: as `meet`; `Lost`, where another process of the training has ended.
    """
    if devices is None:
        yield
        return
    meet(devices)
    import jax

    try:
        # each process feeds its own part, a Share; Keras itself could only cut up a tf.data.Dataset
        with keras.distribution.DataParallel(auto_shard_dataset=False).scope():
            yield
    except jax.errors.JaxRuntimeError as error:
        if jax.process_count() == 1:
            raise
        raise Lost(
            f"the processes of this training have lost each other ({_reason(error)}). Start those that have ended "
            "again: it goes on after the last epoch that was finished."
        ) from error


class Share(Batches):
    """The part of each batch that this process feeds to its devices; the parts of all processes are the batch.

    The last batch of an epoch may not go into equal parts. Then each photo of it comes so often that it does: all of
    them equally often, so that the mean of their losses, its gradient and the statistics of batch norm are those of the
    batch as it was. (Where ``History`` tells of the training's own loss and IoU, these photos count so often.)

    Args:
        batches: of the whole training, the same in each process.
        evenly: True to repeat the photos of all batches as often as those of the last, so that an average over an
            epoch counts each photo alike; for validation, whose scores choose the epoch.

    Raises:
        InputError: the batch size cannot be divided by the number of devices.
    """

    def __init__(self, batches: Batches, evenly: bool = False):
        self.__dict__.update(vars(batches))  # the same photos, not a copy
        import jax

        self.devices, self.evenly = jax.device_count(), evenly
        if self.batch_size % self.devices:
            raise InputError(
                f"batch_size={self.batch_size}: {self.devices} devices cannot have equal parts of it. Take a multiple "
                f"of {self.devices}, such as {self.devices * math.ceil(self.batch_size / self.devices)}."
            )

    def rows(self, index: int) -> np.ndarray:
        """The photos of a batch that this process feeds."""
        rows = super().rows(index)
        times = self._times(self.photos % self.batch_size if self.evenly else len(rows))
        process, processes = place()
        return np.split(np.repeat(rows, times), processes)[process]

    def _times(self, photos: int) -> int:
        """How often each of so many photos must come to go into equal parts."""
        return self.devices // math.gcd(photos, self.devices)


def place() -> tuple[int, int]:
    """Which process of the training this is, and of how many: (0, 1) unless processes have met."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def is_first() -> bool:
    """True in the process that writes."""
    return place()[0] == 0


def wait(what: str) -> None:
    """Waits until all processes are at this point; ``what`` says which."""
    if place()[1] > 1:
        from jax.experimental import multihost_utils

        multihost_utils.sync_global_devices(what)


def first_alone_in(folder: Path) -> AbstractContextManager:
    """`alone_in` for the first process, on behalf of the others."""
    return alone_in(folder) if is_first() else nullcontext()


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
