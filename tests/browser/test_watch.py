"""Training watched in a real browser: one picture, which changes after each epoch."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

# The network is the small one of tests/test_training.py; its second epoch waits for the test.
CELLS = {
    "watch_training": f"""\
import sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
import keras
import handseg_lib as hs
from test_training import SIZE, small_unet
samples = hs.profile.current().samples()
train, val = hs.Batches(samples[:8], SIZE, 4), hs.Batches(samples[-2:], SIZE, 2)

def wait(epoch, logs):
    while epoch and not Path("go").exists():
        time.sleep(0.1)

callbacks = [hs.explore.watch_training(val.samples[0]), keras.callbacks.LambdaCallback(on_epoch_begin=wait)]
history = hs.fit(small_unet(), train, val, epochs=2, frozen_epochs=2, callbacks=callbacks)"""
}


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_watch_training(run, page, jupyter, front_end):
    (jupyter[1] / "go").unlink(missing_ok=True)
    widget = run(front_end, "watch_training")
    pictures = widget.cell.locator(".jp-OutputArea-output img")
    expect(pictures).to_have_count(1, timeout=60_000)
    first = widget.source()
    (jupyter[1] / "go").touch()
    widget.changed(first)
    expect(widget.cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d\]:"))
    expect(pictures).to_have_count(1)
