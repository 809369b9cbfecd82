"""Training watched in a real browser: one picture, which changes after each epoch."""

import re

from playwright.sync_api import expect

# The network of tests/test_training.py, which trains in seconds.
SMALL = """\
import sys
sys.path.insert(0, {tests!r})
import handseg_lib as hs
from test_training import SIZE, small_unet
samples = hs.profile.current().samples()
train, val = hs.Batches(samples[:8], SIZE, 4), hs.Batches(samples[-2:], SIZE, 2)
"""
