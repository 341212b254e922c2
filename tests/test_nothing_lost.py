"""Runs that are killed, interrupted, or out of disk lose nothing: they end as the run left alone does."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from same_runs import assert_same_runs, untimed

from animegan.cli import main
from animegan.files import TEMPORARY
from animegan.gan.runs import Run

ROOT = Path(__file__).parents[1]
FORKS = pytest.mark.skipif(sys.platform != "linux", reason="forks after the import of an engine; safe on Linux only")


def fragile_runs(kind, *words, around=(), script="fragile_runs.py"):
    """What fragile_runs.py or fragile_data.py says happened."""
    command = [*around, sys.executable, str(ROOT / "tests" / script), kind, *map(str, words)]
    settings = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "CUDA_VISIBLE_DEVICES": "-1",
        "TQDM_DELAY": "1000000",  # no bar: what is on stderr is a message
    }
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | settings)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@FORKS
@pytest.mark.timeout(900)  # three dozen processes train, each for seconds
def test_a_run_that_is_killed_at_random_moments_ends_as_if_left_alone(faces_file, tmp_path):
    result = fragile_runs("killed", faces_file, tmp_path)
    hits = result["hits"]
    print("killed", hits)
    assert sum(count for place, count in hits.items() if place != "starting") >= 20
    for place in ("training", ".png", ".csv", ".h5", ".keras"):
        assert any(place in hit for hit in hits), place
    assert result["torn"] == []  # each file that had its name was whole,
    assert result["unfinished"]  # though some kills came in the middle of a file
    assert result["ends"] == [[0, ""], [0, ""]]
    assert result["errors"] == ""  # no word of a damaged checkpoint
    run, alone = Run(tmp_path / "run"), Run(tmp_path / "alone")
    assert_same_runs(run, alone, result["steps"])
    reported = [row["step"] for row in untimed(run)]
    assert reported == [*range(2, result["steps"], 2), result["steps"]]  # no gap, no line twice
    assert not list(run.folder.rglob(TEMPORARY + "*"))


def small_disk(folder):
    """The beginning of a command line that runs the rest with a file system of 16 MB in `folder`; () if not allowed."""
    mounting = ("unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=16m none "$0" && exec "$@"', str(folder))
    try:
        return mounting if subprocess.run([*mounting, "true"], capture_output=True).returncode == 0 else ()
    except FileNotFoundError:
        return ()


@FORKS
@pytest.mark.timeout(900)
def test_a_full_disk_loses_nothing(faces_file, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    around = small_disk(disk)
    result = fragile_runs("full", faces_file, tmp_path, disk, around=around)
    full = {name: name for name in ("config.json", "metrics.csv")}
    full |= {"sheet": ".png", "checkpoint": ".h5", "generator": "generator.keras"}
    expected = (full if around else {}) | {"limit": ".h5"}
    assert [life["name"] for life in result["lives"]] == list(expected)
    for life in result["lives"]:
        reason = "File too large" if life["name"] == "limit" else "No space left on device"
        assert life["code"] == 1
        assert re.fullmatch(rf"animegan: {reason}: \S+{expected[life['name']]}\n", life["errors"]), life
        assert life["lost"] == [] and life["unfinished"] == []
    assert result["ends"] == [[0, ""], [0, ""]]
    assert_same_runs(Run(tmp_path / "run"), Run(tmp_path / "alone"), 8)


@FORKS
@pytest.mark.timeout(600)  # thirty processes pack or crop, each for a second
@pytest.mark.parametrize("command", ["pack", "crop"])
def test_a_command_that_is_killed_at_random_moments_leaves_the_earlier_output_whole(tmp_path, command):
    result = fragile_runs("killed", command, tmp_path, script="fragile_data.py")
    print("killed", result["hits"], result["states"])
    assert sum(count for place, count in result["hits"].items() if place not in ("starting", "done")) >= 20
    assert "torn" not in result["states"] and result["states"]["earlier"] >= 10
    assert result["left"]  # some kills came in the middle of a file,
    assert result["debris"] == []  # and the next run cleared it away
    assert result["end"][0] == 0 and result["same"]


@FORKS
@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", ["pack", "crop"])
def test_a_command_that_finds_the_disk_full_leaves_the_earlier_output_whole(tmp_path, command):
    disk = tmp_path / "disk"
    disk.mkdir()
    around = small_disk(disk)
    result = fragile_runs("full", command, tmp_path, disk, around=around, script="fragile_data.py")
    for life in result["lives"]:
        if life["code"] == 0:  # there was room enough
            break
        assert life["code"] == 1
        assert re.fullmatch(r"animegan: (No space left on device|File too large)(: \S+)?\n", life["errors"]), life
        assert life["same"] and life["debris"] == []
    assert result["lives"][0]["code"] == 1
    assert result["end"][0] == 0 and result["debris"] == [] and result["whole"]


def test_signals_save_and_end_the_command_cleanly(faces_file, tmp_path, capsys):
    words = ["train", str(faces_file), "--width", "4", "--batch", "16", "--report-images", "64", "--json"]
    shown = {"TQDM_DELAY": "0", "TQDM_MININTERVAL": "0", "PYTHONUNBUFFERED": "1"}  # the bar tells when steps are made
    runs = {
        number: subprocess.Popen(
            [sys.executable, "-m", "animegan", *words, "--out", str(tmp_path / number.name), "--images", "16000000"],
            cwd=ROOT,
            env=os.environ | shown,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    for number, process in runs.items():
        seen = ""
        while not re.search(r" [1-9]\d*/16000000 ", seen):
            seen += process.stderr.read(1) or pytest.fail(seen)
        process.send_signal(number)
    steps = {}
    for number, process in runs.items():
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stderr
        assert "Traceback" not in stderr
        result = json.loads(stdout)
        assert result["stopped"] == number.name
        run = Run(tmp_path / number.name)
        assert next(iter(run.checkpoints())) == result["steps"] == run.metrics()[-1]["step"]
        assert run.sample_path(result["steps"]).exists() and run.generator_path.exists()
        assert not list(run.folder.rglob(TEMPORARY + "*"))
        steps[number] = result["steps"]
    end = steps[signal.SIGTERM] + 3
    for name in ("SIGTERM", "alone"):
        assert main([*words, "--out", str(tmp_path / name), "--images", str(16 * end), "--resume"]) == 0
    assert_same_runs(Run(tmp_path / "SIGTERM"), Run(tmp_path / "alone"), end)
