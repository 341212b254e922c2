"""One package on three engines: equal weights give equal losses and gradients, and any engine opens any other's files.

An engine is chosen before Keras is imported, so each has one process of its own, which all tests here share.
"""

import contextlib
import dataclasses
import importlib.util
import io
import itertools
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from same_runs import assert_same_runs, state

from animegan.cli import main
from animegan.gan.recipes import CLASSIC, MODERN, Recipe
from animegan.gan.runs import Run
from animegan.gan.training import train
from animegan.pictures import decode

ROOT = Path(__file__).parents[1]
ENGINES = ("tensorflow", "jax", "torch")
RECIPES = {
    "classic": dataclasses.replace(CLASSIC, width=4, batch=16),
    "modern": dataclasses.replace(  # every setting beyond classic
        MODERN,
        width=4,
        batch=16,
        loss="relativistic",
        penalty=1.0,
        average=0.9,
        augment=True,
        noise=0.05,
        decay=64,
        rare=0.25,
        fine_width=6,
        full_width=5,
        deep=True,
        discriminator_deep=True,
    ),
}
SETTINGS = {"seed": 0, "report_images": 32, "progress": False}  # a report every second step
WHOLE, STOPPED = 6, 4  # steps of a run, and of one that stops early
WORDS = f"--width 4 --batch 16 --report-images 32 --images {16 * WHOLE} --json".split()  # the same, for the command
TOLERANCE = 1e-4  # of a gradient, in parts of the largest one of its weight
ROUND_OFF = 5e-6  # of the largest gradient of all: relativistic losses cannot move the last bias, which gets only this


# --- what runs in an engine's process


def enter(environment):
    """Choose the engine, in a new process."""
    assert "keras" not in sys.modules
    os.environ.update(environment)


def built(recipe):
    from animegan.gan.dcgan import build_dcgan

    model = build_dcgan(32, recipe)
    model.optimizer.build(model.trainable_variables)
    return model


def arrays(variables):
    from animegan.gan.engine import ops

    return [ops.convert_to_numpy(variable.value) for variable in variables]


def write_weights(folder, recipe):
    """A run without a step, with weights that are all different, biases and scales among them."""
    model, numbers = built(recipe), np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(weight + 0.02 * numbers.standard_normal(weight.shape, np.float32))
    pictures = numbers.uniform(-1, 1, (4, 32, 32, 3)).astype("float32")
    for _ in range(100):  # as in a run that goes on: spectral norms have been found
        model.discriminator(pictures, training=True)
    run = Run.create(folder, {"recipe": dataclasses.asdict(recipe)})
    run.save_checkpoint(model, 0, 0.0)


def one_step(folder, recipe):
    """One step of `fit` from a run's weights on pictures that the model holds, with random numbers from NumPy.

    Args:
        folder: of the run.
        recipe: its recipe.

    Returns:
        dict: "losses" {name: float}; "gradients", of all weights of both players, and "statistics", lists of arrays.
    """
    from animegan.gan.engine import keras, ops

    model = built(recipe)
    Run(folder).restore(model)
    pictures = np.random.default_rng(1).integers(0, 256, (40, 32, 32, 3), np.uint8)
    model.hold(pictures)
    # Compiled where that is what the engine is made for. TensorFlow's graph would not tell the shapes asked for.
    model.run_eagerly = keras.backend.backend() == "tensorflow"

    def draw(kind):
        def numbers(shape, *bounds, **settings):
            shape = [int(number) for number in shape]
            drawn = getattr(np.random.default_rng(shape), kind)(*bounds, size=shape)
            return ops.convert_to_tensor(drawn.astype("float32"))

        return numbers

    with mock.patch.multiple(keras.random, normal=draw("standard_normal"), uniform=draw("uniform")):
        rows = np.random.default_rng(2).permutation(40).astype("int32")[: recipe.batch]
        history = model.fit(rows, batch_size=recipe.batch, verbose=0, shuffle=False).history
    # Adam's momentum after its first step is the gradient, times 1 - β₁.
    momentums = [variable for variable in model.optimizer.variables if variable.path.endswith("_momentum")]
    assert len(momentums) == len(model.trainable_variables)
    return {
        "losses": {name: value for name, (value,) in history.items()},
        "gradients": [array / (1 - recipe.beta_1) for array in arrays(momentums)],
        "statistics": arrays([*model.generator.non_trainable_variables, *model.discriminator.non_trainable_variables]),
    }


def train_and_save(*arguments, **settings):
    """Train, with a checkpoint after each step, also between two reports."""
    with mock.patch("animegan.gan.keeper.CHECKPOINT_SECONDS", -1):
        train(*arguments, **settings)


def restored(folder):
    """All that a run's newest checkpoint puts into a new model, in the order of the checkpoint."""
    from animegan.gan.runs import _state

    run = Run(folder)
    model = built(Recipe.read(run.config["recipe"]))
    run.restore(model)
    return arrays(_state(model))


def enlarged(folder, faces, out):
    """Continue a run with larger networks.

    Returns:
        (pictures of the run's last weights, the same of the larger networks before they learn, how many of the weights
        have then learned, of how many).
    """
    from animegan.gan.engine import ops
    from animegan.gan.transfer import Start, transfer

    changes = "fine_width=8", "full_width=7", "batch=8"
    start, latents = Start(Run(folder), "continue"), np.random.default_rng(0).standard_normal((4, 100), np.float32)
    known, model = built(start.known), built(start.known.set(*changes))
    start.base.restore(known)
    assert start.give_state(model) == 2 * STOPPED
    pictures = [ops.convert_to_numpy(each.generator(latents, training=True)) for each in (known, model)]
    before = arrays(model.trainable_variables)
    transfer(folder, faces, out, [], "continue", images=16 * WHOLE, changes=changes, report_images=32, progress=False)
    Run(out).restore(model)
    after = arrays(model.trainable_variables)
    return *pictures, sum(np.any(one != other) for one, other in zip(before, after, strict=True)), len(after)


def make_pictures(folder, stretch):
    """Sixteen faces of a run's generator, from latents that are stretched."""
    from animegan.gan.generating import draw_latents, generate

    return generate(Run(folder).load_generator(), stretch * draw_latents(16, CLASSIC.latent_width, seed=1))


def see():
    """Features of four drawn faces."""
    from animegan.faces.drawing import draw_faces
    from animegan.gan.features import load_features

    return load_features("faces")(np.stack([picture for picture, _ in draw_faces(4)]))


def has_tensorflow():
    """Whether TensorFlow is in memory."""
    return "tensorflow" in sys.modules


def command(*words):
    """What `animegan … --json` prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main([*map(str, words), "--json"]) == 0
    return json.loads(printed.getvalue())


# --- the engines


def environment(engine, cache):
    """Variables that choose an engine, on the CPU: a GPU's faster sums differ by more than the tolerance."""
    return {
        "KERAS_BACKEND": engine,
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "KERAS_TORCH_DEVICE": "cpu",
        "XLA_FLAGS": "--xla_backend_optimization_level=0",  # JAX compiles for longer than these few steps take
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }


def need(*engines):
    """Skip a test that needs an engine which is not installed; continuous integration must have them all."""
    for engine in engines:
        if importlib.util.find_spec(engine) is None:
            words = f"needs {engine}, which is not installed: make test EXTRAS=dev,jax,torch"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(words)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where JAX keeps what it has compiled, for all its processes."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def ask(cache):
    """Function that runs another in the process of each engine that is installed, at the same time: {engine: result}.

    It remembers results, so that tests may ask again for what they share.
    """
    spawn, memory = multiprocessing.get_context("spawn"), {}
    processes = {
        engine: ProcessPoolExecutor(1, spawn, enter, (environment(engine, cache),))
        for engine in ENGINES
        if importlib.util.find_spec(engine)
    }

    def ask(function, *arguments, only=ENGINES, **settings):
        """Arguments that are dicts from engine to something give each engine its own."""
        asked = {}
        for engine in processes:
            if engine in only:
                own = [argument[engine] if isinstance(argument, dict) else argument for argument in arguments]
                key = engine, function, *own
                if key not in memory:
                    memory[key] = processes[engine].submit(function, *own, **settings)
                asked[engine] = memory[key]
        return {engine: future.result() for engine, future in asked.items()}

    yield ask
    for process in processes.values():
        process.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def steps(ask, tmp_path_factory):
    """{recipe: {engine: what one_step returns}}, from weights that TensorFlow wrote."""
    results = {}
    for kind, recipe in RECIPES.items():
        folder = tmp_path_factory.mktemp("weights") / kind
        ask(write_weights, folder, recipe, only=["tensorflow"])
        results[kind] = ask(one_step, folder, recipe)
    return results


@pytest.fixture(scope="module")
def whole(cache, faces_file, tmp_path_factory):
    """{engine: folder of a classic run by the command line}, and what the commands printed."""
    folder = tmp_path_factory.mktemp("whole")
    words = [sys.executable, "-m", "animegan", "train", faces_file, *WORDS]
    running = {
        engine: subprocess.Popen(
            [*words, "--out", folder / engine],
            cwd=ROOT,
            env=os.environ | environment(engine, cache),
            stdout=subprocess.PIPE,
            text=True,
        )
        for engine in ENGINES
        if importlib.util.find_spec(engine)
    }
    printed = {engine: process.communicate()[0] for engine, process in running.items()}
    assert {engine: process.returncode for engine, process in running.items()} == dict.fromkeys(running, 0)
    return {engine: folder / engine for engine in running}, {engine: json.loads(p) for engine, p in printed.items()}


@pytest.fixture(scope="module")
def stopped(ask, faces_file, tmp_path_factory):
    """{recipe: {engine: folder of a run that stopped early}}."""
    runs = {}
    for kind, recipe in RECIPES.items():
        folder = tmp_path_factory.mktemp("stopped")
        runs[kind] = {engine: folder / engine for engine in ENGINES}
        ask(train_and_save, faces_file, runs[kind], recipe, images=16 * STOPPED, **SETTINGS)
    return runs


# --- the tests


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(ENGINES, 2)))
def test_equal_weights_give_equal_losses_and_gradients(steps, kind, one, other):
    """TensorFlow takes its own step (tensorflow_step.py) here, the others the common one."""
    need(one, other)
    ours, theirs = steps[kind][one], steps[kind][other]
    assert ours["losses"] == pytest.approx(theirs["losses"], rel=TOLERANCE)
    assert len(ours["gradients"]) == len(theirs["gradients"]) > 10
    floor = ROUND_OFF * max(np.abs(gradient).max() for gradient in ours["gradients"])
    for index, (gradient, same) in enumerate(zip(ours["gradients"], theirs["gradients"], strict=True)):
        bound = TOLERANCE * np.abs(gradient).max()
        assert np.abs(gradient - same).max() <= max(bound, floor), index
    for index, (value, same) in enumerate(zip(ours["statistics"], theirs["statistics"], strict=True)):
        assert np.allclose(value, same, rtol=TOLERANCE, atol=TOLERANCE * np.abs(value).max()), index


@pytest.mark.parametrize("engine", ENGINES)
def test_the_command_trains(whole, engine):
    need(engine)
    folders, printed = whole
    assert printed[engine]["steps"] == WHOLE
    run = Run(folders[engine])
    names = ["checkpoint", "config.json", "generator.keras", "metrics.csv", "samples"]
    assert sorted(path.name for path in run.folder.iterdir()) == names
    assert WHOLE in run.checkpoints()
    assert [path.name for path in run.samples()] == [f"step_{step:08d}.png" for step in (0, 2, 4, 6)]
    assert [row["step"] for row in run.metrics()] == [2, 4, 6]
    assert all(np.isfinite(list(row.values())).all() for row in run.metrics())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_is_continued_with_larger_networks(ask, stopped, faces_file, tmp_path_factory, engine):
    need(engine)
    base = stopped["modern"][engine]
    pictures, same, learned, count = ask(
        enlarged, base, faces_file, tmp_path_factory.mktemp("enlarged") / "run", only=[engine]
    )[engine]
    assert np.allclose(same, pictures, atol=1e-5) and pictures.std() > 1e-4
    assert learned > 0.9 * count


@pytest.fixture(scope="module")
def resumed(ask, stopped, faces_file, tmp_path_factory):
    """{recipe: {engine: folder of a run that stopped early, and went on on the same engine}}."""
    runs = {}
    for kind, recipe in RECIPES.items():
        runs[kind] = copies(stopped[kind], tmp_path_factory.mktemp("resumed"))
        ask(train, faces_file, runs[kind], recipe, images=16 * WHOLE, resume=True, **SETTINGS)
    return runs


def copies(folders, place):
    """The runs again, under another folder, to go on with."""
    return {engine: shutil.copytree(folder, place / engine) for engine, folder in folders.items() if folder.exists()}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_resumed_run_is_the_run_left_alone(whole, resumed, engine):
    need(engine)
    assert_same_runs(Run(whole[0][engine]), Run(resumed["classic"][engine]), WHOLE)


@pytest.mark.parametrize("engine", ENGINES)
def test_with_all_settings_too(ask, faces_file, resumed, tmp_path, engine):
    need(engine)
    ask(train, faces_file, tmp_path, RECIPES["modern"], only=[engine], images=16 * WHOLE, **SETTINGS)
    assert_same_runs(Run(tmp_path), Run(resumed["modern"][engine]), WHOLE)


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(ENGINES, 2)))
def test_checkpoints_have_the_same_layout(stopped, kind, one, other):
    need(one, other)
    states = [state(Run(stopped[kind][engine]), STOPPED) for engine in (one, other)]
    assert states[0].keys() == states[1].keys()
    for name, array in states[0].items():
        assert (array.shape, array.dtype) == (states[1][name].shape, states[1][name].dtype)


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("writer", ENGINES)
@pytest.mark.parametrize("reader", ENGINES)
def test_any_engine_reads_any_checkpoint(ask, stopped, kind, writer, reader):
    need(writer, reader)
    written = state(Run(stopped[kind][writer]), STOPPED).values()
    read = ask(restored, stopped[kind][writer])[reader]
    assert len(written) == len(read)
    assert all(np.array_equal(one, other) for one, other in zip(written, read, strict=True))


@pytest.mark.parametrize(("writer", "reader"), list(itertools.permutations(ENGINES, 2)))
def test_any_engine_goes_on_with_any_run(ask, faces_file, stopped, tmp_path, writer, reader):
    need(writer, reader)
    before = Run(stopped["classic"][writer])
    folder = shutil.copytree(before.folder, tmp_path / "run")
    words = ("train", faces_file, "--out", folder, "--resume", *WORDS)
    assert ask(command, *words, only=[reader])[reader]["steps"] == WHOLE
    run = Run(folder)
    assert run.metrics()[:2] == before.metrics()
    assert [row["step"] for row in run.metrics()] == [2, 4, 6]
    values = state(before, STOPPED), state(run, WHOLE)
    moved = [not np.array_equal(values[0][name], values[1][name]) for name in values[0]]
    assert np.mean(moved) > 0.8  # all but the learning rate and the running means, which each report clears


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("writer", ENGINES)
@pytest.mark.parametrize("reader", ENGINES)
def test_any_engine_opens_any_generator(ask, stopped, kind, writer, reader):
    need(writer, reader)
    # A classic generator's faces are grey after so few steps: from afar, they are not, and a difference would show.
    pictures = ask(make_pictures, stopped[kind][writer], 1000 if kind == "classic" else 1)
    assert 5 < pictures[writer].std() < 100
    assert np.abs(pictures[writer].astype(int) - pictures[reader]).max() <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_any_engine_transfers_any_run(ask, faces_file, stopped, tmp_path, engine):
    need(engine)
    words = (stopped["modern"]["tensorflow"], faces_file, "--tag", "blush=none", "--method", "append", "--images", 32)
    result = ask(command, "transfer", *words, "--out", tmp_path / "run", only=[engine])[engine]
    assert result["steps"] == 2
    assert all(np.isfinite(array).all() for array in state(Run(tmp_path / "run"), 2).values())


@pytest.mark.parametrize("engine", ENGINES)
def test_the_face_network_sees_the_same(ask, engine):
    """What `evaluate` computes on an engine; the rest of it is NumPy."""
    need(engine)
    seen = ask(see)
    assert seen["tensorflow"].std() > 0.5
    assert np.abs(seen[engine] - seen["tensorflow"]).max() < 1e-3


@pytest.mark.parametrize("engine", ENGINES)
def test_sample_writes_the_same_sheet(ask, stopped, tmp_path, engine):
    need(engine)
    sheets = {}
    for name in {engine, "tensorflow"}:
        out = tmp_path / f"{name}.png"
        ask(command, "sample", stopped["modern"]["tensorflow"], "--count", 9, "--out", out, only=[name])
        sheets[name] = decode(out.read_bytes()).astype(int)
    assert np.abs(sheets[engine] - sheets["tensorflow"]).max() <= 1


@pytest.mark.parametrize("engine", ["jax", "torch"])
def test_tensorflow_is_not_loaded_beside_another_engine(ask, stopped, engine):
    """Keras would load it when it saves: seconds, and remarks in every notebook."""
    need(engine)
    assert not ask(has_tensorflow)[engine]
