import csv
import dataclasses
import json
import os
import signal
import threading
import time

import h5py
import numpy as np
import pytest

from animegan.faces.packed import FaceWriter
from animegan.files import InputError
from animegan.gan.batches import FaceBatches
from animegan.gan.recipes import Recipe
from animegan.gan.runs import COLUMNS, Run
from animegan.gan.sampling import sample
from animegan.gan.training import train

SMALL = Recipe(width=4, batch=16, latent_width=8)
SETTINGS = {"recipe": SMALL, "seed": 5, "report_images": 64, "progress": False}  # a report every 4 steps


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A packed file of 52 pictures, 50 of them to train on: 3 batches an epoch, and two left over."""
    path = tmp_path_factory.mktemp("data") / "faces.h5"
    pictures = np.random.default_rng(0).integers(0, 256, (52, 32, 32, 3), np.uint8)
    with FaceWriter(path, 32, {}) as writer:
        writer.add(pictures, [f"{i}.png" for i in range(52)], [{}] * 52)
    return path


@pytest.fixture(scope="module")
def whole(faces, tmp_path_factory):
    """A run of 10 steps in one go, and what it returned."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return train(faces, folder, images=160, **SETTINGS), Run(folder)


def state(run, step):
    with h5py.File(run.checkpoints()[step]) as file:
        return {name: file[name][()] for name in file}


def assert_same_runs(first, second, step):
    one, other = state(first, step), state(second, step)
    assert one.keys() == other.keys()
    assert [name for name in one if not np.array_equal(one[name], other[name])] == []
    untimed = [
        [{k: v for k, v in row.items() if "second" not in k} for row in run.metrics()] for run in (first, second)
    ]
    assert untimed[0] == untimed[1]
    names = [[path.name for path in run.samples()] for run in (first, second)]
    assert names[0] == names[1]
    for path in first.samples():
        assert path.read_bytes() == second.sample_path(int(path.stem[5:])).read_bytes()


def test_a_run_leaves_what_the_design_says(whole):
    result, run = whole
    assert result["images"] == 160
    assert result["stopped"] == "images"
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "checkpoint",
        "config.json",
        "generator.keras",
        "metrics.csv",
        "samples",
    ]
    assert [path.name for path in run.samples()] == [f"step_{step:08d}.png" for step in (0, 4, 8, 10)]
    with open(run.folder / "metrics.csv", newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS
    assert [row["step"] for row in run.metrics()] == [4, 8, 10]
    assert all(np.isfinite(list(row.values())).all() for row in run.metrics())
    assert run.config["recipe"]["width"] == 4
    assert json.loads((run.folder / "config.json").read_text())["data"]["pictures"] == 50


def test_a_resumed_run_is_the_run_left_alone(faces, whole, tmp_path):
    _, alone = whole
    train(faces, tmp_path / "run", images=96, **SETTINGS)  # stops between two reports, in the second epoch
    train(faces, tmp_path / "run", images=160, resume=True, **SETTINGS)
    assert_same_runs(alone, Run(tmp_path / "run"), 10)


def test_a_resumed_run_goes_on_from_the_checkpoint_before_a_damaged_one(faces, whole, tmp_path):
    _, alone = whole
    run_folder = tmp_path / "run"
    train(faces, run_folder, images=80, **SETTINGS)
    train(faces, run_folder, images=112, resume=True, **SETTINGS)
    newest = next(iter(Run(run_folder).checkpoints().values()))
    newest.write_bytes(newest.read_bytes()[:1000])
    train(faces, run_folder, images=160, resume=True, **SETTINGS)
    assert_same_runs(alone, Run(run_folder), 10)


def test_a_signal_saves_and_ends_the_run(faces, whole, tmp_path):
    _, alone = whole

    def interrupt(run):
        if run.metrics()[-1]["step"] == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    result = train(faces, tmp_path / "run", images=160, on_report=interrupt, **SETTINGS)
    assert result["stopped"] == "SIGTERM"
    assert result["steps"] < 10
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    train(faces, tmp_path / "run", images=160, resume=True, **SETTINGS)
    assert_same_runs(alone, Run(tmp_path / "run"), 10)


def test_averages_and_penalties_go_on_where_they_stopped(faces, tmp_path):
    changes = {"resize": True, "discriminator_norm": False, "loss": "relativistic", "penalty": 1.0, "average": 0.99}
    settings = SETTINGS | {"recipe": dataclasses.replace(SMALL, **changes)}
    train(faces, tmp_path / "whole", images=96, **settings)
    train(faces, tmp_path / "stopped", images=80, **settings)
    train(faces, tmp_path / "stopped", images=96, resume=True, **settings)
    whole, stopped = Run(tmp_path / "whole"), Run(tmp_path / "stopped")
    assert_same_runs(whole, stopped, 6)
    for one, other in zip(*(run.load_generator().get_weights() for run in (whole, stopped)), strict=True):
        assert np.array_equal(one, other)


def test_a_run_that_grows_goes_on_where_it_stopped(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), np.uint8)
    with FaceWriter(tmp_path / "faces.h5", 64, {}) as writer:
        writer.add(pictures, [f"{i}.png" for i in range(40)], [{}] * 40)
    changes = {"resize": True, "discriminator_norm": False, "augment": True, "average": 0.99, "grow": 48}
    settings = SETTINGS | {"recipe": dataclasses.replace(SMALL, **changes)}
    train(tmp_path / "faces.h5", tmp_path / "whole", images=80, **settings)
    train(tmp_path / "faces.h5", tmp_path / "stopped", images=32, **settings)
    train(tmp_path / "faces.h5", tmp_path / "stopped", images=80, resume=True, **settings)
    whole, stopped = Run(tmp_path / "whole"), Run(tmp_path / "stopped")
    assert_same_runs(whole, stopped, 5)
    assert whole.load_generator().output_shape == (None, 64, 64, 3)


def test_minutes_end_a_run(faces, tmp_path, capsys):
    started = time.monotonic()
    result = train(faces, tmp_path / "run", minutes=0.001, **SETTINGS | {"progress": True})
    assert result["stopped"] == "minutes"
    assert result["steps"] >= 1
    assert time.monotonic() - started < 120
    assert list(Run(tmp_path / "run").checkpoints()) == [result["steps"]]
    assert "0:00 left" in capsys.readouterr().err


def test_training_works_beside_the_main_thread(faces, tmp_path):
    results = []
    worker = threading.Thread(target=lambda: results.append(train(faces, tmp_path / "run", images=16, **SETTINGS)))
    worker.start()
    worker.join()
    assert results[0]["steps"] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 6}, "seed 6 instead of 5"),
        ({"recipe": Recipe(width=8, batch=16, latent_width=8)}, "width 8 instead of 4"),
        ({"report_images": 32}, "report_images 32 instead of 64"),
    ],
)
def test_resume_with_other_settings_is_refused(faces, whole, changes, words):
    _, run = whole
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    with pytest.raises(InputError, match=words):
        train(faces, run.folder, images=320, resume=True, **SETTINGS | changes)
    assert before == {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}


def test_resume_with_other_pictures_is_refused(whole, tmp_path):
    with FaceWriter(tmp_path / "other.h5", 32, {}) as writer:
        writer.add(np.random.default_rng(1).integers(0, 256, (50, 32, 32, 3), np.uint8), ["x"] * 50, [{}] * 50)
    with pytest.raises(InputError, match="data's sha256"):
        train(tmp_path / "other.h5", whole[1].folder, images=320, resume=True, **SETTINGS)


def test_a_run_is_not_overwritten(faces, whole):
    with pytest.raises(InputError, match="--resume goes on"):
        train(faces, whole[1].folder, images=16, **SETTINGS)


def test_fewer_pictures_than_a_batch_are_refused(faces, tmp_path):
    with pytest.raises(
        InputError, match=r"at least a batch of 64 pictures to train on\. Received: 50, after 2 were held out"
    ):
        train(faces, tmp_path / "run", Recipe(width=4), progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["images", "minutes", "report_images"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_nothing_to_do_is_refused(faces, tmp_path, name, value):
    with pytest.raises(InputError, match=f"{name} must be more than 0. Received: {value}"):
        train(faces, tmp_path / "run", **{name: value})
    assert not (tmp_path / "run").exists()


def test_an_empty_batch_is_refused(faces, tmp_path):
    with pytest.raises(InputError, match="batch must be more than 0"):
        train(faces, tmp_path / "run", Recipe(batch=0))


def test_batches_pass_over_the_data_in_an_order_of_seed_and_epoch():
    pictures = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1)
    batches = FaceBatches(pictures, 16, seed=1, last_step=6)
    epochs = [np.concatenate([batches[i][0].ravel() for i in range(start, start + 3)]) for start in (0, 3)]
    assert all(len(set(epoch.tolist())) == 48 for epoch in epochs)
    assert not np.array_equal(*epochs)
    later = FaceBatches(pictures, 16, seed=1, first_step=4, last_step=6)
    assert len(later) == 2
    assert np.array_equal(later[0][0], batches[4][0])


def test_sample_writes_a_sheet_or_a_packed_file(whole, tmp_path):
    from animegan.faces.packed import FaceSet
    from animegan.pictures import decode

    _, run = whole
    sample(run.folder, tmp_path / "grid.png", count=7, seed=1)
    assert decode((tmp_path / "grid.png").read_bytes()).shape == (36, 2 + 7 * 34, 3)
    sample(run.folder, tmp_path / "samples.h5", count=70, seed=1)
    with FaceSet(tmp_path / "samples.h5") as faces:
        assert len(faces) == 70


def test_samples_follow_the_seed(whole, tmp_path, monkeypatch):
    """With a stand-in that paints a latent's first number, since ten steps teach a generator next to nothing."""

    def paint(generator, latents):
        return np.tile(np.abs(40 * latents[:, :1, None, None]).astype(np.uint8), (1, 32, 32, 3))

    monkeypatch.setattr("animegan.gan.sampling.generate", paint)
    sheets = []
    for number, seed in enumerate((1, 1, 2)):
        sample(whole[1].folder, tmp_path / f"{number}.png", count=4, seed=seed)
        sheets.append((tmp_path / f"{number}.png").read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]


def test_a_generator_that_wants_to_run_code_is_refused(whole, tmp_path):
    from animegan.gan.engine import keras

    (tmp_path / "config.json").write_text((whole[1].folder / "config.json").read_text())
    inputs = keras.Input((8,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x)(inputs)).save(tmp_path / "generator.keras")
    with pytest.raises(InputError, match=r"must hold a readable generator\.keras"):
        Run(tmp_path).load_generator()
