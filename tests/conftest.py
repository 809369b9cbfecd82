import os
import random
import tempfile

os.environ.setdefault("HANDSEG_PROFILE", "smoke")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ |= {"HANDSEG_MY_HAND": "none", "HANDSEG_MY_NETWORK": "none"}  # those of whoever runs the tests stay theirs
# No network but this machine's own: what would download something fails here, and not first in a room without it.
os.environ |= {
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1,localhost",
}
os.environ.setdefault("NOTEBOOK_ORDER", str(random.randrange(1000)))  # the workers of xdist inherit it

import cv2
import nbval.plugin
import numpy as np
import pytest
from PIL import Image

# Notebooks run alone: each in an empty folder, in an order that differs from run to run.


class KernelElsewhere(nbval.plugin.RunningKernel):
    def __init__(self, kernel_name, cwd=None, startup_timeout=60):
        self.folder = tempfile.TemporaryDirectory()
        super().__init__(kernel_name, self.folder.name, startup_timeout)


nbval.plugin.RunningKernel = KernelElsewhere


def pytest_report_header():
    return f"notebooks in the order of NOTEBOOK_ORDER={os.environ['NOTEBOOK_ORDER']}"


def pytest_collection_modifyitems(items):
    notebooks = sorted({item.path for item in items if item.path.suffix == ".ipynb"})
    random.Random(os.environ["NOTEBOOK_ORDER"]).shuffle(notebooks)
    items.sort(key=lambda item: notebooks.index(item.path) if item.path in notebooks else -1)


# Photos

PERSONS = [f"{number:02d}" for number in range(1, 13)]


def draw_blob(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo of a skin-coloured ellipse before a bluish wall, and its mask; sides of 60 to 100 px."""
    rng = np.random.default_rng(seed)
    height, width = (int(side) for side in rng.integers(60, 100, 2))
    centre = int(width * rng.uniform(0.4, 0.6)), int(height * rng.uniform(0.4, 0.6))
    mask = cv2.ellipse(np.zeros((height, width), np.uint8), centre, (22, 15), float(rng.uniform(0, 180)), 0, 360, 1, -1)
    image = np.where(mask[..., None] == 1, (210, 150, 120), (60, 90, 130)) + rng.normal(0, 8, (height, width, 3))
    return np.clip(image, 0, 255).astype(np.uint8), mask


def save_pair(folder, name: str, image: np.ndarray, mask: np.ndarray) -> None:
    """Writes a photo and its mask as HGR1 keeps them: the mask a 1-bit BMP in which black is skin."""
    stem = name.rpartition(".")[0]
    for part in ("original_images", "skin_masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(folder / "original_images" / name)
    Image.fromarray(mask == 0).save(folder / "skin_masks" / f"{stem}.bmp")


@pytest.fixture(scope="session")
def hands(tmp_path_factory):
    """A folder in HGR1's layout: 12 persons, 3 photos each, one with an upper-case suffix. Do not write to it."""
    folder = tmp_path_factory.mktemp("hands")
    for number, person in enumerate(PERSONS):
        for take, gesture in enumerate("A5Z"):
            suffix = "JPG" if (person, gesture) == ("05", "Z") else "jpg"
            save_pair(folder, f"{gesture}_P_hgr1_id{person}_1.{suffix}", *draw_blob(3 * number + take))
    return folder


@pytest.fixture(scope="session")
def samples(hands):
    """The samples in ``hands``."""
    from handseg_lib.data import hgr1  # here, so that a run of the notebooks alone does not wait for TensorFlow

    return hgr1.load(hands)


@pytest.fixture
def make_pair(tmp_path):
    """A function that writes one pair into ``tmp_path``, and returns its sample: ``make_pair(image, mask, name)``."""
    from handseg_lib import Sample

    def make(image, mask, name="A_P_hgr1_id01_1.png"):
        save_pair(tmp_path, name, image, mask)
        stem = name.rpartition(".")[0]
        return Sample(tmp_path / "original_images" / name, tmp_path / "skin_masks" / f"{stem}.bmp", "01", "A")

    return make


@pytest.fixture(scope="session")
def unet():
    """The U-Net at 64 px with ImageNet's encoder. Shared: predict with it, do not train it."""
    import handseg_lib as hs

    return hs.build_unet(64)
