"""Running the scripts of benchmarks/, for their tests."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(script, *words):
    process = subprocess.run([sys.executable, BENCHMARKS / script, *words], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def need(*names):
    for name in names:
        if not importlib.util.find_spec(name):
            pytest.skip(f"needs {name}: pip install {name}")
