"""The run folder: all that a training run leaves behind, and how it is read again.

config.json            what rebuilds the networks and the order of the data
checkpoint/            step_*.h5: weights, optimizer, random state, running means; the last two
generator.keras        the generator, for everyone who only wants faces
samples/step_*.png     the same latents each time
metrics.csv            a row a report
"""

import contextlib
import csv
import hashlib
import json
import os
import re
import sys
from pathlib import Path

import numpy as np

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

from animegan.files import InputError, output_folder, remove_unfinished, replacing
from animegan.gan import checkpoints

FORMAT = "animegan-run"
VERSION = 1
STEPS = (("checkpoint", "step_*.h5"), ("samples", "step_*.png"))  # folders of files by step
KEPT = 2  # checkpoints: the newest, and one before it should the newest be damaged
COLUMNS = (
    "step",
    "images",
    "seconds",
    "images_per_second",
    "discriminator_loss",
    "generator_loss",
    "real_score",
    "fake_score",
)


class Run:
    """A run folder, opened for reading or going on."""

    def __init__(self, folder):
        """Open a run.

        Args:
            folder: path that `animegan train` wrote to.

        Raises:
            InputError: there is no run.
        """
        self.folder = Path(folder)
        self.name = str(self.folder)  # in messages; one that is thrown away gets another
        self._damaged = set()  # checkpoints that could not be restored
        try:
            self.config = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
            if self.config.get("format") != FORMAT or self.config.get("version") != VERSION:
                raise ValueError(f"its format is {self.config.get('format')}, version {self.config.get('version')}")
        except (OSError, ValueError, AttributeError) as error:
            there = isinstance(error, ValueError) or self.folder.exists()
            reason = "its config.json is missing or not ours" if there else "no such folder"
            raise InputError(
                f"a run must be a folder made by `animegan train`. Received: {folder} ({reason})"
            ) from error

    @classmethod
    def create(cls, folder, config):
        """Begin a run in a new or empty folder.

        Raises:
            InputError: the folder holds a run already, or cannot be written to.
        """
        folder = output_folder(folder)
        if (folder / "config.json").exists():
            raise InputError(f"a new run needs a folder without one; --resume goes on with it. Received: {folder}")
        if left := list((folder / "checkpoint").glob("step_*.h5")):  # it would go on from them
            raise InputError(f"a new run needs a folder without checkpoints. Received: {folder}, with {left[0].name}")
        _write_config(folder, {"format": FORMAT, "version": VERSION} | config)
        return cls(folder)

    def set_goal(self, images):
        """Note in config.json how many pictures the run is to see: what it goes on to when nothing else is said."""
        if self.config.get("images") != images:
            self.config["images"] = images
            _write_config(self.folder, self.config)

    @contextlib.contextmanager
    def locked(self):
        """While the block runs, no other process can lock the run: two that train it would spoil each other's files.

        However the process ends, the lock ends with it. There is none on Windows, nor where the file system has none.

        Raises:
            InputError: another process holds the lock.
        """
        with contextlib.ExitStack() as stack:
            if fcntl:
                folder = os.open(self.folder, os.O_RDONLY)  # no file in it: those are replaced by others
                stack.callback(os.close, folder)
                try:
                    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise InputError(
                        f"a run must be trained by one process at a time. Received: {self.name}, which is being trained"
                    ) from error
                except OSError:
                    pass  # a file system without locks
            yield

    @property
    def generator_path(self):
        """Where the generator is saved."""
        return self.folder / "generator.keras"

    def generator_digest(self):
        """What tells this generator from any other: the sha256 of its file, 64 hexadecimal digits."""
        return hashlib.sha256(self.generator_path.read_bytes()).hexdigest()

    def checkpoints(self):
        """Checkpoints as {step: path}, newest first."""
        found = {}
        for path in (self.folder / "checkpoint").glob("step_*.h5"):
            if match := re.fullmatch(r"step_(\d+)\.h5", path.name):
                found[int(match[1])] = path
        return dict(sorted(found.items(), reverse=True))

    def save_checkpoint(self, model, step, seconds):
        """Write a checkpoint, whole or not at all, and drop all but the last two that are whole.

        Args:
            model: keras.Model; all that changes as it trains is kept.
            step: steps done.
            seconds: time spent training so far.

        Raises:
            FloatingPointError: a number of the state is not finite; nothing was written.
        """
        state = [(variable.path, _numpy(variable)) for variable in _state(model)]
        self.check_finite(state, step)
        path = self.folder / "checkpoint" / f"step_{step:08d}.h5"
        with replacing(path) as temporary:
            temporary.write_bytes(checkpoints.pack(state, seconds))
        self._damaged.discard(path)
        whole = [found for found in self.checkpoints().values() if found not in self._damaged]
        for old in {*whole[KEPT:], *self._damaged}:
            old.unlink(missing_ok=True)

    def check_finite(self, numbers, step):
        """Raise if training has come to numbers that are none.

        Args:
            numbers: pairs (name, number or array).
            step: steps done.

        Raises:
            FloatingPointError: one of them is infinite or nan; the message says what is kept.
        """
        for name, value in numbers:
            finite = np.isfinite(value)
            if not finite.all():
                steps = list(self.checkpoints())
                kept = f"holds step {steps[0]}, from which --resume goes on" if steps else "holds no checkpoint yet"
                raise FloatingPointError(
                    f"losses and weights must stay finite. Received: {name} {np.asarray(value)[~finite][0]} at step "
                    f"{step}; {self.name} {kept}. A new run with another seed, or with a lower learning rate in its "
                    "recipe, may get further"
                )

    def restore(self, model):
        """Load the newest checkpoint that is whole into `model`; say so on stderr if it is not the newest of all.

        Returns:
            (step, seconds) of that checkpoint; (0, 0.0) where there is none.

        Raises:
            InputError: there are checkpoints, and none can be read.
        """
        failures = []
        for step, path in self.checkpoints().items():
            try:
                seconds, values = checkpoints.unpack(path.read_bytes())
                for variable, value in zip(_state(model), values, strict=True):
                    variable.assign(value)
            except (OSError, KeyError, ValueError) as error:
                self._damaged.add(path)
                failures.append(f"{path.name}: {error}")
                continue
            if failures:
                damage = f"damaged checkpoints in {self.name} ({'; '.join(failures)})"
                print(f"animegan: {damage}; going on from step {step}, that of {path.name}", file=sys.stderr)
            return step, seconds
        if failures:
            raise InputError(f"a run must have a readable checkpoint. Received: {self.name} ({'; '.join(failures)})")
        return 0, 0.0

    def seconds(self):
        """Training time that the newest checkpoint has had; 0.0 where none can be read."""
        for path in self.checkpoints().values():
            with contextlib.suppress(OSError, KeyError, ValueError):
                return checkpoints.unpack(path.read_bytes())[0]
        return 0.0

    def save_generator(self, generator):
        """Write generator.keras, whole or not at all."""
        with replacing(self.generator_path) as temporary:
            generator.save(temporary)

    def load_generator(self):
        """The trained generator: keras.Model from latents (N, L) to pictures (N, S, S, 3) in [-1, 1].

        Raises:
            InputError: none was saved yet, or it cannot be read.
        """
        return self._load(self.generator_path)

    @property
    def discriminator_path(self):
        """Where a pretrained run, which has no checkpoints, keeps its discriminator."""
        return self.folder / "discriminator.keras"

    def load_discriminator(self):
        """The discriminator of a pretrained run: keras.Model from pictures (N, S, S, 3) in [-1, 1] to logits (N, J), of
        J judges.

        Raises:
            InputError: there is none, or it cannot be read.
        """
        return self._load(self.discriminator_path)

    def _load(self, path):
        if not path.is_file():
            raise InputError(f"a run must hold a {path.name}. Received: {self.name}, which has none yet")
        import animegan.gan.resizing  # noqa: F401  (Keras finds a layer of ours only where its module was imported)
        from animegan.gan.engine import keras

        try:
            return keras.saving.load_model(path, compile=False)
        except (OSError, ValueError) as error:
            raise InputError(f"a run must hold a readable {path.name}. Received: {self.name}") from error

    def sample_path(self, step):
        """Where the sample sheet of a step is kept."""
        return self.folder / "samples" / f"step_{step:08d}.png"

    def samples(self):
        """Paths of the sample sheets, oldest first."""
        return sorted((self.folder / "samples").glob("step_*.png"))

    def metrics(self):
        """Rows of metrics.csv: a list of dicts from column to number."""
        try:
            with open(self.folder / "metrics.csv", newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
        except FileNotFoundError:
            return []
        whole = ("step", "images")
        return [{name: int(row[name]) if name in whole else float(row[name]) for name in COLUMNS} for row in rows]

    def write_metrics(self, rows):
        """Replace metrics.csv by these rows. Written anew each time: a killed append would leave half a line."""
        with replacing(self.folder / "metrics.csv") as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def forget_after(self, step, ends):
        """Remove the reports that a run going on from `step` will make again, or that only its stop had made.

        Of what a killed process left half written, the run's own files go, too.

        Args:
            step: the last step to keep.
            ends: whether the run ends there, so that its last report is of that very step.
        """
        for folder, name in (("", "config.json"), ("", "generator.keras"), ("", "metrics.csv"), *STEPS):
            remove_unfinished(self.folder / folder, name)

        def stays(reported):
            return reported <= step and (reported % self.report_steps == 0 or (ends and reported == step))

        for path in self.samples():
            if not stays(int(path.stem.removeprefix("step_"))):
                path.unlink()
        self.write_metrics([row for row in self.metrics() if stays(row["step"])])

    @property
    def report_steps(self):
        """Steps between two reports."""
        return max(1, self.config["report_images"] // self.config["recipe"]["batch"])


def _write_config(folder, config):
    """Write config.json, whole or not at all."""
    with replacing(folder / "config.json") as temporary:
        temporary.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def _state(model):
    """All variables that training changes, in an order that depends on the model alone: not the pictures it holds.

    Keras's own save_weights leaves out the metrics, whose running means a resumed interval needs.
    """
    weights = [variable for variable in model.variables if variable is not getattr(model, "held", None)]
    return [*weights, *model.optimizer.variables, *model.metrics_variables]


def _numpy(variable):
    """A variable as an array: whole numbers as int64, since each engine has a type of its own for seeds and steps."""
    from animegan.gan.engine import ops

    array = ops.convert_to_numpy(variable.value)
    return array.astype("int64") if array.dtype.kind in "iu" else array
