"""The callback that looks after a run while `fit` trains: reports, checkpoints, and a clean stop."""

import contextlib
import math
import signal
import threading
import time

from tqdm.auto import tqdm

from animegan.gan.engine import keras, ops
from animegan.gan.finishing import Finisher
from animegan.gan.generating import draw_latents, generate
from animegan.pictures import save, sheet

SAMPLES = 64  # faces on a sample sheet, 8×8
MOST_STEPS = 2**31  # the last step of a run that only its minutes end
CHECKPOINT_SECONDS = 30  # least time between checkpoints, which hold three times the weights


class RunKeeper(keras.callbacks.Callback):
    """Writes reports, sample sheets and checkpoints of a run, and ends it in time.

    Stopping never loses work: the state is saved, and a resumed run goes on from that very step.
    """

    def __init__(
        self,
        run,
        first_step,
        last_step,
        seconds=0.0,
        minutes=None,
        on_report=None,
        progress=True,
        clock=time.monotonic,
        ask=None,
    ):
        """Prepare to look after a run.

        Args:
            run: animegan.gan.runs.Run.
            first_step: steps done before.
            last_step: steps that it will have when it ends.
            seconds: training time spent before.
            minutes: be done with all, the last checkpoint and report included, at this time from now, or None.
            on_report: called with the run after each report, or None.
            progress: show a progress bar on stderr.
            clock: what all times are counted by, a function to seconds.
            ask: function that decides for all workers alike, from a word of this one or None to a word of any of
                them or None; None where there are no others.
        """
        super().__init__()
        self.clock = clock
        self.run, self.step, self.first_step, self.last_step = run, first_step, first_step, last_step
        self.batch = run.config["recipe"]["batch"]
        self.on_report, self.progress = on_report, progress
        self.rows = run.metrics()
        self.bar = None
        self.stopped = self.reason = None  # to stop; of all workers, and of this one
        self.ask = ask or (lambda word: word)
        self._seconds_before, self._started = seconds, self.clock()
        self._deadline = self._started + 60 * minutes if minutes else math.inf
        self._reported = self._started, first_step
        self._saved = self._started, first_step
        self._lengths = {"step": 0.0, "report": 0.0, "save": 0.0}  # seconds that the last of each took
        self._stepped_at = None

    @property
    def seconds(self):
        """Training time so far, of this and earlier calls."""
        return self._seconds_before + self.clock() - self._started

    def on_train_begin(self, logs=None):
        """Start the bar, show what the untrained generator makes, and measure what a run of some minutes must know."""
        self._begin()
        if self.step == 0:
            self.save_samples()
        elif self._deadline < math.inf:
            self.faces()  # compiles the generator, which no report will wait for
        if self._deadline < math.inf:
            self._measure()

    def _begin(self):
        """Take hold of the model, and start the bar."""
        self.running_means = [ops.copy(variable.value) for variable in self.model.metrics_variables]
        self.latents = draw_latents(SAMPLES, self.model.latent_width, self.run.config["seed"])
        self.finish = Finisher(self.model)
        total = self.last_step * self.batch if self.last_step < MOST_STEPS else None
        self.bar = tqdm(
            total=total, initial=self.step * self.batch, unit="picture", desc="training", disable=not self.progress
        )

    def _measure(self):
        """How long a checkpoint and a report take: there must be time for them at the end, however soon it comes."""
        self.save_state()
        before = self.clock()
        self.faces()
        self._lengths["report"] = self.clock() - before

    def on_epoch_begin(self, epoch, logs=None):
        """Put the running means of a resumed run back, which `fit` has just cleared."""
        for variable, value in zip(self.model.metrics_variables, self.running_means, strict=True):
            variable.assign(value)

    def on_train_batch_end(self, batch, logs=None):
        """Count the step; report, save or stop when it is time."""
        self.step += 1
        model = self.model  # on JAX weights come back to the model where a callback asks for it: also before a save
        self.run.check_finite((logs or {}).items(), self.step)  # running means: what was not finite once stays so
        if self._stepped_at is not None:  # the first step is no measure, since it compiles
            self._lengths["step"] = self.clock() - self._stepped_at
        if self._deadline < math.inf:
            left = max(0, round(self._deadline - self.clock()))
            self.bar.set_description(f"training, {left // 60}:{left % 60:02d} left", refresh=False)
        self.bar.update(self.batch)
        if self.step % self.run.report_steps == 0:
            self.report()
            model.reset_metrics()
        if self.reason is None and self._time_is_up():
            self.reason = "minutes"
        due = self.clock() - self._saved[0] > CHECKPOINT_SECONDS
        word = self.ask(self.reason or ("save" if due else None))
        if word == "save":
            self.save_state()
        elif word:
            self.stopped = word
            model.stop_training = True
        self._stepped_at = self.clock()

    def _time_is_up(self):
        """Whether an end now, last checkpoint and report included, comes closer to the deadline than one step later."""
        step, report, save = self._lengths.values()
        end = self.clock()
        after_another = end + step + save + report
        end += save * (self._saved[1] != self.step) + report * (self._reported[1] != self.step)
        return (end + after_another) / 2 >= self._deadline

    def on_train_end(self, logs=None):
        """Save the state, and report what has happened since the last report."""
        if self._saved[1] != self.step:
            self.save_state()  # before the report: the running means go on from here when the run is resumed
        if self.step % self.run.report_steps:
            self.report()
        self.stopped = self.stopped or "images"

    def complete(self, model):
        """Make what a kill after the last checkpoint of a run left undone: the generator, the last report.

        Args:
            model: animegan.gan.dcgan.DCGAN, restored at the run's last step.
        """
        self.set_model(model)
        self._begin()
        self.run.save_generator(self.finished())
        if not self.rows or self.rows[-1]["step"] != self.step:
            self.report()

    def report(self):
        """Add a row to metrics.csv and a sample sheet, and call `on_report`."""
        now = self.clock()
        before, step_before = self._reported
        means = {name: float(value) for name, value in self.model.get_metrics_result().items()}
        rate = (self.step - step_before) * self.batch / (now - before)
        row = {"step": self.step, "images": self.step * self.batch, "seconds": round(self.seconds, 3)}
        self.save_samples()  # before the row: what has a row has all
        self.rows.append(row | {"images_per_second": round(rate, 2)} | means)
        self.run.write_metrics(self.rows)
        losses = {name: f"{means[f'{name}_loss']:.2f}" for name in ("discriminator", "generator")}
        self.bar.set_postfix(losses, refresh=False)
        if self.on_report:
            self.on_report(self.run)
        self._reported = self.clock(), self.step
        self._lengths["report"] = self.clock() - now

    def finished(self):
        """The generator, ready for use. Raises FloatingPointError if a weight of it is not finite."""
        generator = self.finish()
        self.run.check_finite(((one.path, ops.convert_to_numpy(one.value)) for one in generator.weights), self.step)
        return generator

    def faces(self):
        """What the generator makes of the same latents now: uint8 (SAMPLES, S, S, 3)."""
        return generate(self.finished(), self.latents)

    def save_samples(self):
        """Write the sheet of the same latents at this step."""
        save(sheet(self.faces(), columns=8), self.run.sample_path(self.step))

    def save_state(self):
        """Write a checkpoint and the generator."""
        before = self.clock()
        generator = self.finished()
        self.run.save_checkpoint(self.model, self.step, self.seconds)
        self.run.save_generator(generator)
        self._saved = self.clock(), self.step
        self._lengths["save"] = self._saved[0] - before

    @contextlib.contextmanager
    def watching_signals(self):
        """While the block runs, Ctrl-C and SIGTERM end the training after the step in hand; a second acts at once.

        However the block ends, the bar is closed.
        """
        in_main_thread = threading.current_thread() is threading.main_thread()  # no other may handle signals

        def stop(number, frame):
            self.reason = signal.Signals(number).name
            for one, handler in before.items():
                signal.signal(one, handler)

        watched = (signal.SIGINT, signal.SIGTERM) if in_main_thread else ()
        before = {number: signal.signal(number, stop) for number in watched}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if self.bar is not None:
                self.bar.close()

    def summary(self):
        """What the run has come to: the results that `animegan train` prints."""
        last = self.rows[-1] if self.rows else {}
        steps = self.step - self.first_step
        return {
            "images": self.step * self.batch,
            "steps": self.step,
            "seconds": round(self.seconds, 3),
            "images_per_second": last.get("images_per_second") if steps else None,
            "discriminator_loss": last.get("discriminator_loss"),
            "generator_loss": last.get("generator_loss"),
            "stopped": self.stopped or "images",
            "out": str(self.run.folder),
        }
