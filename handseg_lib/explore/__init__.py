"""The sliders: small windows on plain drawing functions.

Each widget is a ``View`` of a plain function that draws; what that function returns is the static preview,
and what the tests look at.
"""

from .augmentation import draw_augmentation, play_augmentation
from .camera import draw_live, live
from .inside import draw_layer, look_inside
from .loss import draw_loss, draw_losses, play_loss
from .photos import browse, draw_sample
from .predictions import draw_threshold, explore
from .skips import cut_skips, draw_cut
from .upload import draw_photo, try_photo
from .watching import draw_training, watch_training

__all__ = [
    "browse",
    "cut_skips",
    "draw_augmentation",
    "draw_cut",
    "draw_layer",
    "draw_live",
    "draw_loss",
    "draw_losses",
    "draw_photo",
    "draw_sample",
    "draw_threshold",
    "draw_training",
    "explore",
    "live",
    "look_inside",
    "play_augmentation",
    "play_loss",
    "try_photo",
    "watch_training",
]
