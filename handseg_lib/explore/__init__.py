"""The sliders: small windows on plain drawing functions.

Each widget calls one function that draws a figure; that function is the static preview, and what the
tests call. Only what ipywidgets 7.7 and 8 share is used.
"""

from .predictions import draw_threshold, explore

__all__ = ["draw_threshold", "explore"]
