"""Whether a notebook and the library belong together: a saved lesson may meet a newer library, or an older one."""

PINNED = "https://github.com/handseg/handseg-course/blob/v{version}/notebooks"


def made_for(version: str) -> None:
    """Says what to do if the notebook was made for another version of the library; silent where all is well.

    A change of the last number, such as 0.1.0 to 0.1.4, mends faults only: such two belong together.

    Args:
        version: of the library that the notebook was made with, such as ``"0.1.0"``. Each lesson's first cell has it.
    """
    from .. import __version__ as here

    wanted, found = (tuple(map(int, each.split(".")[:2])) for each in (version, here))
    if wanted == found:
        return
    print(f"This notebook was made for handseg {version}, and here is handseg {here}: some cells may not run.")
    if wanted > found:
        print(
            "Bring the library up to date. In a clone: git pull, then pip install --no-deps -e . in its environment. "
            "On Colab: Runtime, Disconnect and delete runtime, then run this cell again."
        )
    else:
        print(f"Open the notebook that belongs to it: {PINNED.format(version=here)}")
