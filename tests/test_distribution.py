"""Workers on the loopback address, each a process with one virtual device, against one process with one or with two."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from animegan.cli import main
from animegan.faces.packed import FaceWriter
from animegan.files import InputError
from animegan.gan.distribution import VARIABLES, Cluster, Workers, read_cluster
from animegan.gan.lost_workers import LOST
from animegan.gan.runs import Run

needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the extra jax")
pytestmark = pytest.mark.timeout(900)  # each process loads JAX and compiles, a minute where others are at work
PATIENCE = 600  # seconds for what another process is to do
NO_END = 10**9  # pictures
LAST = 20  # step of the whole run, with a report every 4 steps of 16 pictures


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A packed file of 120 pictures, 7 batches an epoch."""
    path = tmp_path_factory.mktemp("data") / "faces.h5"
    pictures = np.random.default_rng(0).integers(0, 256, (120, 32, 32, 3), np.uint8)
    with FaceWriter(path, 32, {}) as writer:
        writer.add(pictures, ["x"] * 120, [{}] * 120)
    return path


@pytest.fixture(scope="module")
def start(faces, tmp_path_factory):
    """Function that starts the workers of a run and gives their processes, which do not outlive the tests."""
    processes, compiled = [], tmp_path_factory.mktemp("compiled")

    def start(run, *options, workers=1, devices=1, batch=16):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        settings = ("--width", "4", "--batch", str(batch), "--report-images", "64", "--json")
        words = [sys.executable, "-m", "animegan", "train", str(faces), "--out", str(run), *settings, *options]
        started = []
        for number in range(workers):
            environment = {
                "KERAS_BACKEND": "jax",
                "JAX_PLATFORMS": "cpu",
                "JAX_COMPILATION_CACHE_DIR": str(compiled),
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
                # Compiling as fast as possible: these tests do little else.
                "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices} --xla_backend_optimization_level=0",
                "TQDM_DELAY": "9999",
            }
            if workers > 1:
                environment |= dict(zip(VARIABLES, (address, str(workers), str(number)), strict=True))
            started.append(
                subprocess.Popen(
                    words,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=os.environ | environment,
                    cwd=Path(__file__).parents[1],
                )
            )
        processes.extend(started)
        return started

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def result(process):
    """What a process has printed when it has ended well."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err[-3000:]
    return json.loads(out)


def wait_for_row(run, step, processes):
    """Wait until a run has reported a step."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (run / "config.json").exists() and any(row["step"] >= step for row in Run(run).metrics()):
            return
        ended = [process.communicate()[1][-3000:] for process in processes if process.poll() is not None]
        assert not ended, ended
        time.sleep(0.05)
    raise AssertionError(f"no step {step}")


def losses(run):
    """Row by row, what a run learned: {step: [numbers]}."""
    return {row["step"]: [value for name, value in row.items() if "_" in name and "second" not in name] for row in run}


def state(run, step):
    with h5py.File(run.checkpoints()[step]) as file:
        return [file[name][()] for name in sorted(file)]


def assert_same(one, other, step):
    """Equal but for rounding: the order of sums differs, and Adam makes more of it where gradients are near 0."""
    found, wanted = losses(one.metrics()), losses(other.metrics())
    assert list(found) == list(wanted)
    for reported in wanted:
        assert found[reported] == pytest.approx(wanted[reported], rel=1e-3), reported
    for value, expected in zip(state(one, step), state(other, step), strict=True):
        assert np.allclose(value, expected, rtol=1e-3, atol=1e-3)


@pytest.fixture(scope="module")
def alone(start, tmp_path_factory):
    """A run of one process on one device, with its pictures in memory."""
    folder = tmp_path_factory.mktemp("runs") / "alone"
    found = result(*start(folder, "--images", str(16 * LAST)))
    assert (found["devices"], found["streamed"]) == (1, False)
    return Run(folder)


@needs_jax
def test_two_devices_compute_what_one_does(start, alone, tmp_path):
    (process,) = start(tmp_path / "run", "--images", str(16 * LAST), "--distribute", devices=2)
    assert result(process)["devices"] == 2
    assert_same(Run(tmp_path / "run"), alone, LAST)


@pytest.fixture(scope="module")
def two(start, tmp_path_factory):
    """A run of two workers that stream, until one of them was given a signal; and what both printed."""
    folder = tmp_path_factory.mktemp("runs") / "two"
    workers = start(folder, "--images", str(NO_END), "--memory", "0.001", workers=2)
    wait_for_row(folder, 8, workers)
    workers[1].send_signal(signal.SIGTERM)
    return [result(worker) for worker in workers], Run(folder)


@needs_jax
def test_two_workers_compute_what_one_does_and_stop_together(alone, two):
    printed, run = two
    assert [found["stopped"] for found in printed] == ["SIGTERM"] * 2
    assert printed[0]["steps"] == printed[1]["steps"] >= 8
    assert all(found["devices"] == 2 and found["streamed"] for found in printed)
    found, wanted = losses(run.metrics()), losses(alone.metrics())
    for step in (4, 8):
        assert found[step] == pytest.approx(wanted[step], rel=1e-3)


@needs_jax
def test_a_worker_that_dies_ends_the_other_and_the_run_goes_on(start, alone, two, tmp_path):
    """In one run the second worker dies, in one the first; together, since most of it is waiting."""
    printed, before = two
    pairs = {}
    for killed in (1, 0):
        folder = shutil.copytree(before.folder, tmp_path / str(killed))
        pairs[killed] = start(folder, "--images", str(NO_END), "--resume", workers=2)
    for killed, workers in pairs.items():
        wait_for_row(tmp_path / str(killed), printed[0]["steps"] // 4 * 4 + 4, workers)
    for killed, workers in pairs.items():
        workers[killed].kill()
    started = time.monotonic()
    for killed, workers in pairs.items():
        out, err = workers[1 - killed].communicate(timeout=PATIENCE)
        assert time.monotonic() - started < 60, killed
        assert workers[1 - killed].returncode == 1
        assert err.strip() == f"animegan: {LOST}"
        assert out == ""
    last = max(LAST, *(step for killed in pairs for step in Run(tmp_path / str(killed)).checkpoints())) + 1
    same = shutil.copytree(alone.folder, tmp_path / "alone")
    going = [start(same, "--images", str(16 * last), "--resume")]
    for killed, count in ((1, 1), (0, 2)):  # with any number of workers
        going.append(start(tmp_path / str(killed), "--images", str(16 * last), "--resume", workers=count))
    for workers in going:
        for worker in workers:
            assert result(worker)["stopped"] == "images"
    for killed in pairs:
        assert_same(Run(tmp_path / str(killed)), Run(same), last)


@needs_jax
def test_a_batch_that_devices_cannot_share_is_refused(start, tmp_path):
    (process,) = start(tmp_path / "run", "--distribute", devices=2, batch=15)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert err == "animegan: batch must be a multiple of the 2 devices. Received: 15\n"
    assert not (tmp_path / "run").exists()


def test_another_engine_is_refused(faces, tmp_path, capsys):
    """In this process, whose engine is TensorFlow."""
    assert main(["train", str(faces), "--out", str(tmp_path / "run"), "--batch", "16", "--distribute"]) == 2
    assert "KERAS_BACKEND must be jax. Received: " in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("", "2", "0"), r"JOB_ADDRESSES must be the first worker's HOST:PORT\. Received: nothing"),
        (("10.0.0.1", "2", "0"), "HOST:PORT"),
        (("10.0.0.1:80", "", "0"), r"NUM_PROCESSES must be the number of workers\. Received: nothing"),
        (("10.0.0.1:80", "two", "0"), "NUM_PROCESSES"),
        (("10.0.0.1:80", "2", "2"), r"PROCESS_ID must be this worker's number, from 0\. Received: 2"),
        (("10.0.0.1:80", "2", "-1"), "PROCESS_ID"),
    ],
)
def test_variables_that_make_no_sense_are_refused(monkeypatch, values, words):
    for name, value in zip(VARIABLES, values, strict=True):
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=words):
        read_cluster()


def test_variables_name_the_workers(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert read_cluster() == Cluster(count=1, number=0)
    for name, value in zip(VARIABLES, ("10.0.0.1:80,10.0.0.2:80", "2", "1"), strict=True):
        monkeypatch.setenv(name, value)
    assert read_cluster() == Cluster("10.0.0.1:80", 2, 1)


def test_workers_decide_together(monkeypatch):
    workers = Workers(3, 0)
    monkeypatch.setattr(workers, "gather", lambda data: [data, b"\2", b"\0"])
    assert workers.ask(None) == "minutes"
    assert workers.ask("SIGTERM") == "SIGTERM"
    assert not workers.all(True)
    monkeypatch.setattr(workers, "gather", lambda data: [data, b"\1", b"\1"])
    assert workers.all(True)
    assert not workers.all(False)
    assert Workers().ask(None) is None
