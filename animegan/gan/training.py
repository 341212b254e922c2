"""Training: Keras's `fit`, a run folder that keeps everything, and going on after a stop."""

import contextlib
import time
from dataclasses import asdict
from pathlib import Path

from animegan.faces.packed import FaceSet
from animegan.files import InputError
from animegan.gan.distribution import ALONE, joined, read_cluster
from animegan.gan.recipes import RECIPES, Recipe
from animegan.gan.runs import Run

EPOCHS = 25  # passes over the data unless told otherwise
REPORTS = (5_000, 20_000)  # pictures between reports: a pass over the data, but no fewer and no more than these


def train(
    faces,
    out,
    recipe=RECIPES["classic"],
    images=None,
    minutes=None,
    resume=False,
    seed=0,
    report_images=None,
    on_report=None,
    progress=True,
    clock=time.monotonic,
    memory=None,
    distribute=False,
    tags=(),
    start=None,
    state=None,
):
    """Train a DCGAN, or go on with one.

    Args:
        faces: path of a packed file.
        out: run folder to make, or with `resume` to go on with (begun where it holds no run yet).
        recipe: animegan.gan.recipes.Recipe.
        images: stop when the discriminator has seen this many real pictures, counted from the run's beginning. If
            neither `images` nor `minutes` is given: as many as the run was last told, else 25 passes over the data.
        minutes: stop after this time of training, ± 5 s: from the first step to the last report and checkpoint.
            Before it come the engine, the data and the networks, some seconds. With both, whichever comes first.
        resume: go on with the run in `out`, on the same data with the same settings.
        seed: of weights, latents, flips and the order of the data.
        report_images: pictures between two reports (a row of metrics.csv, a sample sheet).
        on_report: called with the Run after each report, for a live display.
        progress: show a progress bar on stderr.
        clock: what minutes and seconds are counted by; time.process_time for those of all processors together.
        memory: MB that the pictures may take; more than that are streamed from the file, in the same order. A quarter
            of what is free if None.
        distribute: use all devices of this machine, and the other workers that Keras's environment variables name
            (animegan.gan.distribution); the variables alone do, too. Needs JAX as the engine.
        tags: train only on pictures that have all of these, strings such as "hair=blonde".
        start: animegan.gan.transfer.Start: networks to begin with; None for new ones.
        state: function that a new run begins with: it gives the animegan.gan.dcgan.DCGAN a state, and returns the
            number of the step to go on from. None to begin at step 0.

    Returns:
        dict: images (seen since the beginning), steps and seconds (likewise), images_per_second, discriminator_loss,
        generator_loss (of the last report), stopped ("images", "minutes" or a signal's name), out, streamed (bool),
        devices (how many computed).

    Raises:
        InputError: the data, the folder or the settings cannot be used; with `resume`, they are not the run's.
        FloatingPointError: a loss or a weight is no longer finite. What the run held before is kept.
        OSError: the disk is full, or the file can no longer be read. What the run held before is kept.
        ConnectionError: another worker has ended.
    """
    amounts = {"images": images, "minutes": minutes, "report_images": report_images, "memory": memory}
    for name, value in amounts.items():
        if value is not None and not value > 0:
            raise InputError(f"{name} must be more than 0. Received: {value}")
    with contextlib.ExitStack() as stack:
        data = stack.enter_context(FaceSet(faces))
        rows, held_out = data.split(*tags)
        if len(rows) < recipe.batch:
            raise InputError(
                f"{faces} must hold at least a batch of {recipe.batch} pictures to train on. Received: {len(rows)}"
                f"{' with ' if tags else ''}{' and '.join(tags)}, after {len(held_out)} were held out"
            )
        config = _config(data, rows, recipe, seed, report_images) | ({"tags": list(tags)} if tags else {})
        config |= {"start": start.config} if start else {}
        config |= {"images": images} if images else {}
        workers = stack.enter_context(joined(recipe.batch)) if distribute or read_cluster().count > 1 else ALONE
        run = stack.enter_context(workers.mirrored(_open_run(out, config, resume) if workers.first else None))
        stack.enter_context(run.locked())
        _check_same(config, run, f"every worker must train as the first does, which writes {out}")

        # Imported here: the checks above answer at once, an engine takes seconds to load.
        from animegan.gan.dcgan import build_dcgan
        from animegan.gan.keeper import MOST_STEPS, RunKeeper
        from animegan.gan.rarity import repeat_rarest
        from animegan.gan.streaming import fit_in_memory, open_batches

        shown = repeat_rarest(data, rows, recipe.rare) if recipe.rare else rows
        held = workers.all(fit_in_memory(len(shown), data.size, memory))
        model = build_dcgan(run.config["size"], recipe, seed, start)
        model.optimizer.build(model.trainable_variables)
        step, seconds = run.restore(model)
        if state and not run.checkpoints():
            step = state(model)
        usual = EPOCHS * (len(shown) - len(shown) % recipe.batch)  # pictures: what fills no batch sits out the pass
        goal = images or (None if minutes else run.config.get("images", usual))
        last_step = max(1, round(goal / recipe.batch)) if goal else MOST_STEPS
        if images:
            run.set_goal(images)
        run.forget_after(step, ends=step >= last_step)
        order = recipe.batch, seed, step, max(step, last_step)
        batches = stack.enter_context(contextlib.closing(open_batches(model, data, shown, held, *order, workers)))
        seen = {"on_report": on_report, "progress": progress} if workers.first else {"progress": False}
        keeper = RunKeeper(run, step, batches.last_step, seconds, minutes, clock=clock, ask=workers.ask, **seen)
        with keeper.watching_signals():
            if len(batches):
                try:
                    model.fit(batches.for_fit(), callbacks=[keeper], verbose=0, shuffle=False)
                except Exception:
                    if batches.failure:  # which the engine reports in words of its own
                        raise batches.failure from None
                    raise
            else:
                keeper.complete(model)
    return keeper.summary() | {"out": str(out), "streamed": not held, "devices": workers.devices}


def _config(data, rows, recipe, seed, report_images):
    """All that decides what the run learns and what it leaves, as it stands in config.json."""
    report = report_images or min(max(len(rows), REPORTS[0]), REPORTS[1])
    return {
        "size": data.size,
        "recipe": asdict(recipe),
        "seed": seed,
        "report_images": report,
        "data": {"file": Path(data.path).name, "pictures": len(rows), "sha256": data.fingerprint(rows)},
    }


def _open_run(out, config, resume):
    """A new run, or the one in `out` if it has the same settings."""
    if not resume or not (Path(out) / "config.json").exists():
        return Run.create(out, config)
    run = Run(out)
    _check_same(config, run, f"--resume must go on with the settings of {out}")
    return run


def _check_same(config, run, rule):
    """Raise InputError, with the rule, where a run has other settings."""
    asked, had = _flat(config), _flat(run.config)
    names = [name for name in {**asked, **had} if asked.get(name) != had.get(name)]
    changed = [f"{name} {asked.get(name)} instead of {had.get(name)}" for name in names]
    if changed:
        raise InputError(f"{rule}. Received: {', '.join(changed)}")


def _flat(config):
    """Settings by name, without the file's name: the same pictures elsewhere are the same data."""
    named = {f"data's {name}": value for name, value in config["data"].items() if name != "file"}
    begun = {f"start's {name}": value for name, value in config.get("start", {}).items()}
    plain = {name: config.get(name) for name in ("size", "seed", "report_images", "tags")}
    recipe = asdict(Recipe.read(config["recipe"]))  # what was no setting yet when a run began has its default
    return plain | {**recipe, **named, **begun}
