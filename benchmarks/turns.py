"""Turn and turn about: each side of a comparison is a process of its own, which works while the others wait.

So neither disturbs the other, and a change of the machine's speed meets all of them. What is quoted is the median of
the rounds' ratios. Ratios of the work done in a CPU second say how fast the code is also while the machine has other
work; those of the work done in a second count.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time

KINDS = "second", "cpu_second"
FOR_EVER = 10**9  # steps: more than any benchmark takes


class Side:
    """One side in its own process: it works for a round when it is sent a line."""

    def __init__(self, name, environment=None):
        """Start this very script again as one side. `start` waits until it is warm.

        Args:
            name: word for the option --side.
            environment: variables that differ from this process's, by name; None removes one.
        """
        changed = os.environ | (environment or {})
        words = [sys.executable, *sys.argv, "--side", name]
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: value for name, value in changed.items() if value is not None},
        )
        self.started, self.facts, self.seconds_to_start = time.perf_counter(), None, None

    def turn(self):
        """Work for a round. Returns [work done a second, a CPU second]."""
        print("turn", file=self.process.stdin, flush=True)
        return self.receive()

    def finish(self):
        """Let the process end."""
        self.process.stdin.close()
        self.process.wait()

    def receive(self):
        """The side's next answer."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"a side must answer. Received: its end, with exit code {self.process.wait()}")
        return json.loads(line)


def start(environments):
    """Start sides together, and wait until all are warm: {name: Side}.

    Args:
        environments: {name: variables that differ from this process's}.
    """
    sides = {name: Side(name, changes) for name, changes in environments.items()}
    for side in sides.values():
        side.facts = side.receive()
        side.seconds_to_start = round(time.perf_counter() - side.started, 1)
    return sides


def serve(work, amount, facts):
    """Be a side: work once to warm up, say the facts, then work each time a line comes.

    Args:
        work: function to call for a round.
        amount: what a round does, in pictures or GFLOP.
        facts: dict for the other process, sent when it is warm.
    """
    started = time.perf_counter()
    work()
    answer(facts | {"first_round_seconds": round(time.perf_counter() - started, 1)})
    for _ in sys.stdin:
        started, cpu = time.perf_counter(), time.process_time()
        work()
        answer([amount / (time.perf_counter() - started), amount / (time.process_time() - cpu)])


def answer(value):
    print(json.dumps(value), flush=True)


def fit_in_rounds(model, data, calls):
    """One call of `fit` that pauses between rounds.

    Args:
        model: keras.Model.
        data: what `fit` takes, for ever.
        calls: batches a round.

    Returns:
        function that lets `fit` work for a round.
    """
    from animegan.gan.engine import keras

    begin, done = threading.Semaphore(0), threading.Semaphore(0)

    class Pause(keras.callbacks.Callback):
        """Waits before each round, and says when it has ended."""

        def on_train_batch_begin(self, batch, logs=None):
            if batch % calls == 0:
                begin.acquire()

        def on_train_batch_end(self, batch, logs=None):
            if batch % calls == calls - 1:
                float(logs["generator_loss"])  # waits for the device
                done.release()

    settings = {"callbacks": [Pause()], "verbose": 0, "shuffle": False, "steps_per_epoch": FOR_EVER}
    threading.Thread(target=model.fit, args=[data], kwargs=settings, daemon=True).start()

    def work():
        begin.release()
        done.acquire()

    return work


def alternate(sides, rounds):
    """Rates of all sides, {name: [[work a second, work a CPU second] of each round]}, and then their end.

    Args:
        sides: Side by name.
        rounds: number of rounds.
    """
    rates = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            rates[name].append(side.turn())
            print(f"round {number + 1} {name}: {rates[name][-1][0]:.1f} a second", file=sys.stderr)
    for side in sides.values():
        side.finish()
    return rates


def medians(rates, names, unit):
    """Median rates: {"pictures_a_second": {name: rate}, …} if the unit is pictures."""
    return {
        f"{unit}_a_{kind}": {name: round(statistics.median(turn[place] for turn in rates[name]), 1) for name in names}
        for place, kind in enumerate(KINDS)
    }


def ratios(rates, name, others, word="ratio", factor=1.0):
    """How often the one does what the others do in the same time: medians of the rounds' ratios, and all of them.

    Args:
        rates: what `alternate` returns.
        name: of the side above the line.
        others: names of the sides below it.
        word: what the result calls them.
        factor: for all of them.
    """
    result = {}
    for place, kind in enumerate(KINDS):
        of_rounds = {
            other: sorted(
                factor * ours[place] / theirs[place] for ours, theirs in zip(rates[name], rates[other], strict=True)
            )
            for other in others
        }
        result[f"{word}_a_{kind}"] = {other: shorten(statistics.median(each)) for other, each in of_rounds.items()}
        result[f"all_{word}s_a_{kind}"] = {
            other: [shorten(ratio) for ratio in each] for other, each in of_rounds.items()
        }
    return result


def shorten(number):
    """Four significant digits of a float."""
    return float(f"{number:.4g}")
