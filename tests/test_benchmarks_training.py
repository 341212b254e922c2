"""The scripts in benchmarks/ that train, at toy size: that they run, and what they say."""

import dataclasses
import json
import sys

import pytest
from scripts import need, run

from animegan.faces.drawn import pack_drawn
from animegan.faces.packed import FaceSet
from animegan.gan.recipes import MODERN
from animegan.gan.training import train
from animegan.pictures import decode


@pytest.mark.timeout(900)
def test_gpu_speed_runs_without_a_gpu(monkeypatch):
    need("jax", "torch")
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")  # most of its time is compiling
    settings = ["--size", "32", "--width", "4", "--batch", "4", "--steps", "2", "--rounds", "2"]
    result = run("gpu_speed.py", *settings, "--pictures", "24", "--epochs", "1")
    assert result["facts"]["animegan"]["device"].startswith("JAX")
    assert all(rate > 0 for rate in result["pictures_a_second"].values())
    assert result["ratio_a_second"]["pytorch"] > 0
    assert result["animegan_share_of_peak"] > 0
    assert result["epochs_seconds"] >= result["epochs_seconds_by_rate"] > 0


def test_start_up_names_its_parts():
    need("tensorflow")
    result = run("start_up.py", "--size", "32", "--width", "4", "--batch", "4", "--processes", "1")
    parts = sum(result[name] for name in ("imports", "networks", "first_sheet", "first_step"))
    assert parts == pytest.approx(result["seconds"], abs=0.05)
    assert result["all_seconds"] == [pytest.approx(result["seconds"], abs=0.01)]


def test_step_profile_shares_add_up():
    need("tensorflow")
    result = run("step_profile.py", *["--size", "32", "--width", "24", "--set", "batch=4", "--steps", "2"])
    assert result["batch"] == 4
    assert sum(result["shares"].values()) == pytest.approx(1, abs=0.001)
    for kind in ("sums around the fewer products", "matrix products", "convolutions", "batch norm", "Adam"):
        assert result["shares"][kind] > 0, kind
    assert max(result["longest_ms"].values()) <= 1e3 * result["operations_seconds"]


@pytest.mark.timeout(600)
def test_learning_speed_measures_at_each_time(modules, monkeypatch, tmp_path, capsys):
    need("tensorflow")
    pack_drawn(tmp_path / "faces.h5", count=700, size=32, progress=False)
    learning_speed = modules("learning_speed")
    monkeypatch.setitem(learning_speed.KNOWN, "modern", dataclasses.replace(MODERN, width=4, batch=16))
    folders = ["--out", str(tmp_path / "figures"), "--runs", str(tmp_path / "runs")]
    words = [str(tmp_path / "faces.h5"), *folders, "--recipes", "modern", "--minutes"]
    for minutes in (["0.03"], ["0.08", "0.03"]):
        monkeypatch.setattr(sys, "argv", ["learning_speed.py", *words, *minutes])
        learning_speed.main()
    points = json.loads((tmp_path / "figures" / "learning_speed.json").read_text())["modern"]
    assert [point["minutes"] for point in points] == [0.03, 0.08]
    assert points == [json.loads(line)["modern"] for line in capsys.readouterr().out.splitlines()]
    assert 0 < points[0]["images"] < points[1]["images"]
    assert len(list((tmp_path / "runs" / "sheets").iterdir())) == 2
    assert decode((tmp_path / "figures" / "faces" / "modern.webp").read_bytes()).shape == (32 + 4, 10 * (32 + 2) + 2, 3)
    (tmp_path / "figures" / "learning_speed.json").unlink()
    monkeypatch.setattr(sys, "argv", ["learning_speed.py", *words, "0.08"])
    learning_speed.main()  # as after a kill between training and the figures
    assert json.loads(capsys.readouterr().out)["modern"] == points[1]
    (tmp_path / "figures" / "learning_speed.json").unlink()
    monkeypatch.setattr(sys, "argv", ["learning_speed.py", *words, "0.03"])
    with pytest.raises(SystemExit, match=r"must have had 0\.03 minutes or fewer\. Received: 0\.08$"):
        learning_speed.main()


@pytest.mark.timeout(600)
def test_the_ladder_is_climbed_once(modules, monkeypatch, tmp_path, capsys):
    need("tensorflow")
    faces, out = tmp_path / "faces.h5", tmp_path / "out"
    pack_drawn(faces, count=700, size=32, progress=False)
    ladder = modules("ladder")
    monkeypatch.setattr(ladder, "RUNGS", (("low", None, {"width": 4, "batch": 16}), ("high", "low", {"average": 0.9})))
    words = ["ladder.py", str(faces), "--out", str(out), "--minutes", "0.05", "--seeds"]
    for more in (["1", "--only", "high"], ["1"], ["2", "--only", "low"]):  # what is there already is not run again
        monkeypatch.setattr(sys, "argv", [*words, *more])
        ladder.main()
    high, low, again = map(json.loads, capsys.readouterr().out.splitlines())
    assert (again["low"]["seed"], again["low"]["images"] > 0) == (1, True)
    kept = json.loads((out / "ladder.json").read_text())
    assert list(kept) == ["low", "high"]
    assert kept["low"]["runs"] == [low["low"], again["low"]]
    assert kept["high"]["runs"] == [high["high"]]
    assert kept["high"]["on"] == "low"
    assert decode((out / "faces" / "high.webp").read_bytes()).shape == (32 + 4, 10 * (32 + 2) + 2, 3)
    for rung in kept.values():  # figures from before a recipe had this setting are those of its default
        del rung["recipe"]["spectral"]
    (out / "ladder.json").write_text(json.dumps(kept))
    monkeypatch.setattr(sys, "argv", [*words, "1"])
    ladder.main()
    assert not capsys.readouterr().out
    monkeypatch.setattr(ladder, "RUNGS", (("low", None, {"width": 8, "batch": 16}),))
    with pytest.raises(SystemExit, match=r"low must have been trained with .*width=8"):
        ladder.main()


@pytest.mark.timeout(600)
def test_transfer_measures_its_methods(modules, monkeypatch, tmp_path):
    need("tensorflow")
    faces = tmp_path / "faces.h5"
    pack_drawn(faces, count=1_200, size=32, progress=False)
    train(faces, tmp_path / "base", dataclasses.replace(MODERN, width=4, batch=16), images=16, progress=False)
    folders = [tmp_path / "base", faces, "--out", tmp_path / "out", "--runs", tmp_path / "runs"]
    settings = ["--tag", "blush=none", "--pictures", "60", "--methods", "append", "--images", "80"]
    monkeypatch.setattr(sys, "argv", list(map(str, ("transfer.py", *folders, *settings))))
    modules("transfer").main()
    result = json.loads((tmp_path / "out" / "transfer.json").read_text())
    assert list(result["runs"]) == ["60 scratch", "60 append"]
    for found in result["runs"].values():
        assert found["early"] != found["end"]
        assert all(found[time]["frechet"] > result["floor"]["frechet"] for time in ("early", "end"))
    with FaceSet(tmp_path / "runs" / "60.h5") as chosen, FaceSet(faces) as data:
        assert len(chosen) == 60
        assert set(chosen.digests()) <= set(data.digests()[data.split("blush=none")[0]])
    for folder in ("out", "runs"):  # another tag's figures are not taken for this one's, wherever they lie
        words = [str(word) if word != tmp_path / folder else str(tmp_path / "new") for word in folders]
        monkeypatch.setattr(sys, "argv", ["transfer.py", *words, "--tag", "blush=light"])
        with pytest.raises(SystemExit, match=r"tags \['blush=light'\] instead of \['blush=none'\]"):
            modules("transfer").main()


def test_stream_compares_the_disk_with_memory():
    settings = ["--size", "32", "--width", "4", "--batch", "4", "--pictures", "60", "--steps", "3", "--rounds", "2"]
    result = run("stream.py", *settings)
    assert all(result["pictures_a_second"][name] > 0 for name in ("in_memory", "streamed"))
    assert result["ratios"][0] <= result["ratio"] <= result["ratios"][1]
