"""The widget that takes a photo from the browser: a file chosen, a file dropped, or a snapshot of the camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets


def script(*names: str) -> str:
    """The front end of a widget: files of this folder, one after the other."""
    return "\n".join(Path(__file__).with_name(name).read_text("utf-8") for name in names)


@dataclass(frozen=True, eq=False)  # so that the same file, chosen again, is a change of value
class Upload:
    """A file from the browser, as it is.

    Attributes:
        name: of the file.
        content: its bytes.
        refused: why the browser sent none, in a sentence for people; empty if it did.
    """

    name: str = ""
    content: bytes = b""
    refused: str = ""


class Chooser(anywidget.AnyWidget):
    """A frame to drop a photo on, with a button for a file and one for the camera. What is in it is in chooser.js.

    Attributes:
        value: the last ``Upload``, None at first. It is not synchronised, so that no notebook stores a photo.
    """

    _esm = script("lending.js", "chooser.js")
    value = traitlets.Instance(Upload, allow_none=True)

    def __init__(self):
        super().__init__(layout=widgets.Layout(max_width="100%"))
        self.pieces = bytearray()
        self.on_msg(lambda _, message, buffers: self.receive(message, buffers))

    def receive(self, message: dict, buffers: Sequence[bytes]) -> None:
        """Takes a message of chooser.js: why there is no file, or a piece of one. The last piece sets the value."""
        if "refused" in message:
            self.value = Upload(refused=message["refused"])
        else:
            if message["start"] == 0:
                self.pieces.clear()
            self.pieces += b"".join(buffers)
            if len(self.pieces) < message["size"]:
                return
            self.value = Upload(message["name"], bytes(self.pieces))
        self.send("done")
