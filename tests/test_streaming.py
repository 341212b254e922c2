import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from animegan.cli import main
from animegan.faces.packed import FaceSet, FaceWriter
from animegan.gan import batches as batches_module
from animegan.gan import streaming
from animegan.gan.batches import FaceBatches, block_length
from animegan.gan.distribution import Workers
from animegan.gan.recipes import Recipe
from animegan.gan.runs import Run
from animegan.gan.streaming import StreamedBatches, fit_in_memory, spare_memory
from animegan.gan.training import train

COUNT, BATCH, BLOCK = 1003, 16, 4  # 62 steps an epoch and 11 pictures left over


@pytest.fixture
def small_windows(monkeypatch):
    """Windows of 32 blocks of 4 pictures of 32 pixels, which 8 batches of 16 empty: 8 windows an epoch."""
    monkeypatch.setattr(batches_module, "WINDOW", 32)
    monkeypatch.setattr(batches_module, "BLOCK_BYTES", BLOCK * 32 * 32 * 3)


def numbers(**more):
    return FaceBatches(np.arange(COUNT, dtype=np.int32), BATCH, **{"seed": 3, "block": BLOCK} | more)


def epoch_of(batches, epoch):
    return np.stack([batches.rows(epoch * batches.steps_an_epoch + step) for step in range(batches.steps_an_epoch)])


def test_an_epoch_has_each_picture_once_but_for_what_fills_no_batch(small_windows):
    batches = numbers(last_step=124)
    epochs = [epoch_of(batches, 0), epoch_of(batches, 1)]
    for epoch in epochs:
        assert epoch.shape == (62, 16)
        assert len(np.unique(epoch)) == epoch.size
        assert epoch.min() >= 0
        assert epoch.max() < COUNT
    assert not np.array_equal(*epochs)
    assert np.array_equal(np.concatenate([batches[step][0] for step in range(62)]), epochs[0].ravel())


def test_the_order_hangs_on_the_seed_and_the_step_alone(small_windows):
    whole = numbers(last_step=200)
    assert not np.array_equal(whole.rows(0), numbers(seed=4).rows(0))
    for step in (0, 7, 8, 61, 62, 130, 199):
        assert np.array_equal(numbers(first_step=step, last_step=200)[0][0], whole[step][0])


def test_a_window_takes_whole_blocks_from_everywhere(small_windows):
    batches = numbers()
    assert batches.steps_a_window == 8
    for first in range(0, 62, 8):
        window = epoch_of(batches, 0)[first : first + 8]
        blocks = np.unique(window // BLOCK)
        assert len(blocks) <= -(-window.size // BLOCK) + 2  # one may begin in the window before, one may be short
        if len(window) == 8:
            assert np.ptp(blocks) > COUNT // BLOCK / 2


def test_what_fits_in_a_window_is_shuffled_as_a_whole():
    rows = FaceBatches(np.arange(COUNT), BATCH, seed=3, block=100).order(2)
    assert np.array_equal(rows.ravel(), np.random.default_rng([3, 2]).permutation(COUNT)[: rows.size])


def test_a_batch_comes_from_many_places():
    """What the comment beside WINDOW says, of windows of the true size."""
    block = block_length(64)
    order = FaceBatches(np.arange(60_000), 64, block=block).order(0)
    places = [len(np.unique(batch // block)) for batch in order]
    assert 48 < np.mean(places) < 54
    assert min(places) > 35


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_share_each_batch_and_read_nothing_in_common(small_windows, workers):
    alone, parts = numbers(), [numbers(workers=Workers(workers, number)) for number in range(workers)]
    for step in (0, 33, 61):
        assert np.array_equal(np.concatenate([part[step][0] for part in parts]), alone[step][0])
    window = [np.unique(np.concatenate([part[step][0] for step in range(8)]) // BLOCK) for part in parts]
    shared = sum(map(len, window)) - len(np.unique(np.concatenate(window)))
    assert shared <= workers - 1  # blocks that the border between two parts cuts


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A packed file of 700 different pictures of 32 pixels, in chunks of 170."""
    path = tmp_path_factory.mktemp("data") / "faces.h5"
    pictures = np.random.default_rng(0).integers(0, 256, (700, 32, 32, 3), np.uint8)
    with FaceWriter(path, 32, {}) as writer:
        writer.add(pictures, ["x"] * 700, [{}] * 700)
    return path


@pytest.mark.parametrize("workers", [Workers(), Workers(2, 1)])
def test_streamed_batches_are_those_of_pictures_in_memory(small_windows, faces, workers):
    with FaceSet(faces) as data:
        rows, held_out = data.split()
        assert len(held_out) > 20
        order = {"batch": 16, "seed": 5, "first_step": 37, "last_step": 91, "workers": workers}  # epochs of 39 or so
        inside = FaceBatches(data.images(rows), block=BLOCK, **order)
        streamed = StreamedBatches(data, rows, **order)
        assert len(streamed) == len(inside) == 54
        for index in range(54):
            assert np.array_equal(streamed[index][0], inside[index][0])
        assert np.array_equal(streamed[0][0], inside[0][0])  # `fit` looks at the first one before it begins
        streamed.close()


def test_a_window_is_read_once_and_ahead(small_windows, faces, monkeypatch):
    reads = []
    monkeypatch.setattr(
        FaceSet, "images", lambda self, rows, images=FaceSet.images: reads.append(rows) or images(self, rows)
    )
    with FaceSet(faces) as data:
        rows, _ = data.split()
        streamed = StreamedBatches(data, rows, 16, first_step=16, last_step=30)
        streamed[0]
        deadline = time.monotonic() + 60
        while len(reads) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        streamed.close()
        assert len(reads) == 2
        assert sum(map(len, reads)) <= 2 * 8 * 16
        reads.clear()
        streamed = StreamedBatches(data, rows, 16, first_step=0, last_step=30)
        for index in range(30):
            streamed[index]
        streamed.close()
    assert len(reads) == 4
    assert not set.intersection(*(set(read.tolist()) for read in reads[:2]))


def test_a_file_that_breaks_ends_the_reading(small_windows, faces, monkeypatch):
    def broken(self, rows):
        raise OSError("the disk is gone")

    with FaceSet(faces) as data:
        rows, _ = data.split()
        monkeypatch.setattr(FaceSet, "images", broken)
        streamed = StreamedBatches(data, rows, 16)
        with pytest.raises(OSError, match="the disk is gone"):
            streamed[0]
        streamed.close()


def test_a_file_that_breaks_ends_the_run_in_words(small_windows, faces, tmp_path, monkeypatch, capsys):
    """Whatever the engine makes of an error in what feeds it."""
    read, reads = FaceSet.images, []

    def breaking(self, rows=None):
        reads.append(rows)
        if len(reads) > 2:
            raise OSError("the disk is gone")
        return read(self, rows)

    monkeypatch.setattr(FaceSet, "images", breaking)
    words = ["--out", str(tmp_path / "run"), "--width", "4", "--batch", "16", "--images", "1600", "--memory", "0.1"]
    assert main(["train", str(faces), *words]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "animegan: the disk is gone"
    assert len(reads) in (3, 4)  # what was asked for ahead may still be read


def test_a_streamed_run_is_the_run_in_memory(faces, tmp_path):
    settings = {"recipe": Recipe(width=4, batch=64, latent_width=8), "report_images": 256, "progress": False}
    results = [
        train(faces, tmp_path / "inside", images=768, **settings),
        train(faces, tmp_path / "streamed", images=640, memory=0.5, **settings),
        train(faces, tmp_path / "streamed", images=768, memory=0.5, resume=True, **settings),
    ]
    assert [result["streamed"] for result in results] == [False, True, True]
    inside, streamed = (
        [row["discriminator_loss"] for row in Run(tmp_path / name).metrics()] for name in ("inside", "streamed")
    )
    assert len(inside) == 3
    assert inside == pytest.approx(streamed, rel=1e-5)


def test_the_pictures_size_decides(monkeypatch):
    monkeypatch.setattr(streaming, "spare_memory", lambda: 64 * 64 * 3 * 100)
    assert fit_in_memory(100, 64)
    assert not fit_in_memory(101, 64)
    assert fit_in_memory(101, 64, memory=2)
    assert not fit_in_memory(100, 64, memory=1)


def test_spare_memory_is_less_than_the_machine_has():
    assert 1e7 < spare_memory() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 4 + 1


def test_a_containers_limit_counts(tmp_path):
    for name, text in {
        "memory.max": "4000",
        "memory.current": "3000",
        "memory.stat": "anon 1\ninactive_file 500\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert streaming._free_of_container(tmp_path) == 1500
    (tmp_path / "memory.max").write_text("max")
    assert streaming._free_of_container(tmp_path) == float("inf")


LIMITED = """
import re, resource, sys
from animegan.faces.packed import FaceSet
from animegan.gan.distribution import Workers
from animegan.gan.recipes import Recipe
from animegan.gan.streaming import StreamedBatches
from animegan.gan.training import train

small, large, folder = sys.argv[1:]
settings = {"recipe": Recipe(width=4, batch=64, latent_width=8), "progress": False}
train(small, folder + "/warm", images=128, **settings)  # what the engine takes is not counted
used = 1024 * int(re.search(r"VmData:\\s+(\\d+)", open("/proc/self/status").read())[1])
resource.setrlimit(resource.RLIMIT_DATA, (used + 250_000_000, resource.RLIM_INFINITY))
print(train(large, folder + "/streamed", images=640, memory=200, **settings)["streamed"])
with FaceSet(large) as data:
    rows, _ = data.split()
    batches = StreamedBatches(data, rows, 64)
    print(len(batches.order(0)) > 3 * batches.steps_a_window, sum(len(batch) for batch, in batches) > 0.9 * len(rows))
    batches.close()
try:
    train(large, folder + "/whole", images=640, memory=10_000, **settings)
except MemoryError:
    print("MemoryError")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory that is written to")
def test_a_file_larger_than_memory_streams(faces, tmp_path):
    """In a process that may take 250 MB more than the engine has: a file of 500 MB."""
    random = np.random.default_rng(0)
    with FaceWriter(tmp_path / "large.h5", 32, {}) as writer:
        for _ in range(40):
            writer.add(random.integers(0, 256, (4_069, 32, 32, 3), np.uint8), ["x"] * 4_069, [{}] * 4_069)
    size = (tmp_path / "large.h5").stat().st_size
    try:
        words = [sys.executable, "-c", LIMITED, faces, tmp_path / "large.h5", tmp_path]
        child = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    finally:
        (tmp_path / "large.h5").unlink()
    assert size > 2 * 250_000_000
    assert child.stdout.split() == ["True", "True", "True", "MemoryError"], child.stderr[-2000:]
