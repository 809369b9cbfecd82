"""The sliders: small windows on plain drawing functions.

Each widget is a ``View`` of a plain function that draws; what that function returns is the static preview,
and what the tests look at.
"""

from .augmentation import draw_augmentation, play_augmentation
from .camera import draw_live, live
from .convolution import convolve, draw_convolution, draw_filters
from .descent import draw_descent, roll_ball
from .fooling import draw_fooled, fool
from .inside import draw_layer, look_inside
from .loss import draw_loss, draw_losses, play_loss
from .network import draw_block, draw_network, open_network
from .people import draw_wall, wall
from .photos import browse, draw_sample
from .predictions import draw_threshold, explore
from .skips import cut_skips, draw_cut
from .upload import draw_photo, try_photo
from .watching import draw_epoch, draw_film, draw_training, replay_training, watch_training

__all__ = [
    "browse",
    "convolve",
    "cut_skips",
    "draw_augmentation",
    "draw_block",
    "draw_convolution",
    "draw_cut",
    "draw_descent",
    "draw_epoch",
    "draw_film",
    "draw_filters",
    "draw_fooled",
    "draw_layer",
    "draw_live",
    "draw_loss",
    "draw_losses",
    "draw_network",
    "draw_photo",
    "draw_sample",
    "draw_threshold",
    "draw_training",
    "draw_wall",
    "explore",
    "fool",
    "live",
    "look_inside",
    "open_network",
    "play_augmentation",
    "play_loss",
    "replay_training",
    "roll_ball",
    "try_photo",
    "wall",
    "watch_training",
]
