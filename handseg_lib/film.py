"""Film: a video is photos, one after the other; its masks are a video again."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from .data.gate import InputError
from .painting import overlay
from .predictor import Predictor
from .start import quiet

SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm"})


def frames(path: Path) -> Iterator[tuple[np.ndarray, float]]:
    """The frames of a video, uint8 (H, W, 3) RGB, upright, each with how many of them make a second.

    Raises:
        InputError: the file is missing, is no video, or ends before half of its frames.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file. Check the path.")
    with quiet(tell=False):  # FFmpeg's words on a broken file
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    count, seen = video.get(cv2.CAP_PROP_FRAME_COUNT), 0
    rate = video.get(cv2.CAP_PROP_FPS)
    try:
        while (read := video.read())[0]:
            seen += 1
            yield cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB), rate if 1 <= rate <= 240 else 25.0  # some files say none
    finally:
        video.release()
    if seen < max(1, count / 2):  # the count is an estimate in some files
        raise InputError(f"{path}: {seen} frames of it can be read; it is no video, or is cut off. Convert it to .mp4.")


def predict_film(predictor: Predictor, path: Path, overlay_file: Path, mask_file: Path) -> float:
    """Writes the film of a video's overlays, and the film of its masks: white is hand.

    Args:
        predictor: a trained network.
        path: of the video.
        overlay_file, mask_file: where to write, ``.mp4``.

    Returns:
        The share of hand, mean over the frames.

    Raises:
        InputError: the video cannot be read, or the films cannot be written.
    """
    shares, writers = [], []
    try:
        for frame, rate in frames(path):
            if not writers:
                size = frame.shape[1::-1]
                code = cv2.VideoWriter.fourcc(*"mp4v")
                writers = [cv2.VideoWriter(str(file), code, rate, size) for file in (overlay_file, mask_file)]
                if not all(writer.isOpened() for writer in writers):
                    raise InputError(f"{overlay_file}: OpenCV cannot write this video. Give another --out.")
            mask = predictor.mask(frame)
            pictures = overlay(frame, mask), np.repeat(mask[..., None] * np.uint8(255), 3, axis=2)
            for writer, picture in zip(writers, pictures):
                writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            shares.append(mask.mean())
    finally:
        for writer in writers:
            writer.release()
    return float(np.mean(shares))
