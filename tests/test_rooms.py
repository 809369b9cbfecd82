"""The office set loads whole or not at all, and its fetch ends with all of it or with one clear line.

The server is a real one on this machine, and what it serves is drawn: ten photos in the layout of the real ones, with
a list of hashes of their own.
"""

import itertools
import json
import os
import re
import shutil
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import draw_blob
from PIL import Image
from test_fetch import breaks_off, never_ends, says_503, serving, stalls

from handseg_lib import InputError, rooms
from handseg_lib.__main__ import main
from handseg_lib.data import archives

COUNTS = ("one", "two", "three", "four", "five")
FIRST, LAST = "five_0", "two_112"  # in the order of the list


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A folder in the layout of the office set, ten drawn photos. Do not write to it."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "images").mkdir()
    (folder / "masks").mkdir()
    for seed, (count, take) in enumerate(itertools.product(COUNTS, (0, 112))):
        image, mask = draw_blob(seed)
        Image.fromarray(image).save(folder / "images" / f"{count}_{take}.jpg")
        Image.fromarray(mask * np.uint8(255)).save(folder / "masks" / f"{count}_{take}.png")
    return folder


@pytest.fixture
def copy(office, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(office, tmp_path / "copy")


@pytest.fixture(autouse=True)
def cache(request, office, tmp_path, monkeypatch):
    """A cache and a list of hashes of the test's own, and nothing in the environment; a "real" test keeps what is."""
    if "real" not in request.node.name:
        monkeypatch.delenv("HANDSEG_ROOMS", raising=False)
        monkeypatch.setattr(rooms, "cache", lambda: tmp_path / "cache" / "rooms")
        monkeypatch.setattr(rooms, "LIST", tmp_path / "list.txt")
        paths = sorted(office.glob("*/*"))
        rooms.LIST.write_text("".join(f"{rooms.sha256(path)}  {path.parent.name}/{path.name}\n" for path in paths))
    return tmp_path / "cache"


@pytest.fixture
def server(office):
    """A server that has photos and masks side by side, as the repository has, and more than is wanted of it."""
    with serving({path.name: path.read_bytes() for path in office.glob("*/*")} | {"six_0.jpg": b"none"}) as server:
        yield server


def names(samples):
    return [(sample.image.name, sample.mask.name, sample.gesture) for sample in samples]


# From a folder


def test_photos_and_masks_are_paired_in_the_order_of_their_names(office):
    samples = rooms.load(office)
    stems = sorted(f"{count}_{take}" for count in COUNTS for take in (0, 112))
    assert names(samples) == [(f"{stem}.jpg", f"{stem}.png", stem.partition("_")[0]) for stem in stems]
    assert {sample.person for sample in samples} == {"01"}, "it is one man, so no score may count him as several"
    for sample, seed in zip(samples, (8, 9)):
        image, mask = sample.read()
        assert image.shape == (*mask.shape, 3) and np.array_equal(mask, draw_blob(seed)[1])


def test_white_from_128_on_is_hand(copy):
    soft = np.tile(np.array([0, 1, 127, 128, 254, 255], np.uint8), (4, 1))
    Image.fromarray(soft).save(copy / "masks" / f"{FIRST}.png")
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(copy / "images" / f"{FIRST}.jpg")
    _, mask = rooms.load(copy)[0].read()
    assert mask.tolist() == [[0, 0, 0, 1, 1, 1]] * 4


def test_a_mask_of_another_size_is_refused(copy):
    Image.fromarray(np.zeros((7, 9), np.uint8)).save(copy / "masks" / f"{FIRST}.png")
    with pytest.raises(InputError, match=f"{FIRST}.png: the mask is 9x7 but its photo {FIRST}.jpg is"):
        rooms.load(copy)[0].read()


@pytest.mark.parametrize("lost", ["images", "masks"])
def test_a_photo_or_mask_alone_is_refused(copy, lost):
    next((copy / lost).glob(f"{FIRST}.*")).unlink()
    with pytest.raises(InputError, match=f"1 without a partner .{FIRST}"):
        rooms.load(copy)


@pytest.mark.parametrize("lost", ["images", "masks"])
def test_a_missing_folder_is_told_with_what_to_do(copy, lost):
    shutil.rmtree(copy / lost)
    with pytest.raises(InputError) as error:
        rooms.load(copy)
    line = str(error.value)
    assert line.startswith(f"{copy / lost}: no such folder.") and "\n" not in line
    assert "python -m handseg_lib fetch rooms" in line and "HANDSEG_ROOMS" in line


def test_without_an_argument_the_environment_says_where_it_is_and_then_the_cache(office, cache, monkeypatch):
    with pytest.raises(InputError, match=re.escape(str(cache / "rooms" / "images"))):
        rooms.load()
    shutil.copytree(office, cache / "rooms")
    assert rooms.load()[0].image.is_relative_to(cache)
    monkeypatch.setenv("HANDSEG_ROOMS", str(office))
    assert rooms.load()[0].image.is_relative_to(office)


# From a server


def fetch(server, timeout=30):
    return rooms.fetch(server.url, timeout, retries=0)


def is_whole(office):
    """True if load() finds all of the set, and nothing else, where fetch() should have put it."""
    files = {path.relative_to(rooms.cache()): path.read_bytes() for path in rooms.cache().glob("*/*")}
    theirs = {path.relative_to(office): path.read_bytes() for path in office.glob("*/*")}
    return files == theirs and names(rooms.load()) == names(rooms.load(office))


def refused(server, *words, timeout=30):
    """Fetches what must be refused in one line with these words and a way round, and must leave nothing that loads."""
    with pytest.raises(InputError) as error:
        fetch(server, timeout)
    line = str(error.value)
    assert "\n" not in line
    for word in (*words, "HANDSEG_ROOMS"):
        assert word in line, line
    with pytest.raises(InputError):
        rooms.load()


def test_fetch_brings_the_files_of_the_list_and_load_finds_them(server, office, cache):
    assert fetch(server) == cache / "rooms"
    assert is_whole(office)
    assert sorted(server.asked) == sorted(f"/{path.name}" for path in office.glob("*/*"))
    assert os.listdir(cache) == ["rooms"], "what came one by one still lies about"


def test_a_second_fetch_asks_nothing(server, office):
    fetch(server)
    server.asked.clear()
    fetch(server)
    assert server.asked == [] and is_whole(office)


def breaks_off_in_the_middle(request):
    request.send(bytes(500), 1000)


FAILURES = {
    breaks_off: "the download broke off",
    breaks_off_in_the_middle: "the download broke off",
    stalls: "nothing came for 1 seconds",
    says_503: "the server answered 503 Service Unavailable",
    None: "the server answered 404 Not Found",
    never_ends: "more than 2 MB came, so it is something else",
}


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: f.__name__ if f else "404")
def test_a_failing_server_is_told_and_the_next_fetch_goes_on(server, office, monkeypatch, failure):
    monkeypatch.setattr(rooms, "MAX_BYTES", 2_000_000)
    lost = f"{LAST}.jpg"
    whole, server.bodies[lost] = server.bodies[lost], failure
    timeout = 1 if failure is stalls else 30
    refused(server, f"{server.url}{lost}: {FAILURES[failure]}", "fetch again", rooms.PAGE, timeout=timeout)
    server.bodies[lost], server.asked[:] = whole, []
    fetch(server)
    masks = sorted(f"/{path.name}" for path in office.glob("masks/*"))
    assert is_whole(office) and server.asked == [f"/{lost}", *masks], "what had come need not come again"


def test_a_file_that_broke_off_is_tried_again(server, office):
    whole, first = server.bodies[f"{FIRST}.jpg"], f"/{FIRST}.jpg"

    def breaks_off_once(request):
        request.send(whole if len(server.asked) > 1 else whole[:99], len(whole))

    server.bodies[f"{FIRST}.jpg"] = breaks_off_once
    rooms.fetch(server.url, retries=1)
    assert is_whole(office) and server.asked[:2] == [first, first] and len(server.asked) == 21


@pytest.mark.parametrize("name", [f"{FIRST}.jpg", f"{LAST}.png"])
def test_other_bytes_are_refused_and_removed(server, office, cache, name):
    whole = server.bodies[name]
    server.bodies[name] = whole[:-1] + bytes([whole[-1] ^ 1])
    refused(server, name, f"another file came from {server.url}, and was removed")
    assert name not in {path.name for path in cache.rglob("*")}
    server.bodies[name], server.asked[:] = whole, []
    fetch(server)
    assert is_whole(office) and server.asked[0] == f"/{name}"


def test_what_another_program_spoilt_between_two_fetches_is_not_taken(server, office, cache):
    whole, server.bodies[f"{LAST}.png"] = server.bodies[f"{LAST}.png"], None
    refused(server, "404")
    (came,) = cache.rglob(f"{FIRST}.jpg")
    came.write_bytes(b"spoilt")
    server.bodies[f"{LAST}.png"] = whole
    refused(server, f"{FIRST}.jpg", "was removed")
    fetch(server)
    assert is_whole(office)


def test_an_interrupted_fetch_goes_on(server, office, cache, monkeypatch):
    written = iter(range(99))

    def interrupted(self, chunk, write=archives._Bounded.write):
        if next(written) == 3:
            raise KeyboardInterrupt
        write(self, chunk)

    with monkeypatch.context() as patch:
        patch.setattr(archives._Bounded, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch(server)
    assert not (cache / "rooms").exists() and len(server.asked) == 4
    server.asked.clear()
    fetch(server)
    assert is_whole(office) and len(server.asked) == 17, "three files had come"


def test_a_damaged_cache_is_told_and_not_touched(server, cache):
    photo = fetch(server) / "images" / f"{FIRST}.jpg"
    (photo.parent / ".DS_Store").write_bytes(b"what a Mac leaves behind does no harm")
    fetch(server)
    photo.write_bytes(b"damaged")
    with pytest.raises(InputError, match=re.escape(f"{cache / 'rooms'}: 1 files") + ".*Move this folder away"):
        fetch(server)
    assert photo.read_bytes() == b"damaged"


def test_a_cache_that_cannot_be_a_folder_is_told(server, cache):
    cache.write_text("a file stands where the folder should be")
    with pytest.raises(InputError, match="cannot be written .*Make room"):
        fetch(server)


def test_whoever_is_slower_takes_what_the_faster_one_made(server, office, monkeypatch):
    def overtaken(path, sha256=rooms.sha256):
        monkeypatch.setattr(rooms, "sha256", sha256)
        fetch(server)
        return sha256(path)  # of a file that the other one has removed

    monkeypatch.setattr(rooms, "sha256", overtaken)
    fetch(server)
    assert is_whole(office)


# The command line


def test_the_command_fetches_and_tells_the_licence(server, office, cache, capfd):
    assert main(["fetch", "rooms", "--url", server.url, "--json"]) == 0
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert told.pop("licence") == rooms.LICENCE and "CC BY-SA 4.0" in rooms.LICENCE and "NUMBERS" in rooms.LICENCE
    assert told == {"photos": 10, "folder": str(cache / "rooms")} and err == ""
    assert is_whole(office)
    assert main(["fetch", "rooms", "--url", server.url]) == 0
    assert f"licence: {rooms.LICENCE}\n" in capfd.readouterr().out


def test_the_command_says_in_one_line_what_is_wrong(server, monkeypatch, capfd):
    del server.bodies[f"{FIRST}.jpg"]
    monkeypatch.setattr(rooms, "fetch", partial(rooms.fetch, retries=0))
    assert main(["fetch", "rooms", "--url", server.url]) == 2
    out, err = capfd.readouterr()
    (line,) = err.splitlines()
    assert out == "" and line.startswith("handseg_lib: ") and "404" in line and "HANDSEG_ROOMS" in line


# The list that is shipped


def test_the_real_list_has_every_photo_and_its_mask():
    listed = archives.read_list(rooms.LIST)
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in listed.values())
    photos = {Path(name).stem for name in listed if re.fullmatch(r"images/\w+\.jpg", name)}
    masks = {Path(name).stem for name in listed if re.fullmatch(r"masks/\w+\.png", name)}
    assert photos == masks and len(photos) == 60 and len(listed) == 120
    assert Counter(stem.partition("_")[0] for stem in photos) == dict.fromkeys(COUNTS, 12)


def test_the_real_address_is_of_one_commit():
    """Whatever becomes of the repository's branches, the bytes stay those of the list."""
    host = "https://raw.githubusercontent.com/"
    assert re.fullmatch(re.escape(host) + r"[\w-]+/[\w-]+/[0-9a-f]{40}/[\w/]+/silhouettes/", rooms.HOME)


# .ci/run says where the real set is. No skip without it, since the course must be whole without it.

if os.environ.get("HANDSEG_ROOMS") and os.path.isdir(os.environ["HANDSEG_ROOMS"]):

    def test_the_real_list_agrees_with_the_real_set_and_a_server_of_it_gives_the_same(tmp_path, monkeypatch):
        samples = rooms.load()
        root = samples[0].image.parents[1]
        archives.hold_to_list(root, archives.read_list(rooms.LIST), rooms.FILE, str(root), "")
        assert {sample.read()[1].shape for sample in samples} == {(480, 640)} and len(samples) == 60
        monkeypatch.setattr(rooms, "cache", lambda: tmp_path / "rooms")
        with serving({path.name: path.read_bytes() for path in root.glob("*/*")}) as server:
            assert names(rooms.load(fetch(server))) == names(samples)
