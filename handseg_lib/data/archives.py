"""What comes from the web: files and zip archives, whole, harmless and held to a list of hashes, or not at all."""

import errno
import hashlib
import lzma
import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from .gate import InputError

# where caches are in Windows is for Windows to say
MAKE_ROOM = "Make room." if os.name == "nt" else "Make room, or let XDG_CACHE_HOME name another folder for caches."
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError)


def download(base_url: str, path: Path, limit: int, timeout: float, retries: int, way_out: str) -> None:
    """Brings ``base_url/<name of path>`` to ``path``, unless it is there; what breaks off leaves nothing there.

    Args:
        base_url: the address of the folder on the server; http_proxy and https_proxy are honoured.
        path: the file to write.
        limit: most bytes that are taken.
        timeout: seconds without a byte, after which the server counts as stalled.
        retries: how often to start again after a failure.
        way_out: how the message of an error ends: what else one can do.

    Raises:
        InputError: the server did not give the file.
        OSError: it cannot be written.
    """
    import pooch  # nothing else needs these two, and they take a while
    from requests import RequestException

    def bring(url, part, _):
        # pooch will set the true total; None: a bar below another one goes when its file has come
        bar = _Bar(desc=path.name, total=limit, unit="B", unit_scale=True, delay=1, leave=None)
        with open(part, "wb") as file, bar:
            get = pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16, timeout=timeout)
            get(url, _Bounded(file, limit), None)

    pooch.get_logger().setLevel("WARNING")  # it would print where the cache is
    store = pooch.create(path.parent, base_url, registry={path.name: None}, retry_if_failed=retries)
    try:
        store.fetch(path.name, downloader=bring)
    except (RequestException, ValueError) as error:  # ValueError: a header or an address that makes no sense
        reason = _reason(error, timeout)
    except OverflowError:
        reason = f"more than {limit / 1e6:.0f} MB came, so it is something else"
    else:
        return
    raise InputError(f"{store.get_url(path.name)}: {reason}. {way_out}")


def unpack(path: Path, into: Path, wanted: re.Pattern, limit: int, way_out: str) -> None:
    """Unpacks those members of a zip that are wanted.

    Args:
        path: the zip.
        into: the folder that they go to.
        wanted: what the whole name of a member must match, ``folder/name`` with ``/`` on every system.
        limit: most bytes that the zip may unpack to.
        way_out: how the message of an error ends.

    Raises:
        InputError: it is damaged, would write outside ``into`` or hold links, or is a bomb.
        OSError: the disk is full, or the like.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len({member.filename for member in members}) < len(members):
                raise InputError(f"{path}: two files in it have one name, and only one would be looked at. {way_out}")
            if bad := next(filter(_unsafe, members), None):
                raise InputError(f"{path}: {bad.filename!r} in it leads out of the folder or is a link. {way_out}")
            if sum(member.file_size for member in members) > limit:  # no member gives more than the size it states
                raise InputError(f"{path}: it would unpack to more than {limit / 1e6:.0f} MB. {way_out}")
            for member in members:
                if wanted.fullmatch(member.filename):
                    (into / member.filename).parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as source, open(into / member.filename, "wb") as file:
                        shutil.copyfileobj(source, file)
    except InputError:
        raise
    except (*DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # which damage leads to, too
            raise
        raise InputError(f"{path}: not a whole zip ({error}). {way_out}") from None


def unpacked(path: Path, into: Path, wanted: re.Pattern) -> bool:
    """True if every member of a zip that is wanted is there, at its size. Arguments are those of `unpack`."""
    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
    files = {into / name: size for name, size in sizes.items() if wanted.fullmatch(name)}
    return all(file.is_file() and file.stat().st_size == size for file, size in files.items())


@contextmanager
def made_whole(target: Path, way_out: str) -> Iterator[Path]:
    """Gives a folder to fill, which becomes ``target`` at the end; after an error or a kill there is no ``target``.

    Where another process makes ``target`` in the meantime, that one stays: its copy is as good.

    Raises:
        InputError: it cannot be written; the message ends with ``way_out``.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="unpacking-", dir=target.parent, ignore_cleanup_errors=True) as place:
            part = Path(place) / target.name
            part.mkdir()
            yield part
            part.rename(target)
    except OSError as error:
        if not target.is_dir():
            raise InputError(f"{target}: cannot be written ({error.strerror or error}). {way_out}") from None


def read_list(path: Path) -> dict[str, str]:
    """The SHA-256 of each file, ``folder/name``, that a list as sha256sum writes it names."""
    return {name: digest for digest, name in map(str.split, path.read_text("utf-8").splitlines())}


def hold_to_list(root: Path, listed: dict[str, str], ours: re.Pattern, where: str, way_out: str) -> None:
    """Holds the files of a folder against a list: none may be missing, none other, none more.

    Args:
        root: the folder.
        listed: the SHA-256 of each file, from ``read_list``.
        ours: what the whole name, ``folder/name``, of a file must match to be one more; others may lie there.
        where: how the message of an error begins.
        way_out: how it ends.

    Raises:
        InputError: there are such files.
    """
    folders = {name.partition("/")[0] for name in listed}
    paths = {f"{folder}/{path.name}": path for folder in folders for path in (root / folder).glob("*")}
    names = sorted(listed.keys() | filter(ours.fullmatch, paths))
    faults = [name for name in names if name not in paths or sha256(paths[name]) != listed.get(name)]
    if faults:
        raise InputError(f"{where}: {len(faults)} files missing, changed or added, such as {faults[0]}. {way_out}")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Bar(tqdm):
    """A progress bar that stays as it is when pooch resets it to fill it up; tqdm would draw an empty one."""

    def reset(self, total=None):
        self.n = 0


class _Bounded:
    """A file to write to, up to a number of bytes."""

    def __init__(self, file, limit: int):
        self.file, self.left = file, limit

    def write(self, chunk: bytes) -> None:
        self.left -= len(chunk)
        if self.left < 0:
            raise OverflowError  # which pooch, unlike a ValueError, takes for no reason to try again
        self.file.write(chunk)

    def flush(self) -> None:
        """Left to the file: pooch would have it after each chunk."""


def _reason(error: Exception, timeout: float) -> str:
    """What went wrong between us and the server, for people."""
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError):
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, exceptions.ProxyError):
        return "the proxy that http_proxy or https_proxy names does not let us through"
    if isinstance(error, exceptions.SSLError):
        return "its certificate is not one to trust, or a proxy in between shows its own (REQUESTS_CA_BUNDLE)"
    if isinstance(error, exceptions.Timeout) or "timed out" in str(error):
        return f"nothing came for {timeout:g} seconds. Behind a proxy, set https_proxy"
    if isinstance(error, exceptions.ChunkedEncodingError):
        return "the download broke off"
    if isinstance(error, exceptions.ConnectionError):
        return "no connection. Behind a proxy, set https_proxy"
    text = " ".join(str(error).split()).rstrip(".")
    if not isinstance(error, exceptions.RequestException):
        return f"its address or its answer is not HTTP's ({text})"
    return text


def _unsafe(member: zipfile.ZipInfo) -> bool:
    name = member.filename.replace("\\", "/")
    leads_out = name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/")
    return bool(leads_out) or stat.S_ISLNK(member.external_attr >> 16)
