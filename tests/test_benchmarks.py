"""The scripts in benchmarks/ at toy size: that they run, and what they say. How fast is not looked at."""

import dataclasses
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from animegan.faces.drawn import pack_drawn
from animegan.faces.packed import FaceSet
from animegan.gan.recipes import MODERN
from animegan.gan.training import train

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def modules(monkeypatch):
    """Function from a module's name to the module, out of benchmarks/."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def run(script, *words):
    process = subprocess.run([sys.executable, BENCHMARKS / script, *words], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def need(*names):
    for name in names:
        if not importlib.util.find_spec(name):
            pytest.skip(f"needs {name}: pip install {name}")


@pytest.mark.timeout(900)
def test_train_speed_compares_all_sides():
    need("tensorflow", "torch")
    rivals = ["pytorch", "tensorflow_tutorial", "train_on_batch"]
    settings = ["--size", "32", "--width", "4", "--batch", "4", "--steps", "2", "--rounds", "2"]
    result = run("train_speed.py", *settings, "--sides", *rivals, "product")
    for kind in ("second", "cpu_second"):
        assert set(result[f"pictures_a_{kind}"]) == {"animegan", *rivals}
        assert all(rate > 0 for rate in result[f"pictures_a_{kind}"].values())
        assert set(result[f"ratio_a_{kind}"]) == set(rivals)
        for name, ratios in result[f"all_ratios_a_{kind}"].items():
            assert len(ratios) == 2
            assert ratios[0] <= result[f"ratio_a_{kind}"][name] <= ratios[1]
    assert all(share > 0 for share in result["share_of_peak_a_second"].values())
    assert result["product"]["gflop_a_second"]["product"] > 0
    assert 0 < result["input_share_of_time"] < 1


@pytest.mark.timeout(900)
def test_gpu_speed_runs_without_a_gpu():
    need("jax", "torch")
    settings = ["--size", "32", "--width", "4", "--batch", "4", "--steps", "3", "--rounds", "2"]
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
    result = run("step_profile.py", "--size", "32", "--width", "24", "--batch", "4", "--steps", "2")
    assert sum(result["shares"].values()) == pytest.approx(1, abs=0.001)
    for kind in ("sums around the fewer products", "matrix products", "convolutions", "batch norm", "Adam"):
        assert result["shares"][kind] > 0, kind
    assert max(result["longest_ms"].values()) <= 1e3 * result["operations_seconds"]


@pytest.mark.timeout(600)
def test_learning_speed_measures_at_each_time(modules, monkeypatch, tmp_path, capsys):
    need("tensorflow")
    pack_drawn(tmp_path / "faces.h5", count=700, size=32, progress=False)
    learning_speed = modules("learning_speed")
    monkeypatch.setitem(learning_speed.RECIPES, "modern", dataclasses.replace(MODERN, width=4, batch=16))
    words = [str(tmp_path / "faces.h5"), "--out", str(tmp_path), "--recipes", "modern", "--minutes"]
    for minutes in (["0.05"], ["0.3", "0.05"]):
        monkeypatch.setattr(sys, "argv", ["learning_speed.py", *words, *minutes])
        learning_speed.main()
    points = json.loads((tmp_path / "learning_speed.json").read_text())["modern"]
    assert [point["minutes"] for point in points] == [0.05, 0.3]
    assert points == [json.loads(line)["modern"] for line in capsys.readouterr().out.splitlines()]
    assert 0 < points[0]["images"] < points[1]["images"]
    assert len(list((tmp_path / "sheets").iterdir())) == 2


@pytest.mark.timeout(600)
def test_transfer_measures_its_methods(modules, monkeypatch, tmp_path):
    need("tensorflow")
    faces = tmp_path / "faces.h5"
    pack_drawn(faces, count=1_200, size=32, progress=False)
    train(faces, tmp_path / "base", dataclasses.replace(MODERN, width=4, batch=16), images=16, progress=False)
    words = [
        tmp_path / "base",
        faces,
        "--tag",
        "blush=none",
        "--out",
        tmp_path / "out",
        "--pictures",
        "60",
        "--methods",
        "append",
    ]
    monkeypatch.setattr(sys, "argv", [str(word) for word in ("transfer.py", *words, "--images", "80")])
    modules("transfer").main()
    result = json.loads((tmp_path / "out" / "transfer.json").read_text())
    assert list(result["runs"]) == ["60 scratch", "60 append"]
    for run in result["runs"].values():
        assert run["early"] != run["end"]
        assert all(run[time]["frechet"] > result["floor"]["frechet"] for time in ("early", "end"))
    with FaceSet(tmp_path / "out" / "60.h5") as chosen, FaceSet(faces) as data:
        assert len(chosen) == 60
        assert set(chosen.digests()) <= set(data.digests()[data.split("blush=none")[0]])


def test_operations_are_counted_layer_by_layer(modules):
    from animegan.gan.engine import keras, layers

    operations = modules("operations")
    latents, pictures = keras.Input((5,)), keras.Input((8, 8, 3))
    small = layers.Reshape((4, 4, 6))(layers.Dense(4 * 4 * 6)(latents))
    generator = keras.Model(latents, layers.Conv2DTranspose(3, 4, strides=2, padding="same")(small))
    halved = layers.Conv2D(7, 4, strides=2, padding="same")(pictures)
    discriminator = keras.Model(pictures, layers.Dense(1)(layers.Flatten()(halved)))
    dense, transposed, convolution, judged = 5 * 4 * 4 * 6, 4 * 4 * (4 * 4 * 6 * 3), 4 * 4 * (4 * 4 * 3 * 7), 4 * 4 * 7
    assert list(operations.products_a_picture(generator).values()) == [dense, transposed]
    assert list(operations.products_a_picture(discriminator).values()) == [convolution, judged]
    forward = (dense + transposed) + 2 * (convolution + judged)
    weights = (dense + transposed) + 2 * (convolution + judged)
    inside = transposed + 2 * judged + (convolution + judged)
    assert operations.gflop_a_picture(generator, discriminator) == pytest.approx(2e-9 * (forward + weights + inside))


def test_the_combined_model_holds_the_discriminator(modules):
    rivals = modules("rivals")
    options = SimpleNamespace(size=32, width=4, batch=4, steps=1)
    keras, generator, discriminator = rivals._keras(options)
    weights = {"generator": generator.trainable_variables, "discriminator": discriminator.trainable_variables}
    combined, hold = rivals.combine(keras, generator, discriminator)
    pictures, latents = np.random.default_rng(0).normal(size=(4, 32, 32, 3)), np.zeros((4, rivals.LATENTS))
    latents[:, 0] = range(4)

    def moved_by(step):
        before = {name: [np.array(weight) for weight in each] for name, each in weights.items()}
        step()
        return {
            name
            for name, each in weights.items()
            if any(not np.array_equal(a, np.array(b)) for a, b in zip(before[name], each, strict=True))
        }

    for _ in range(2):
        hold(False)
        assert moved_by(lambda: discriminator.train_on_batch(pictures, np.ones((4, 1)))) == {"discriminator"}
        hold(True)
        assert moved_by(lambda: combined.train_on_batch(latents, np.ones((4, 1)))) == {"generator"}


def test_stream_compares_the_disk_with_memory():
    settings = ["--size", "32", "--width", "4", "--batch", "4", "--pictures", "60", "--steps", "3", "--rounds", "2"]
    result = run("stream.py", *settings)
    assert all(result["pictures_a_second"][name] > 0 for name in ("in_memory", "streamed"))
    assert result["ratios"][0] <= result["ratio"] <= result["ratios"][1]


def test_near_duplicates_are_counted():
    result = run("near_duplicates.py", "--count", "40", "--copies", "10", "--size", "32")
    assert (result["pictures"], result["copies"]) == (40, 10)
    assert 0 <= result["recall"] <= 1 and 0 <= result["false_drops_share"] <= 1 and result["seconds"] > 0


def test_shuffled_batches_compares_all_ways():
    need("tensorflow")
    result = run(
        "shuffled_batches.py", "--size", "32", "--pictures", "40", "--batch", "8", "--epochs", "2", "--rounds", "1"
    )
    assert set(result["pictures_a_second"]) == {"held", "streamed", "directory", "one_by_one"}
    assert all(rate > 0 for rate in result["pictures_a_second"].values())
    assert all(set(result[f"{side}_over"]) == {"directory", "one_by_one"} for side in ("held", "streamed"))


def test_crop_compares_workers():
    result = run("crop.py", "--scenes", "2", "--rounds", "1")
    assert result["scenes"] == 2 and result["faces"] > 0
    assert set(result["seconds"]) == {"1", "2"} and result["ratio"] > 0


@pytest.mark.timeout(600)
def test_explorer_speed_times_keys_and_drags(modules):
    if lacks := modules("lab").missing():
        pytest.skip(lacks)
    result = run("explorer_speed.py", "--presses", "4", "--drag", "0.5")
    assert 0 < result["generator_ms"]["one_face"]["median"] < result["generator_ms"]["strip_of_8"]["p90"]
    assert result["page"]["face_ms"]["n"] == result["page"]["strip_ms"]["n"] == 4
    assert result["page"]["drag"]["moves"] >= result["page"]["drag"]["pictures"] > 0
