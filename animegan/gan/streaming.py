"""Streaming: batches of a packed file that does not fit in memory, read a window ahead of the training.

A window is at most 64 MB (animegan.gan.batches), of which two are in memory: the one that is trained on and the next.
"""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from animegan.gan.batches import FaceBatches, block_length
from animegan.gan.distribution import ALONE
from animegan.settings import has_gpu

SHARE = 4  # of the free memory, a quarter: pictures take three times their size while a model is given them


class PackedPictures:
    """Chosen pictures of a packed file, with what FaceBatches asks of an array."""

    dtype = np.dtype(np.uint8)

    def __init__(self, faces, rows):
        """Choose.

        Args:
            faces: animegan.faces.packed.FaceSet.
            rows: int array (N,) of rows of the file, ascending.
        """
        self.faces, self.file_rows = faces, rows
        self.shape = (len(rows), faces.size, faces.size, 3)

    def __len__(self):
        """Number of pictures chosen."""
        return len(self.file_rows)

    def __getitem__(self, numbers):
        """Pictures by their numbers among the chosen ones: int (…) to uint8 (…, S, S, 3)."""
        return self.faces.images(self.file_rows[numbers.ravel()]).reshape(*numbers.shape, *self.shape[1:])


class StreamedBatches(FaceBatches):
    """The same batches as FaceBatches gives of the same pictures, straight from the file."""

    def __init__(self, faces, rows, batch, seed=0, first_step=0, last_step=None, workers=ALONE):
        """Prepare to read.

        Args:
            faces: animegan.faces.packed.FaceSet, open until `close`.
            rows: int array of its rows to train on, ascending.
            batch, seed, first_step, last_step, workers: as FaceBatches takes them.

        Raises:
            InputError: there are fewer pictures than a batch.
        """
        pictures = PackedPictures(faces, rows)
        super().__init__(pictures, batch, seed, first_step, last_step, block_length(faces.size), workers)
        self._reads = {}  # (epoch, window) → what becomes its pictures
        self._reader = ThreadPoolExecutor(1, "reader")

    def close(self):
        """End reading, and free the memory: an engine may keep these batches after `fit`."""
        self._reader.shutdown(cancel_futures=True)
        self._reads.clear()

    def __getitem__(self, index):
        """The worker's part of batch number `index`, as (pictures,): uint8 (share, S, S, 3)."""
        step = self.first_step + index
        window, place, left = self._window(step)
        wanted = [window]
        if step + left < self.last_step:
            wanted.append(self._window(step + left)[0])
        self._reads = {window: self._reads[window] for window in wanted if window in self._reads}
        for one in wanted:
            if one not in self._reads:
                self._reads[one] = self._reader.submit(self._read, *one)
        return (self._reads[window].result()[place].copy(),)  # a view would keep the window in memory

    def _window(self, step):
        """A step's (epoch, window), its place in the window, and the steps from it to the window's end."""
        epoch, position = divmod(step, self.steps_an_epoch)
        window, place = divmod(position, self.steps_a_window)
        end = min((window + 1) * self.steps_a_window, self.steps_an_epoch)
        return (epoch, window), place, end - position

    def _read(self, epoch, window):
        """The worker's pictures of a window: uint8 (steps, share, S, S, 3)."""
        first = window * self.steps_a_window
        return self.pictures[self.order(epoch)[first : first + self.steps_a_window, self._part]]


def open_batches(model, faces, rows, held, batch, seed, first_step, last_step, workers=ALONE):
    """The batches to train a model on: of row numbers of pictures that it holds, or of pictures from the file.

    Args:
        model: animegan.gan.dcgan.DCGAN.
        faces: animegan.faces.packed.FaceSet.
        rows: int array of its rows to train on, ascending.
        held: whether the model is to hold the pictures.
        batch, seed, first_step, last_step, workers: as FaceBatches takes them.

    Returns:
        FaceBatches; to be closed after the training.
    """
    if not held:
        return StreamedBatches(faces, rows, batch, seed, first_step, last_step, workers)
    model.hold(workers.everywhere(faces.images(rows)))
    numbers = np.arange(len(rows), dtype=np.int32)
    return FaceBatches(numbers, batch, seed, first_step, last_step, block_length(faces.size), workers)


def fit_in_memory(count, size, memory=None):
    """Whether so many pictures of a side of `size` pixels take less than `memory` MB; if None, than `spare_memory`."""
    return count * size * size * 3 <= (spare_memory() if memory is None else memory * 1e6)


def spare_memory():
    """Bytes that the pictures to train on may take, where nothing else is said.

    Returns:
        float: a quarter of what is free in the machine or its container, or of a GPU's memory, whichever is least; inf
        where none of them is known.
    """
    return min(_free_of_machine(), _free_of_container(), *_sizes_of_gpus(), float("inf")) / SHARE


def _free_of_machine():
    try:
        return 1024 * int(re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())[1])
    except (OSError, TypeError):  # no Linux: what is installed is better than nothing
        names = getattr(os, "sysconf_names", {})
        known = "SC_PHYS_PAGES" in names and "SC_PAGE_SIZE" in names
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if known else float("inf")


def _free_of_container(folder=Path("/sys/fs/cgroup")):
    """What the control group, a container's most often, may still take."""
    try:
        most, used = (int((folder / name).read_text()) for name in ("memory.max", "memory.current"))
        files = re.search(r"^inactive_file (\d+)", (folder / "memory.stat").read_text(), re.MULTILINE)
        return most - used + int(files[1])  # files read before are dropped when memory is wanted
    except (OSError, ValueError, TypeError):  # "max": no limit
        return float("inf")


def _sizes_of_gpus():
    if not has_gpu():
        return []
    words = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    listing = subprocess.run(words, capture_output=True, text=True).stdout
    return [int(number) << 20 for number in re.findall(r"^\d+", listing, re.MULTILINE)]
