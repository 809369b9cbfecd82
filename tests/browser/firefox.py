"""Firefox, driven by the words it understands itself (WebDriver BiDi): one page, its clicks, keys, and errors.

Playwright drives Chromium in the other tests. The Firefox that systems ship it cannot drive: it begins with a command
that Firefox's releases for the long term do not know.
"""

import json
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from websocket import create_connection  # JupyterLab has it, too

PATIENCE = 120  # seconds; a busy machine is no failure
# No network but this machine's own: what a page has from elsewhere, badges and MathJax, fails at once
ALONE = """\
user_pref("network.proxy.type", 1);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
"""
KEYS = {"Control": "\ue009", "Enter": "\ue007", "ArrowRight": "\ue014", "End": "\ue010"}


class Firefox:
    """A page.

    Attributes:
        errors: what scripts have thrown since the last ``goto``.
    """

    def __init__(self, address: str):
        self.socket = create_connection(f"{address}/session", timeout=PATIENCE, suppress_origin=True)
        self.sent, self.errors = 0, []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.page = self.ask("browsingContext.create", type="tab")["context"]

    def ask(self, method: str, **params) -> dict:
        """Sends a command and waits for its answer; errors of the page that come before it are kept."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": params}))
        while True:
            told = json.loads(self.socket.recv())
            if told["type"] == "event" and told["params"]["type"] == "javascript":
                self.errors.append(told["params"]["text"])
            if told.get("id") == self.sent:
                assert told["type"] == "success", told
                return told["result"]

    def resize(self, width: int, height: int) -> None:
        self.ask("browsingContext.setViewport", context=self.page, viewport={"width": width, "height": height})

    def goto(self, address: str) -> None:
        self.errors.clear()
        self.ask("browsingContext.navigate", context=self.page, url=address, wait="complete")

    def js(self, expression: str):
        """What an expression is, by way of JSON; a promise is waited for."""
        code = f"(async () => JSON.stringify(await ({expression}) ?? null))()"
        told = self.ask("script.evaluate", expression=code, target={"context": self.page}, awaitPromise=True)
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        return json.loads(told["result"]["value"])

    def wait(self, expression: str):
        """Waits until an expression is true of the page. Returns what it is."""
        end = time.monotonic() + PATIENCE
        while not (value := self.js(expression)):
            assert time.monotonic() < end, f"never: {expression[:300]}"
            time.sleep(0.2)
        return value

    def click(self, element: str, x: float = 0.5, y: float = 0.5) -> None:
        """Clicks on an element, given by an expression, once it is there; where, in shares of its sides."""
        self.wait(f"!!{element}")
        place = f"(e => (e.scrollIntoView({{block: 'center'}}), e.getBoundingClientRect()))({element})"
        box = None
        while box != (box := self.js(f"(b => [b.x + {x} * b.width, b.y + {y} * b.height])({place})")):
            time.sleep(0.3)  # until nothing moves it any more: pictures above it come late
        steps = [{"type": "pointerMove", "x": round(box[0]), "y": round(box[1])}]
        steps += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.act({"type": "pointer", "id": "mouse", "actions": steps})

    def press(self, *keys: str) -> None:
        """Presses keys at once, as in ``press("Control", "Enter")``."""
        values = [KEYS[key] for key in keys]
        steps = [{"type": "keyDown", "value": value} for value in values]
        self.act({"type": "key", "id": "keys", "actions": steps + [{"type": "keyUp", "value": v} for v in values]})

    def act(self, source: dict) -> None:
        self.ask("input.performActions", context=self.page, actions=[source])


@contextmanager
def firefox(profile: Path):
    """A Firefox without a window, for as long as it is needed; None where the machine has none."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        yield None
        return
    (profile / "user.js").write_text(ALONE)
    options = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"]
    with open(profile / "log", "w") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
        try:
            for _ in range(4 * PATIENCE):
                if found := re.search(r"BiDi listening on (ws://\S+)", (profile / "log").read_text()):
                    break
                assert process.poll() is None, (profile / "log").read_text()
                time.sleep(0.25)
            yield Firefox(found[1])
        finally:
            process.terminate()
            process.wait(timeout=30)
