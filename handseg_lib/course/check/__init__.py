"""Self-checks of the exercises: each says what is not right yet, and hints before it tells.

A check prints, and never raises: an unsolved notebook runs to its end.
"""

from .lesson_00 import *  # noqa: F403
from .lesson_01 import *  # noqa: F403
from .lesson_02 import *  # noqa: F403
from .lesson_03 import *  # noqa: F403
from .lesson_04 import *  # noqa: F403
from .lesson_05 import *  # noqa: F403
from .lesson_06 import *  # noqa: F403
from .lesson_07 import *  # noqa: F403
from .lesson_08 import *  # noqa: F403
from .lesson_09 import *  # noqa: F403
from .lesson_10 import *  # noqa: F403
