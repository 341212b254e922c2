"""What holds the project's own files together."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = PROJECT["dependencies"] + EXTRAS["dev"]


def tracked_files():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listing.stdout.split("\0")[:-1] if (ROOT / name).is_file()]


def environment_lines():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    return [line.strip().removeprefix("- ") for line in lines if line.startswith("      - ")]


def test_environment_and_pyproject_ask_for_the_same():
    listed = [line.partition("  #")[0] for line in environment_lines() if not line.startswith("--")]
    assert sorted(listed) == sorted(REQUIREMENTS)


def test_every_requirement_says_why():
    assert all("  # " in line for line in environment_lines() if not line.startswith("--"))
    text = (ROOT / "pyproject.toml").read_text()
    for requirement in REQUIREMENTS:
        assert re.search(rf'"{re.escape(requirement)}",\s+# \S', text), requirement


def test_constraints_fix_each_requirement_and_name_no_host():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", line) for line in lines)
    fixed = {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines}
    asked = REQUIREMENTS + EXTRAS["jax"] + EXTRAS["torch"]
    wanted = {re.match(r"[A-Za-z0-9_-]+", requirement)[0].lower() for requirement in asked}
    assert wanted <= fixed


def test_the_repository_stays_small():
    sizes = [path.stat().st_size for path in tracked_files()]
    assert sum(sizes) < 40e6
    assert max(sizes) < 4e6  # a generator; publishing it allows twice as much


def test_no_file_names_a_path_of_a_machine():
    found = {}
    for path in tracked_files():
        if path.suffix in {".py", ".md", ".ipynb", ".toml", ".yml", ".txt", ""} and path.name != Path(__file__).name:
            match = re.search(r"(?<![\w.])/(?:work|root|home|Users)/\w+", path.read_text(errors="ignore"))
            if match:
                found[path.name] = match[0]
    assert not found


def test_the_readme_s_commands_are_the_make_file_s():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE)) <= targets


@pytest.mark.parametrize(
    ("room", "later"), [("faces", "animegan\\.(?:gan|latent)|keras|tensorflow"), ("gan", "animegan\\.latent")]
)
def test_rooms_have_no_arrow_back(room, later):
    """faces knows nothing of gan, latent or Keras; gan nothing of latent."""
    for path in (ROOT / "animegan" / room).rglob("*.py"):
        assert not re.search(rf"^\s*(?:from|import) (?:{later})", path.read_text(), re.MULTILINE), path
