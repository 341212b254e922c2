"""Crop the faces out of pictures: one small square picture a face, and a table of where each came from."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import cv2
from tqdm import tqdm

from animegan import pictures as pixels
from animegan.faces.crop_folder import CropFolder, find_pictures
from animegan.faces.detecting import LIKELIHOOD, make_detector
from animegan.faces.limits import LIMITS, Limits
from animegan.faces.sources import read_file
from animegan.files import InputError
from animegan.settings import core_count

SMALLEST = 24  # pixels: a smaller face box holds too little to learn from


def crop(
    pictures,
    out,
    detector="animeface",
    size=96,
    margin=0.3,
    likelihood=LIKELIHOOD,
    cascade=None,
    workers=None,
    progress=True,
    limits=LIMITS,
):
    """Cut every face out of the pictures, as `out`/<picture's name>_<k>.png, and list them in `out`/faces.csv.

    Crops that an earlier run left in `out` are replaced; other files there are left alone.

    Args:
        pictures: a folder (walked as `pack` walks it), a picture file, or a list of these.
        out: the folder to write. Where it lies inside `pictures`, it is not read.
        detector: "animeface" or "lbp".
        size: side of the crops in pixels, 16 to 512.
        margin: 0 to 2, added on each side of the face box as a share of the box.
        likelihood: 0 to 1, the least at which animeface's finds count.
        cascade: the XML file of the cascade, for the detector "lbp".
        workers: processes; None for as many as there are cores.
        progress: whether to show a progress bar on stderr.
        limits: animegan.faces.limits.Limits; a picture of more pixels or bytes counts as unreadable.

    Returns:
        dict: "scenes", how many pictures were read; "faces", how many crops were written; "skipped", with
        "unreadable" (names of pictures and folders, with reasons), "no face" (how many pictures) and "too small" (how
        many faces of less than 24 pixels); "other_files", how many were no pictures, by the endings of their names;
        "out", the folder.

    Raises:
        InputError: an argument is out of range, the detector does not work here, there are no pictures, or
            there is no face in any of them.
    """
    _check(size, margin, workers)
    root, files, closed, others = find_pictures(pictures, out)
    settings = _Settings(detector, None if cascade is None else str(cascade), likelihood, size, margin, limits)
    cropper = _Cropper(settings)
    folder = CropFolder(out)
    names = folder.name_crops(files)
    sources = [file.relative_to(root).as_posix() for file in files]
    with folder.staging() as staging:
        jobs = [(str(file), str(staging / name)) for file, name in zip(files, names, strict=True)]
        workers = min(workers or core_count(), len(jobs))
        results = map(cropper, jobs) if workers == 1 else _in_parallel(settings, jobs, workers)
        results = list(tqdm(results, total=len(jobs), desc="crop", unit="picture", disable=not progress))
        rows = [row for each in zip(names, sources, results, strict=True) for row in _rows(*each)]
        skipped = _skipped(sources, results)
        skipped["unreadable"] |= {path.relative_to(root).as_posix(): _reason(error) for path, error in closed.items()}
        if not rows:
            raise InputError(_no_face(len(files), skipped))
        folder.publish(staging, rows)
    readable = sum(not result.unreadable for result in results)
    counts = {"scenes": readable, "faces": len(rows), "skipped": skipped, "other_files": dict(others)}
    return {**counts, "out": str(out)}


def cut(image, box, size, margin):
    """Cut one face out of a picture as a square.

    Args:
        image: uint8 array (height, width, 3).
        box: (x0, y0, x1, y1) of the face in pixels.
        size: side of the result in pixels.
        margin: added on each side, as a share of the box.

    Returns:
        uint8 array (size, size, 3). At the picture's edge the square moves inwards; where the picture is
        narrower than the square, its outermost pixels are repeated.
    """
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box
    side = round(max(x1 - x0, y1 - y0) * (1 + 2 * margin))
    left = _start((x0 + x1 - side) / 2, side, width)
    top = _start((y0 + y1 - side) / 2, side, height)
    pad = max(0, -left, -top, left + side - width, top + side - height)
    if pad:
        image = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    return pixels.resize(image[top + pad : top + pad + side, left + pad : left + pad + side], size)


def _start(start, side, length):
    """Where a square's side begins on an axis of `length` pixels: moved inwards if it fits there, else centred."""
    return min(max(0, round(start)), length - side) if side <= length else (length - side) // 2


@dataclass(frozen=True)
class _Settings:
    """What a worker must know."""

    detector: str
    cascade: str | None
    likelihood: float
    size: int
    margin: float
    limits: Limits


@dataclass(frozen=True)
class _Result:
    """What one picture gave: the faces whose crops were written, in the order of k."""

    faces: tuple = ()
    too_small: int = 0
    unreadable: str = ""  # why it is, if it is


class _Cropper:
    """Reads a picture, finds its faces and writes their crops."""

    def __init__(self, settings):
        self.settings = settings
        self.detector = make_detector(settings.detector, settings.cascade, settings.likelihood)

    def __call__(self, job):
        path, prefix = job
        try:
            size = os.path.getsize(path)
            self.settings.limits.check("a file", "file_bytes", size)
            image = pixels.decode(read_file(path, size), self.settings.limits.pixels)
        except (OSError, InputError) as error:
            return _Result(unreadable=_reason(error))
        found = self.detector.detect(image)
        faces = tuple(face for face in found if face.side >= SMALLEST)
        for k, face in enumerate(faces):
            data = pixels.encode(cut(image, face.box, self.settings.size, self.settings.margin))
            Path(f"{prefix}_{k}.png.part").write_bytes(data)
        return _Result(faces, len(found) - len(faces))


def _reason(error):
    """Why a file cannot be read, without its name."""
    return str(getattr(error, "strerror", None) or error)


_cropper = None  # a worker process's own: made once, used for all its pictures


def _start_worker(settings):
    global _cropper
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)  # the processes fill the cores already
    _cropper = _Cropper(settings)


def _end_with_parent():
    """A worker would wait for ever for the jobs of a process that was killed."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _crop_in_worker(job):
    return _cropper(job)


def _in_parallel(settings, jobs, workers):
    """Yield the jobs' results in the order of the jobs, worked on by several processes."""
    context = multiprocessing.get_context("spawn")  # a forked copy of a notebook's threads may hang
    pool = ProcessPoolExecutor(workers, context, _start_worker, (settings,))
    try:
        yield from pool.map(_crop_in_worker, jobs)
    except BrokenProcessPool as error:
        raise InputError(
            "the worker processes must live until the last picture, but one ended early: for lack of memory (workers=1 "
            'needs the least), or because a script calls crop outside `if __name__ == "__main__":`. '
            f"Received: {len(jobs)} pictures, workers={workers}"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _check(size, margin, workers):
    """Raise InputError where an argument is out of its range."""
    if not 16 <= size <= 512:
        raise InputError(f"the size must lie in 16 to 512 pixels. Received: {size}")
    if not 0 <= margin <= 2:
        raise InputError(f"the margin must lie in 0 to 2. Received: {margin}")
    if workers is not None and workers < 1:
        raise InputError(f"there must be at least one worker. Received: {workers}")


def _rows(name, source, result):
    """The lines of faces.csv for one picture."""
    for k, face in enumerate(result.faces):
        yield (f"{name}_{k}.png", source, *face.box, f"{face.likelihood:.4f}", face.hair, face.eyes)


def _skipped(sources, results):
    return {
        "unreadable": {
            source: result.unreadable for source, result in zip(sources, results, strict=True) if result.unreadable
        },
        "no face": sum(not (result.unreadable or result.faces or result.too_small) for result in results),
        "too small": sum(result.too_small for result in results),
    }


def _no_face(count, skipped):
    unreadable = skipped["unreadable"]
    named = f", such as {next(iter(unreadable))}" if unreadable else ""
    return (
        f"there must be a face to crop. Received: no face was found in {count} pictures "
        f"({len(unreadable)} unreadable{named}; {skipped['too small']} faces smaller than {SMALLEST} pixels)"
    )
