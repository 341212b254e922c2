"""Fixtures that several tests share."""

import importlib
import os
from pathlib import Path

import numpy as np
import pytest

from animegan.faces.drawn import pack_drawn
from animegan.pictures import encode

pytest.register_assert_rewrite("same_runs")  # so that its assertions say what differs
if "PYTEST_XDIST_WORKER" in os.environ:  # each worker has a core: more threads would only wait for one another
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, "1")
SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def faces_file(tmp_path_factory):
    """Path of a packed file of 200 drawn faces at 32 pixels. Read it only."""
    path = tmp_path_factory.mktemp("drawn") / "faces.h5"
    pack_drawn(path, count=200, size=32, seed=0, progress=False)
    return path


@pytest.fixture(scope="session")
def shared_data():
    """Folder of real pictures beside the project; tests that ask for it are skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the real pictures in {SHARED}, which is missing; drawn faces cover the same code")
    return SHARED


@pytest.fixture
def modules(monkeypatch):
    """Function from a module's name to the module, out of benchmarks/."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return importlib.import_module


@pytest.fixture
def picture():
    """Function from a number to a 32×32 picture of random pixels (uint8), a different one for each number."""
    return lambda seed, size=32: np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


@pytest.fixture
def write_pictures(picture):
    """Function that writes pictures into a folder as PNG: `write(folder, a=1, b=2)` makes a.png, b.png."""

    def write(folder, **seeds):
        folder.mkdir(parents=True, exist_ok=True)
        for name, seed in seeds.items():
            (folder / f"{name}.png").write_bytes(encode(picture(seed)))
        return folder

    return write
