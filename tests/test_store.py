"""A store gives the batches that memory gives, and is whole or refused; its reader holds no photos."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handseg_lib import Batches, InputError, check_pairs, fit, store
from handseg_lib.data.augment import resize
from handseg_lib.data.store import Store

SIZE = 32
PHOTO = SIZE * SIZE * 4  # bytes of a photo and its mask


@pytest.fixture(scope="module")
def ten(samples):
    return samples[:10]


@pytest.fixture
def of_four(monkeypatch):
    """A shard takes four photos, and not a GiB of them."""
    monkeypatch.setattr(store, "SHARD_BYTES", 4 * PHOTO + 7)


@pytest.fixture
def folder(ten, of_four, tmp_path):
    """A store of ten photos, in shards of four, four and two."""
    return store.write(ten, tmp_path / "store", SIZE)


def shards(folder):
    return sorted(path.name for path in folder.glob("shard-*"))


def test_a_store_holds_each_photo_and_mask_as_memory_would(ten, folder):
    there = Store(folder)
    assert len(there) == 10 and there.size == SIZE
    assert shards(folder) == [f"shard-000{number}.npy" for number in range(3)]
    for sample, (photo, mask) in zip(ten, there, strict=True):
        image, true = resize(*sample.read(), SIZE)
        assert np.array_equal(photo, image) and np.array_equal(mask, true)
    with pytest.raises(IndexError):
        there[10]
    with pytest.raises(IndexError):
        there[-1]


def test_numpy_alone_can_look_into_a_shard(ten, folder):
    shard = np.load(folder / "shard-0001.npy", mmap_mode="r")
    image, mask = resize(*ten[5].read(), SIZE)
    assert np.array_equal(shard["photo"][1], image) and np.array_equal(shard["mask"][1], mask)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 12),
    rows=st.integers(1, 13),
    batch_size=st.integers(1, 14),
    augment=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
    threads=st.integers(1, 3),
    epoch=st.integers(0, 3),
)
def test_the_batches_are_those_of_memory(samples, count, rows, batch_size, augment, seed, threads, epoch):
    """Whatever the shards, the batch, the seed and the epoch: the same photos in the same order, changed alike."""
    some = samples[:count]
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "SHARD_BYTES", rows * PHOTO)
        folder = store.write(some, Path(place) / "store", SIZE)
        assert len(shards(folder)) == -(-count // rows)
        memory = Batches(some, SIZE, batch_size, augment, seed)
        disk = Batches(store=folder, batch_size=batch_size, augment=augment, seed=seed, threads=threads)
        assert len(disk) == len(memory) and disk.size == SIZE
        for batches in (memory, disk):
            batches.start_epoch(epoch)
        for ours, theirs in zip(disk, memory, strict=True):
            assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(ours, theirs, strict=True))
        del disk  # Windows removes no file that is open


def test_what_a_function_does_to_a_photo_stays_out_of_the_store(folder):
    def spoil(image, mask, rng):
        image[:] = 0
        return image, mask

    batches = Batches(store=folder, batch_size=10, augment=spoil)
    assert not batches[0][0].any()
    batches.augment = False
    assert batches[0][0].any()


def test_a_system_without_pread_reads_the_same_with_any_number_of_threads(folder, monkeypatch):
    """Windows has none."""
    want = Batches(store=folder, batch_size=10)[0]
    monkeypatch.delattr(os, "pread")
    for got, wanted in zip(Batches(store=folder, batch_size=10, threads=8)[0], want):
        assert np.array_equal(got, wanted)


@pytest.mark.slow
def test_a_network_learns_from_a_store_what_it_learns_from_memory(samples, tmp_path):
    from test_training import RECIPE, small_unet

    parts = [[s for s in samples if s.person in persons] for persons in (("01", "03"), ("04",))]
    memory = Batches(parts[0], SIZE, 4, augment=True), Batches(parts[1], SIZE, 4)
    folders = [store.write(part, tmp_path / str(k), SIZE) for k, part in enumerate(parts)]
    disk = Batches(store=folders[0], batch_size=4, augment=True), Batches(store=folders[1], batch_size=4)
    rows = [fit(small_unet(), *data, **{**RECIPE, "epochs": 2, "frozen_epochs": 1}).rows for data in (memory, disk)]
    assert [row | {"seconds": 0} for row in rows[0]] == [row | {"seconds": 0} for row in rows[1]]


def test_a_training_knows_another_store_by_what_is_in_it(samples, tmp_path):
    """Nine photos and nine others: in number and size alike."""
    one, two = (store.write(samples[k : k + 9], tmp_path / str(k), SIZE) for k in (0, 9))
    again = store.write(samples[:9], tmp_path / "again", SIZE)
    digests = [Store(folder).digest.tobytes() for folder in (one, two, again)]
    assert digests[0] == digests[2] != digests[1]
    assert [array.tobytes() for array in Batches(store=one).content] == digests[:1]


def test_a_person_in_train_and_val_is_told_of_stores_too(ten, folder, tmp_path, capsys):
    from test_training import small_unet

    val = store.write(ten[:3], tmp_path / "val", SIZE)
    fit(small_unet(), Batches(store=folder, batch_size=5), Batches(store=val), epochs=1, frozen_epochs=0)
    assert f"person {ten[0].person}" in capsys.readouterr().err


# Killed, and gone on


class Struck:
    """A sample at which the writing is killed."""

    def __init__(self, sample):
        self.image, self.mask, self.person, self.skin = sample.image, sample.mask, sample.person, sample.skin

    def read(self):
        raise KeyboardInterrupt


def test_a_killed_one_goes_on_with_the_first_shard_that_is_not_whole(ten, of_four, tmp_path):
    folder = tmp_path / "store"
    with pytest.raises(KeyboardInterrupt):
        store.write([*ten[:6], Struck(ten[6]), *ten[7:]], folder, SIZE)
    assert shards(folder) == ["shard-0000.npy"]
    with pytest.raises(InputError, match=r"half-written, with 4 of 10 photos\. Call hs\.store\.write with the same"):
        Batches(store=folder)
    written = (folder / "shard-0000.npy").stat().st_mtime_ns
    store.write(ten, folder, SIZE)
    assert (folder / "shard-0000.npy").stat().st_mtime_ns == written, "what was whole is not written twice"
    whole = store.write(ten, tmp_path / "whole", SIZE)
    for name in shards(whole):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
    assert len(Batches(store=folder)[0][0]) == 10


def test_one_that_is_killed_in_its_first_shard_is_half_written_too(ten, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        store.write([*ten, Struck(ten[0])], tmp_path, SIZE)
    with pytest.raises(InputError, match="half-written, with 0 of 11 photos"):
        Batches(store=tmp_path)
    store.write(ten, tmp_path, SIZE)  # nothing of the other is lost
    assert len(Store(tmp_path)) == 10


def test_a_whole_one_is_not_written_again(ten, folder):
    before = [path.stat().st_mtime_ns for path in sorted(folder.glob("shard-*"))]
    store.write(ten, folder, SIZE)
    assert [path.stat().st_mtime_ns for path in sorted(folder.glob("shard-*"))] == before


# Refusals


def refused(call, *words):
    with pytest.raises(InputError) as error:
        call()
    text = str(error.value)
    assert "\n" not in text and all(word in text for word in words), text


def test_a_folder_without_a_store_says_how_to_make_one(tmp_path):
    refused(lambda: Batches(store=tmp_path), str(tmp_path), "no store", "hs.store.write(samples, folder, size)")
    refused(lambda: Batches(store=tmp_path / "gone"), "no store")
    refused(lambda: Batches(store=3), "store is 3", "Give the path of a folder")


def test_another_size_is_refused_with_both(folder):
    refused(lambda: Batches(store=folder, size=64), "have 32 px", "size=64 is wanted", "Leave size away")
    assert Batches(store=folder, size=32).size == 32


def test_samples_beside_a_store_are_refused_and_so_is_neither(ten, folder):
    refused(lambda: Batches(ten, store=folder), "samples and store", "Leave the other away")
    refused(lambda: Batches(), "samples is None")


def test_a_store_of_other_photos_is_not_written_over(ten, samples, folder):
    words = str(folder), "of other photos or of another size", "10 photos of 32 px", "Give another folder"
    refused(lambda: store.write(samples[10:20], folder, SIZE), *words)
    refused(lambda: store.write(ten, folder, 48), *words)
    refused(lambda: store.write([replace(ten[0], skin="white"), *ten[1:]], folder, SIZE), *words)
    store.check(folder)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def swap(path):
    path.write_bytes((path.parent / "shard-0002.npy").read_bytes())


def text(path):
    path.write_text("photos")


@pytest.mark.parametrize(
    "damage, words",
    [
        (Path.unlink, "it is missing"),
        (cut, "it is not whole"),
        (text, "it is not whole"),
        (swap, "it has other photos in it"),
    ],
)
def test_a_damaged_shard_is_named(folder, damage, words):
    damage(folder / "shard-0001.npy")
    refused(lambda: Batches(store=folder), str(folder), f"shard-0001.npy: {words}", "Copy it again")


def test_check_finds_a_changed_byte(folder):
    store.check(folder)
    path = folder / "shard-0001.npy"
    raw = bytearray(path.read_bytes())
    raw[-5] ^= 1
    path.write_bytes(raw)
    Batches(store=folder)  # to look at each byte would take hours
    refused(lambda: store.check(folder), "shard-0001.npy: it is not as it was written")


@pytest.mark.parametrize("change", [lambda record: record.pop("shards"), lambda record: record.update(size=64)])
def test_a_damaged_index_is_named(folder, change):
    record = json.loads((folder / "store.json").read_text())
    change(record)
    (folder / "store.json").write_text(json.dumps(record))
    refused(lambda: Batches(store=folder), "damaged (store.json:")


def test_a_shard_that_is_cut_while_it_is_read_is_no_wrong_photo(folder):
    batches = Batches(store=folder, batch_size=10)
    os.truncate(folder / "shard-0002.npy", 200)
    refused(lambda: batches[0], "has become shorter")


def test_a_bad_sample_is_named_and_the_store_stays_half_written(ten, of_four, tmp_path):
    gone = replace(ten[0], image=tmp_path / "gone.jpg")
    refused(lambda: store.write([*ten, gone], tmp_path / "store", SIZE), "gone.jpg: there is no such file")
    refused(lambda: Batches(store=tmp_path / "store"), "8 of 11 photos")


def test_labels_that_no_mask_has_are_refused_as_in_memory(ten, tmp_path):
    odd = [replace(sample, skin=(7,)) for sample in ten]
    assert check_pairs(odd)  # which the message points to
    refused(lambda: store.write(odd, tmp_path, SIZE), "has a label of skin=(7,)")


# Memory

FLAT = """
import sys
from pathlib import Path
from handseg_lib.data.store import Store
def mb():
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024
there = Store(sys.argv[1])
there[0]
before = mb()
for _ in range(2):
    for k in range(len(there)):
        there[k]
print(mb() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_reading_all_of_a_store_takes_no_memory(samples, tmp_path):
    """128 MB of photos, files mapped into memory counted as well; the benchmark does 100,000 pictures."""
    folder = store.write(samples[:8] * 16, tmp_path / "store", 512)
    done = subprocess.run([sys.executable, "-c", FLAT, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 10
