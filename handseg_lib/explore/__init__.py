"""The sliders: small windows on plain drawing functions.

Each widget is a ``View`` of a plain function that draws; what that function returns is the static preview,
and what the tests look at.
"""

from .predictions import draw_threshold, explore

__all__ = ["draw_threshold", "explore"]
