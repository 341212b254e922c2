import csv
import dataclasses
import json
import os
import random
import shutil
import signal
import threading
import time

import h5py
import numpy as np
import pytest
from same_runs import assert_same_runs, due_after, state

from animegan.faces.packed import FaceWriter
from animegan.files import InputError
from animegan.gan import checkpoints, keeper
from animegan.gan.batches import FaceBatches
from animegan.gan.engine import keras
from animegan.gan.keeper import RunKeeper
from animegan.gan.recipes import RETIRED, Recipe
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


def test_two_cannot_train_one_run(whole, faces):
    pytest.importorskip("fcntl")
    _, run = whole
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    with run.locked(), pytest.raises(InputError, match=r"one process at a time\. Received: .*being trained"):
        train(faces, run.folder, images=320, resume=True, **SETTINGS)
    assert before == {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    with run.locked():  # free again
        run.set_goal(run.config["images"] + 16)  # config.json is another file now
        with pytest.raises(InputError, match="one process at a time"), Run(run.folder).locked():
            pass
    run.set_goal(run.config["images"] - 16)


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


def test_a_resumed_run_goes_on_to_what_it_was_last_told(faces, tmp_path, monkeypatch):
    train(faces, tmp_path / "run", images=32, **SETTINGS)
    end_of_step = RunKeeper.on_train_batch_end

    def stop(self, batch, logs=None):
        self.reason = "SIGTERM"
        end_of_step(self, batch, logs)

    with monkeypatch.context() as patch:
        patch.setattr(RunKeeper, "on_train_batch_end", stop)
        assert train(faces, tmp_path / "run", images=80, resume=True, **SETTINGS)["images"] == 48
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
    assert train(faces, tmp_path / "run", resume=True, **SETTINGS)["images"] == 80
    assert train(faces, tmp_path / "run", minutes=1e-9, resume=True, **SETTINGS)["images"] == 96
    assert Run(tmp_path / "run").config["images"] == 80  # minutes are no goal


def cut(data):
    return data[:1000]


def flip_a_bit(data):
    """In the middle, among the weights: HDF5 would read it as another number."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


@pytest.fixture(scope="module")
def stopped(faces, tmp_path_factory):
    """A run of 7 steps in two goes, with checkpoints at 5 and 7."""
    folder = tmp_path_factory.mktemp("runs") / "stopped"
    for images in (80, 112):
        train(faces, folder, images=images, resume=True, **SETTINGS)
    return Run(folder)


@pytest.mark.parametrize("damage", [cut, flip_a_bit])
def test_a_resumed_run_goes_on_from_the_checkpoint_before_a_damaged_one(
    faces, whole, stopped, tmp_path, capsys, damage
):
    _, alone = whole
    run = copy_of(stopped, tmp_path)
    newest = next(iter(run.checkpoints().values()))
    newest.write_bytes(damage(newest.read_bytes()))
    assert capsys.readouterr().err == ""
    train(faces, run.folder, images=160, resume=True, **SETTINGS)
    said = capsys.readouterr().err
    assert said == (
        f"animegan: damaged checkpoints in {run.folder} (step_00000007.h5: its checksum does not match); "
        "going on from step 5, that of step_00000005.h5\n"
    )
    assert_same_runs(alone, run, 10)
    assert list(run.checkpoints()) == [10, 5]  # the damaged one counts for none of the two that are kept


def test_a_run_without_a_whole_checkpoint_is_refused(faces, whole, tmp_path):
    run = copy_of(whole[1], tmp_path)
    for path in run.checkpoints().values():
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"readable checkpoint\. .*step_00000010\.h5: its checksum does not match"):
        train(faces, run.folder, images=320, resume=True, **SETTINGS)


def test_a_worker_whose_folder_is_thrown_away_names_another_one(whole, tmp_path):
    _, alone = whole
    run = copy_of(alone, tmp_path)
    run.name = "the first worker's run"
    for path in run.checkpoints().values():
        path.write_bytes(b"")
    run.generator_path.write_bytes(b"")
    for use in (run.restore, lambda _: run.load_generator(), lambda _: run.load_discriminator()):
        with pytest.raises(InputError, match="Received: the first worker's run") as caught:
            use(None)
        assert str(tmp_path) not in str(caught.value)


def copy_of(run, folder):
    return Run(shutil.copytree(run.folder, folder / "copy"))


def test_a_checkpoint_notices_each_flipped_bit(whole):
    (path,) = whole[1].checkpoints().values()
    data = path.read_bytes()
    checkpoints.unpack(data)
    used = [*range(64), *range(checkpoints.BLOCK, len(data))]  # between them lies nothing
    for place in [*used[:80], *random.Random(0).sample(used, 100), used[-1]]:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        with pytest.raises(ValueError, match="checksum"):
            checkpoints.unpack(bytes(changed))


def test_a_checkpoint_from_before_the_checksums_is_read(whole, tmp_path):
    (path,) = whole[1].checkpoints().values()
    seconds, values = checkpoints.unpack(path.read_bytes())
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["seconds"] = seconds
        for index, value in enumerate(values):
            file[f"{index:04d}"] = value
    read_seconds, read = checkpoints.unpack((tmp_path / "old.h5").read_bytes())
    assert read_seconds == seconds
    assert all(np.array_equal(one, other) for one, other in zip(values, read, strict=True))


@pytest.mark.parametrize("minutes", [None, 5])
def test_resuming_a_run_at_its_end_changes_nothing(faces, whole, tmp_path, minutes):
    result, alone = whole
    run = copy_of(alone, tmp_path)
    metrics, written = (run.folder / "metrics.csv").read_bytes(), run.checkpoints()[10].stat().st_mtime_ns
    again = train(faces, run.folder, images=160, minutes=minutes, resume=True, **SETTINGS)
    assert run.checkpoints()[10].stat().st_mtime_ns == written
    assert (again["images"], again["stopped"]) == (160, "images")
    assert again["generator_loss"] == result["generator_loss"]
    assert (run.folder / "metrics.csv").read_bytes() == metrics
    assert_same_runs(alone, run, 10)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_what_a_kill_after_the_last_checkpoint_left_undone_is_made_up_for(faces, whole, tmp_path, lost):
    """The order at the end is checkpoint, generator, sheet, row; a kill loses the last so many of them."""
    _, alone = whole
    run = copy_of(alone, tmp_path)
    run.write_metrics(run.metrics()[:-1])
    if lost >= 2:
        run.sample_path(10).unlink()
    if lost >= 3:
        run.generator_path.unlink()
    train(faces, run.folder, images=160, resume=True, **SETTINGS)
    assert_same_runs(alone, run, 10)


@pytest.fixture
def poison(monkeypatch):
    """Function that makes the weights of a network's first layer another number, once, after a step."""
    end_of_step = RunKeeper.on_train_batch_end

    def poison_after(step, network, value):
        def on_train_batch_end(self, batch, logs=None):
            if self.step == step - 1:
                weight = getattr(self.model, network).trainable_variables[0]
                weight.assign(np.full(weight.shape, value))
            end_of_step(self, batch, logs)

        monkeypatch.setattr(RunKeeper, "on_train_batch_end", on_train_batch_end)

    return poison_after


@pytest.mark.parametrize(
    ("step", "network", "value", "noticed"),
    [
        (6, "discriminator", np.nan, "7"),  # by the next loss
        (6, "generator", np.inf, "[78]"),  # a ReLU can make 0 of what is no number; then by the next report
        (8, "discriminator", np.nan, "8"),  # a report is due and a checkpoint: neither state nor generator is saved
        (8, "generator", np.nan, "8"),
    ],
)
def test_numbers_that_are_none_end_a_run_and_the_last_good_state_stays(
    faces, tmp_path, monkeypatch, poison, step, network, value, noticed
):
    monkeypatch.setattr(RunKeeper, "report", due_after(RunKeeper.report))
    poison(step, network, value)
    words = rf"must stay finite\. Received: .* (nan|inf) at step {noticed}; .*run holds step 4, from which --resume"
    with pytest.raises(FloatingPointError, match=words):
        train(faces, tmp_path / "run", images=160, **SETTINGS)
    run = Run(tmp_path / "run")
    assert list(run.checkpoints()) == [4]
    assert all(np.isfinite(value).all() for value in state(run, 4).values())
    assert all(np.isfinite(weight).all() for weight in run.load_generator().get_weights())
    assert all(np.isfinite(list(row.values())).all() for row in run.metrics())
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_run_that_came_to_no_numbers_goes_on_from_its_last_good_state(
    faces, whole, stopped, tmp_path, monkeypatch, poison
):
    run = copy_of(stopped, tmp_path)
    poison(9, "discriminator", np.nan)
    with pytest.raises(FloatingPointError, match=r"at step 10; .* holds step 7"):
        train(faces, run.folder, images=320, resume=True, **SETTINGS)
    monkeypatch.undo()
    train(faces, run.folder, images=160, resume=True, **SETTINGS)
    assert_same_runs(whole[1], run, 10)


def test_a_run_that_diverges_stops_at_once(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(RunKeeper, "report", due_after(RunKeeper.report))
    settings = SETTINGS | {"recipe": dataclasses.replace(SMALL, learning_rate=1e30)}
    with pytest.raises(FloatingPointError, match=r"_loss nan at step [23]; .*holds no checkpoint yet\. A new run with"):
        train(faces, tmp_path / "run", images=1600, **settings)
    run = Run(tmp_path / "run")
    assert not run.checkpoints() and not run.generator_path.exists() and not run.metrics()


def test_what_an_error_came_from_is_told(faces, tmp_path):
    def fail(_):
        raise RuntimeError("the engine stopped") from KeyError("why")

    keras.config.disable_traceback_filtering()  # else Keras itself leaves it out
    try:
        with pytest.raises(RuntimeError, match="the engine stopped") as caught:
            train(faces, tmp_path / "run", images=16, on_report=fail, **SETTINGS | {"report_images": 16})
    finally:
        keras.config.enable_traceback_filtering()
    assert isinstance(caught.value.__cause__, KeyError)


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


def test_checkpoints_between_reports_change_nothing_and_are_gone_on_from(faces, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "CHECKPOINT_SECONDS", -1)
    end_of_step = RunKeeper.on_train_batch_end

    def end(self, batch, logs=None):
        end_of_step(self, batch, logs)
        if self.step == 7:
            raise OSError("as if the disk were full")

    monkeypatch.setattr(RunKeeper, "on_train_batch_end", end)
    with pytest.raises(OSError, match="as if"):
        train(faces, tmp_path / "run", images=160, **SETTINGS)
    assert list(Run(tmp_path / "run").checkpoints()) == [7, 6]
    monkeypatch.setattr(RunKeeper, "on_train_batch_end", end_of_step)
    train(faces, tmp_path / "run", resume=True, **SETTINGS)  # to the 160 pictures that it was begun with
    assert_same_runs(whole[1], Run(tmp_path / "run"), 10)


def test_averages_and_penalties_go_on_where_they_stopped(faces, tmp_path):
    changes = {"resize": True, "discriminator_norm": False, "loss": "relativistic", "penalty": 1.0, "average": 0.99}
    changes["decay"] = 160
    settings = SETTINGS | {"recipe": dataclasses.replace(SMALL, **changes)}
    train(faces, tmp_path / "whole", images=96, **settings)
    train(faces, tmp_path / "stopped", images=80, **settings)
    train(faces, tmp_path / "stopped", images=96, resume=True, **settings)
    assert_same_runs(Run(tmp_path / "whole"), Run(tmp_path / "stopped"), 6)


def test_minutes_end_a_run(faces, tmp_path, capsys):
    started = time.monotonic()
    result = train(faces, tmp_path / "run", minutes=0.001, **SETTINGS | {"progress": True})
    assert result["stopped"] == "minutes"
    assert result["steps"] >= 1
    assert time.monotonic() - started < 120
    assert list(Run(tmp_path / "run").checkpoints()) == [result["steps"], 0]
    assert "0:00 left" in capsys.readouterr().err


@pytest.mark.parametrize("minutes", [0.4, 1.1])  # the first ends before a checkpoint would be due
@pytest.mark.parametrize(
    ("step", "report", "save"),
    [(9.0, 0.0, 0.0), (0.5, 7.0, 0.1), (0.5, 0.1, 7.0), (2.0, 3.0, 4.0)],
)
def test_minutes_are_kept_whatever_is_slow(faces, tmp_path, monkeypatch, step, report, save, minutes):
    """By a clock that knows only what takes long: seconds of a step, of a report and of a checkpoint."""
    now = 1000.0

    def let_pass(seconds):
        nonlocal now
        now += seconds

    def slow_step(self, batch, logs=None):
        let_pass(step)
        end_of_step(self, batch, logs)

    def slow_save(self, generator):
        let_pass(save)
        save_generator(self, generator)

    end_of_step, save_generator = RunKeeper.on_train_batch_end, Run.save_generator
    monkeypatch.setattr(RunKeeper, "on_train_batch_end", slow_step)
    monkeypatch.setattr(Run, "save_generator", slow_save)
    result = train(
        faces, tmp_path / "run", minutes=minutes, on_report=lambda _: let_pass(report), clock=lambda: now, **SETTINGS
    )
    assert result["stopped"] == "minutes"
    assert abs(result["seconds"] - 60 * minutes) <= 5
    assert Run(tmp_path / "run").metrics()[-1]["step"] == result["steps"]


def test_a_resumed_run_takes_no_compiling_for_a_report(faces, tmp_path, monkeypatch):
    settings = SETTINGS | {"report_images": 10_000}
    train(faces, tmp_path / "run", images=16, **settings)
    now, lengths, make, end_of_step = 1000.0, [30.0], keeper.generate, RunKeeper.on_train_batch_end

    def slow_at_first(*arguments):
        nonlocal now
        now += lengths.pop() if lengths else 0.0
        return make(*arguments)

    def slow_step(self, batch, logs=None):
        nonlocal now
        now += 2.0
        end_of_step(self, batch, logs)

    monkeypatch.setattr(keeper, "generate", slow_at_first)
    monkeypatch.setattr(RunKeeper, "on_train_batch_end", slow_step)
    result = train(faces, tmp_path / "run", minutes=1, resume=True, clock=lambda: now, **settings)
    assert result["stopped"] == "minutes" and not lengths
    assert abs(now - 1060) <= 5


def test_minutes_are_kept_by_the_clock_on_the_wall(faces, tmp_path):
    """From the first step's preparation to the end, with a report in between that takes a second."""
    times = []

    def clock():
        times.append(time.monotonic())
        return times[-1]

    train(faces, tmp_path / "run", minutes=0.2, on_report=lambda _: time.sleep(1), clock=clock, **SETTINGS)
    assert abs(time.monotonic() - times[0] - 12) <= 5


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


def test_a_run_begun_before_settings_came_and_went_goes_on(faces, stopped, tmp_path):
    run = Run(shutil.copytree(stopped.folder, tmp_path / "run"))
    config = json.loads((run.folder / "config.json").read_text())
    del config["recipe"]["decay"]
    config["recipe"] |= RETIRED
    (run.folder / "config.json").write_text(json.dumps(config))
    assert train(faces, run.folder, images=160, resume=True, **SETTINGS)["images"] == 160


def test_resume_with_other_pictures_is_refused(whole, tmp_path):
    with FaceWriter(tmp_path / "other.h5", 32, {}) as writer:
        writer.add(np.random.default_rng(1).integers(0, 256, (50, 32, 32, 3), np.uint8), ["x"] * 50, [{}] * 50)
    with pytest.raises(InputError, match="data's sha256"):
        train(tmp_path / "other.h5", whole[1].folder, images=320, resume=True, **SETTINGS)


def test_a_run_is_not_overwritten(faces, whole):
    with pytest.raises(InputError, match="--resume goes on"):
        train(faces, whole[1].folder, images=16, **SETTINGS)


def test_checkpoints_without_their_run_are_not_gone_on_from(faces, stopped, tmp_path):
    run = copy_of(stopped, tmp_path)
    (run.folder / "config.json").unlink()
    for resume in (False, True):
        with pytest.raises(InputError, match=r"folder without checkpoints\. Received: .*copy, with step_0000000[57]"):
            train(faces, run.folder, images=160, resume=resume, **SETTINGS)
    assert len(run.checkpoints()) == 2


def test_fewer_pictures_than_a_batch_are_refused(faces, tmp_path):
    with pytest.raises(
        InputError, match=r"at least a batch of 64 pictures to train on\. Received: 50, after 2 were held out"
    ):
        train(faces, tmp_path / "run", Recipe(width=4), progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["images", "minutes", "report_images", "memory"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_nothing_to_do_is_refused(faces, tmp_path, name, value):
    with pytest.raises(InputError, match=f"{name} must be more than 0. Received: {value}"):
        train(faces, tmp_path / "run", **{name: value})
    assert not (tmp_path / "run").exists()


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
