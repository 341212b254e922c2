"""What holds for every notebook of the series: how it is stored, and that it runs from top to bottom."""

import functools
import importlib
import inspect
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
SOLUTIONS = sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))
FIGURES = "ladder", "learning", "transfer"  # folders of benchmarks/ that notebooks read
MOST_BYTES = 500 * 1024  # of outputs, in one notebook
MOST_LINES = 40  # of a code cell
MACHINE_PATH = re.compile(r"/(work|root|tmp|home|Users)/")
IMPORT = re.compile(r"^from (animegan\S*) import (.+)$", re.MULTILINE)
SHOWN = re.compile(r"print\(inspect\.getsource\(([\w.]+)\)\)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
NO_WORDS = re.compile(r"\d+ pictures?( in rows of \d+)?")  # a count alone
COST = re.compile(r"took (\d+\.\d) minutes and (\d+\.\d) GB of memory, with the profile laptop")
EXERCISE = re.compile(r"(my_\w+) = ([^\n]+)\n(.*)", re.DOTALL)  # an answer, and the check that follows it

pytestmark = pytest.mark.skipif(not PATHS, reason="there are no notebooks here")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def cells(notebook, kind):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def text(cell):
    return "".join(cell["source"])


def outputs(notebook):
    return [output for cell in cells(notebook, "code") for output in cell["outputs"]]


def printed(output):
    """The text of an output: what was printed, or shown other than as a picture."""
    shown = {kind: value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")}
    return json.dumps([output.get("text"), output.get("traceback"), shown], ensure_ascii=False)


def test_opens_with_its_title(notebook, path):
    first = notebook["cells"][0]
    number = int(path.name[:2])
    assert first["cell_type"] == "markdown"
    assert text(first).startswith(f"# {number} · ")


def test_was_executed_in_order(notebook):
    counts = [cell["execution_count"] for cell in cells(notebook, "code")]
    assert counts == list(range(1, len(counts) + 1))


def test_outputs_hold_no_error_and_no_noise(notebook):
    for output in outputs(notebook):
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr", printed(output)


def test_keeps_no_widget_state_and_no_times(notebook):
    assert "widgets" not in notebook["metadata"]
    assert not [cell for cell in notebook["cells"] if "execution" in cell["metadata"]], "times change each time"
    kinds = {kind for output in outputs(notebook) for kind in output.get("data", {})}
    assert not [kind for kind in kinds if "widget-view" in kind], "it would show an error where there is no kernel"


def test_names_no_path_of_the_machine_it_ran_on(notebook):
    for words in [*map(printed, outputs(notebook)), *map(text, notebook["cells"])]:
        assert not MACHINE_PATH.search(words), words


def test_outputs_are_small_and_keep_their_pictures(notebook):
    assert len(json.dumps(outputs(notebook))) <= MOST_BYTES
    assert any("image/png" in output.get("data", {}) for output in outputs(notebook))


def test_pictures_have_words_and_are_stored_once(notebook):
    for output in outputs(notebook):
        if "image/png" in output.get("data", {}):
            alt = output["metadata"]["image/png"]["alt"]
            assert alt.strip() and not NO_WORDS.fullmatch(alt), f"{alt}: of what?"
        assert "data:image" not in "".join(output.get("data", {}).get("text/html", [])), "see CONTRIBUTING.md"


def test_code_cells_are_short(notebook):
    for cell in cells(notebook, "code"):
        assert len([line for line in text(cell).splitlines() if line.strip()]) <= MOST_LINES, text(cell)


def test_every_cell_has_its_own_id(notebook):
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)


def test_closes_with_what_was_learned(notebook):
    (closing,) = [text(cell) for cell in cells(notebook, "markdown") if "## What we learned" in text(cell)]
    bullets = closing.partition("## What we learned")[2]
    assert len(re.findall(r"^- ", bullets, re.MULTILINE)) == 3


def assert_links_lead_somewhere(notebook, folder):
    for cell in cells(notebook, "markdown"):
        for target in LINK.findall(text(cell)):
            if not target.startswith(("http://", "https://", "#", "attachment:")):
                name = target.partition("#")[0]
                assert (folder / name).exists(), target


def test_the_code_that_it_shows_is_that_of_the_package(notebook):
    places = {}
    for cell in cells(notebook, "code"):
        for module, names in IMPORT.findall(text(cell)):
            places |= dict.fromkeys(names.split(", "), module)
        shown = "".join("".join(output.get("text", "")) for output in cell["outputs"])
        for name, *parts in (path.split(".") for path in SHOWN.findall(text(cell))):
            found = functools.reduce(getattr, [name, *parts], importlib.import_module(places[name]))
            assert inspect.getsource(found) in shown, f"execute it anew: {name} has changed"


def test_links_lead_somewhere(notebook):
    assert_links_lead_somewhere(notebook, NOTEBOOKS)


def cost(notebook):
    """(minutes, GB) that the stored notebook took: floats."""
    (found,) = COST.findall("".join("".join(output.get("text", "")) for output in outputs(notebook)))
    return tuple(map(float, found))


def test_costs_what_its_head_and_the_readme_say(notebook, path):
    """Minutes, rounded up, and memory."""
    minutes, memory = cost(notebook)
    minutes = math.ceil(minutes)
    words = f"{minutes} minute{'s' * (minutes != 1)}, {memory} GB"
    assert f"| {words} |" in text(notebook["cells"][0]), words
    readme = (NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines() if line.startswith("|") and f"/{path.name})" in line]
    assert row.endswith(f"| {minutes} min, {memory} GB |"), words


def test_all_together_cost_what_the_readme_says():
    minutes = sum(cost(json.loads(path.read_text(encoding="utf-8")))[0] for path in PATHS)
    assert minutes < 25
    readme = " ".join((NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8").split())
    assert f"the {len(PATHS)} notebooks take about {minutes:.0f} minutes" in readme


def exercises(notebook):
    """{name of the answer: (answer, check, cell)} of the cells that begin with one."""
    found = [(EXERCISE.match(text(cell)), cell) for cell in cells(notebook, "code")]
    return {match[1]: (match[2], match[3], cell) for match, cell in found if match}


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_answer_each_exercise(solution):
    """By the very checks of the notebook, which stay quiet about an answer that is not there yet."""
    solved = json.loads(solution.read_text(encoding="utf-8"))
    asked = exercises(json.loads((NOTEBOOKS / solution.name).read_text(encoding="utf-8")))
    answered = exercises(solved)
    assert asked and list(asked) == list(answered)
    for name, (nothing, check, cell) in asked.items():
        answer, same_check, solved_cell = answered[name]
        assert nothing == "None" != answer and check == same_check, name
        assert "".join(cell["outputs"][0]["text"]).startswith("not answered yet"), name
        assert "".join(solved_cell["outputs"][0]["text"]).startswith("right"), name
        assert "nbval-check-output" in solved_cell["metadata"]["tags"], "it is to say so wherever it runs"


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_are_stored_as_notebooks_are(solution):
    notebook = json.loads(solution.read_text(encoding="utf-8"))
    test_was_executed_in_order(notebook)
    test_outputs_hold_no_error_and_no_noise(notebook)
    test_keeps_no_widget_state_and_no_times(notebook)
    test_names_no_path_of_the_machine_it_ran_on(notebook)
    test_pictures_have_words_and_are_stored_once(notebook)
    test_every_cell_has_its_own_id(notebook)
    assert_links_lead_somewhere(notebook, solution.parent)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", [*PATHS, *SOLUTIONS], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_runs_from_top_to_bottom(path, tmp_path):
    """With nothing but the benchmarks' figures, in the order in which it stands, on the tiny profile."""
    (tmp_path / "data").mkdir()
    for name in FIGURES:
        shutil.copytree(NOTEBOOKS.parent / "benchmarks" / name, tmp_path / "benchmarks" / name)
    (tmp_path / "notebooks").mkdir()
    copy = shutil.copy(path, tmp_path / "notebooks")
    words = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=240", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, f"--rootdir={tmp_path}", str(copy)],
        cwd=tmp_path,
        env=os.environ | {"ANIMEGAN_PROFILE": "tiny", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
