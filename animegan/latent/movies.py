"""Pictures in a row as a GIF or an MP4, whole or not at all."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image

from animegan.files import InputError, replacing

KINDS = (".gif", ".mp4")
MOST_GIF = 50  # frames a second: browsers slow down what is faster


def check_movie(path, rate):
    """Return the kind of movie, ".gif" or ".mp4".

    Raises:
        InputError: the name has another ending, or frames cannot follow each other at that rate.
    """
    kind = Path(path).suffix.lower()
    if kind not in KINDS:
        raise InputError(f"a movie must go to a .gif or .mp4 file. Received: {path}")
    most = MOST_GIF if kind == ".gif" else 120
    if not 1 <= rate <= most:
        raise InputError(f"a {kind} must have 1 to {most} frames a second. Received: {rate}")
    return kind


def write_movie(frames, path, rate=25):
    """Write a movie that players repeat (GIF) or may repeat (MP4: H.264, which every browser plays).

    Args:
        frames: uint8 array (N, height, width, 3) or an iterable of pictures; sides even for MP4.
        path: .gif or .mp4. An existing file is replaced when the new one is complete.
        rate: frames a second; a GIF rounds their times to hundredths of a second.

    Raises:
        InputError: the ending, the rate or the pictures cannot be used.
    """
    kind = check_movie(path, rate)
    frames = [np.ascontiguousarray(frame) for frame in frames]
    if not frames:
        raise InputError("a movie must have at least one picture. Received: none")
    height, width = frames[0].shape[:2]
    if any(frame.shape != (height, width, 3) or frame.dtype != np.uint8 for frame in frames):
        raise InputError("a movie's pictures must all have one size, and 3 channels of uint8. Received: others")
    if kind == ".mp4" and (height % 2 or width % 2):
        raise InputError(f"an MP4's sides must be even numbers of pixels. Received: {width} × {height}")
    with replacing(path) as temporary:
        if kind == ".gif":
            _write_gif(frames, temporary, rate)
        else:
            _write_mp4(frames, temporary, rate, (width, height))


def _write_gif(frames, path, rate):
    """Each frame with its own 256 colours, chosen by octree: Pillow's usual way takes fifty times as long."""
    pictures = [Image.fromarray(frame).quantize(256, method=Image.Quantize.FASTOCTREE) for frame in frames]
    times = np.diff(np.rint(np.arange(len(frames) + 1) * 100 / rate)).astype(int) * 10  # rounding does not add up
    pictures[0].save(
        path, format="GIF", save_all=True, append_images=pictures[1:], duration=times.tolist(), loop=0, disposal=1
    )


def _write_mp4(frames, path, rate, size):
    settings = {"codec": "libx264", "pix_fmt_in": "rgb24", "pix_fmt_out": "yuv420p", "macro_block_size": 2}
    # The index goes to the front, so that a browser plays before it has all; the ending cannot be told from the name.
    words = ["-crf", "18", "-movflags", "+faststart", "-f", "mp4"]
    writer = imageio_ffmpeg.write_frames(str(path), size, fps=rate, quality=None, output_params=words, **settings)
    writer.send(None)
    try:
        for frame in frames:
            writer.send(frame)
    finally:
        writer.close()
    written, _ = imageio_ffmpeg.count_frames_and_secs(str(path))
    if written != len(frames):  # the encoder is a process of its own, and its last error raises nothing here
        raise OSError(f"the encoder wrote {written} of {len(frames)} frames: the disk may be full")
