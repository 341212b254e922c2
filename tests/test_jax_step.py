import importlib.util
import json
import os
import subprocess
import sys

import pytest

if not importlib.util.find_spec("jax"):
    pytest.skip("needs JAX: pip install jax", allow_module_level=True)

SCRIPT = """
import json
import numpy as np
from animegan.gan.dcgan import build_dcgan
from animegan.gan.engine import ops
from animegan.gan.recipes import Recipe

rows = np.random.default_rng(1).permutation(40)[:24].reshape(3, 8).astype("int32")
results = []
for calls in (list(rows), [rows]):
    model = build_dcgan(32, Recipe(width=4, batch=8, latent_width=4))
    model.hold(np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), np.uint8))
    model.optimizer.build(model.trainable_variables)
    start = [ops.convert_to_numpy(weight.value) for weight in model.trainable_variables]
    history = model.fit(((call,) for call in calls), steps_per_epoch=len(calls), shuffle=False, verbose=0).history
    values = [ops.convert_to_numpy(variable.value) for variable in [*model.variables, *model.optimizer.variables]]
    moved = [float(abs(a - ops.convert_to_numpy(b.value)).max()) for a, b in zip(start, model.trainable_variables)]
    results.append((values, history, moved))
(one_by_one, metrics, moved), (at_once, same_metrics, _) = results
apart = [float(abs(a.astype("float64") - b).max()) for a, b in zip(one_by_one, at_once)]
print(json.dumps([max(apart), min(moved), metrics, same_metrics, type(model).__name__]))
"""


def test_many_steps_in_a_call_are_the_same_steps():
    words = [sys.executable, "-c", SCRIPT]
    run = subprocess.run(words, capture_output=True, text=True, env=os.environ | {"KERAS_BACKEND": "jax"})
    assert run.returncode == 0, run.stderr
    apart, moved, metrics, same_metrics, kind = json.loads(run.stdout)
    assert kind == "JaxDCGAN"
    assert moved > 1e-4  # every weight, in three steps of 2e-4
    assert apart < 1e-5
    for name, (value,) in metrics.items():
        assert same_metrics[name][0] == pytest.approx(value, rel=1e-4), name
