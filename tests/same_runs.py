"""Whether two runs came to the same, and runs with a checkpoint at each report."""

import math

import h5py
import numpy as np


def due_after(report):
    """RunKeeper.report, after which a checkpoint is due, however little time has passed."""

    def report_and_be_due(self):
        report(self)
        self._saved = -math.inf, self._saved[1]

    return report_and_be_due


def state(run, step):
    """A checkpoint's arrays by name."""
    with h5py.File(run.checkpoints()[step]) as file:
        return {name: file[name][()] for name in file}


def untimed(run):
    """The rows of metrics.csv without what the clock says."""
    return [{name: value for name, value in row.items() if "second" not in name} for row in run.metrics()]


def assert_same_runs(first, second, step):
    """State at the step, reports and sample sheets are the same, bit for bit."""
    one, other = state(first, step), state(second, step)
    assert one.keys() == other.keys()
    assert [name for name in one if not np.array_equal(one[name], other[name])] == []
    assert untimed(first) == untimed(second)
    names = [[path.name for path in run.samples()] for run in (first, second)]
    assert names[0] == names[1]
    for path in first.samples():
        assert path.read_bytes() == second.sample_path(int(path.stem[5:])).read_bytes()
    for weights in zip(*(run.load_generator().get_weights() for run in (first, second)), strict=True):
        assert np.array_equal(*weights)
