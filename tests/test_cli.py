import dataclasses
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from animegan import __version__, settings
from animegan.cli import main
from animegan.faces.drawing import draw_face, random_character
from animegan.faces.packed import FaceSet
from animegan.files import TEMPORARY, InputError
from animegan.gan.losses import LOSSES
from animegan.gan.recipes import Recipe, recipe
from animegan.gan.runs import Run
from animegan.pictures import decode, encode, save

COMMANDS = ("draw", "fetch", "crop", "pack", "inspect", "train", "sample", "evaluate")


@pytest.fixture
def work(tmp_path, faces_file, picture, monkeypatch):
    """The current folder, filled with good and bad input and with earlier output."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(faces_file, "faces.h5")
    save(np.full((64, 64, 3), 235, np.uint8), "plain/sky.png")
    save(np.full((64, 96, 3), 200, np.uint8), "plain/wall.png")
    save(picture(1), "pictures/a.png")
    save(picture(2), "pictures/b.png")
    Path("unreadable").mkdir()
    Path("unreadable/a.jpg").write_bytes(b"")
    Path("empty").mkdir()
    Path("letter.txt").write_text("Dear reader")
    Path("letter.zip").write_text("Dear reader")
    Path("tags.csv").write_text("file,hair\nelsewhere.png,red\n")
    with h5py.File("foreign.h5", "w") as file:
        file["images"] = np.zeros((3, 32, 32, 3), np.uint8)
    shutil.copy("faces.h5", "earlier.h5")
    save(picture(3), "earlier.png")
    make_run("run", "faces.h5")
    return tmp_path


def make_run(folder, faces, **changes):
    """A run folder as `animegan train` begins it, without the training."""
    with FaceSet(faces) as data:
        config = {
            "size": 32,
            "recipe": dataclasses.asdict(recipe("classic")),
            "seed": 0,
            "report_images": 5_000,
            "data": {"file": "faces.h5", "pictures": len(data), "sha256": "0" * 64},
        }
    Run.create(folder, config | changes)


def contents():
    """All files below the current folder as {name: bytes}."""
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def check_failure(code, stdout, stderr, message):
    assert code == 2
    assert stdout == ""
    assert stderr.startswith("animegan: ") and stderr.endswith("\n") and len(stderr.splitlines()) == 1, stderr
    for part in message:
        assert part in stderr


# --- bad input: one line, exit code 2, nothing lost

BAD = [  # command line, what the message must hold
    ("", ["COMMAND", "animegan --help"]),
    ("paint", ["invalid choice: 'paint'", "pack"]),
    ("pack", ["required: sources, --out", "animegan pack --help"]),
    ("pack pictures --out", ["--out: expected one argument"]),
    ("pack pictures --out earlier.h5 --colour", ["unrecognized arguments: --colour"]),
    ("pack gone --out earlier.h5", ["a folder, a zip or tar archive", "Received: gone"]),
    ("pack letter.zip --out earlier.h5", ["Received: letter.zip (11 bytes that are none of these)"]),
    ("pack foreign.h5 --out earlier.h5", ["made by `animegan pack`", "foreign.h5", "format is not stated"]),
    ("pack pictures --out earlier.h5 --size 33", ["size must be 32, 64, 96 or 128", "Received: 33"]),
    ("pack pictures --out earlier.h5 --size big", ["--size: invalid int value: 'big'"]),
    ("pack pictures --out letter.txt/faces.h5", ["must be a file that can be written", "letter.txt/faces.h5"]),
    ("pack pictures --out pictures", ["Received: pictures (it is a folder)"]),
    ("pack pictures --out earlier.h5 --tags gone.csv", ["tags must be in a CSV", "gone.csv"]),
    ("pack pictures --out earlier.h5 --tags letter.txt", ["a column 'file'", "letter.txt with Dear reader"]),
    ("inspect gone.h5", ["Received: gone.h5 (no such file)"]),
    ("inspect foreign.h5 --json", ["foreign.h5", "its format is not stated"]),
    ("inspect letter.txt", ["no packed face file"]),
    ("inspect pictures", ["Received: pictures (a folder)"]),
    ("inspect faces.h5 --tag hiar=red", ["a tag must be one of", "eyes, ", "hair, ", "Received: hiar"]),
    ("inspect faces.h5 --tag hair=rde", ["hair must be one of", "black, ", "Received: rde"]),
    ("inspect faces.h5 --tag hair", ["TAG=VALUE, such as hair=blonde", "Received: hair"]),
    ("inspect faces.h5 --grid earlier.txt", ["must end in .png, .jpg or .webp"]),
    ("inspect faces.h5 --grid letter.txt/a.png", ["must be a file that can be written"]),
    ("inspect faces.h5 --count 0", ["count must be 1 or more"]),
    ("inspect faces.h5 --grid earlier.png --seed -1", ["--seed: it must be a whole number, 0 or more. Received: -1"]),
    ("draw --out earlier.h5 --size 50", ["size must be 32, 64, 96 or 128", "Received: 50"]),
    ("draw --out earlier.h5 --count 0", ["count must be 1 or more"]),
    ("draw --out earlier.h5 --count 5 --seed -1", ["--seed: it must be a whole number, 0 or more"]),
    ("draw --out earlier.h5 --count many", ["--count: invalid int value: 'many'"]),
    ("draw --out letter.txt/a.h5 --count 5", ["must be a file that can be written"]),
    ("draw --out letter.txt --scenes 1", ["must be a folder that can be written to"]),
    ("draw --out scenes --scenes 0", ["count must be 1 or more"]),
    ("fetch faces --out new", ["a handle must be OWNER/NAME", "Received: faces"]),
    ("fetch a/b --out letter.txt", ["must be a folder that can be written to"]),
    ("fetch a/b --out pictures", ["must be a new or empty folder", "pictures, which holds"]),
    ("fetch a/b --out new --patience 0", ["patience must lie in 0 to 1,000,000"]),
    ("fetch a/b --out new --patience 1e11", ["patience must lie in 0 to 1,000,000"]),
    ("fetch a/b --out new --patience nan", ["patience must lie in 0 to 1,000,000"]),
    ("fetch a/b --out new --most-bytes 0", ["--most-bytes: it must be a whole number, 1 or more"]),
    ("crop gone --out crops", ["must be a folder or a picture file", "gone"]),
    ("crop empty --out crops", ["there must be a picture", "empty"]),
    ("crop letter.txt --out crops", ["there must be a picture", "letter.txt"]),
    ("crop plain --out letter.txt", ["must be a folder that can be written to"]),
    ("crop plain --out crops --size 5", ["must lie in 16 to 512", "Received: 5"]),
    ("crop plain --out crops --detector eye", ["animeface, lbp", "Received: eye"]),
    ("crop plain --out crops --detector lbp --cascade letter.txt", ["cascade", "letter.txt"]),
    ("train gone.h5 --out new", ["Received: gone.h5 (no such file)"]),
    ("train foreign.h5 --out new", ["its format is not stated"]),
    (
        "train faces.h5 --out new --batch 201",
        ["at least a batch of 201 pictures", "Received: 181, after 19 were held out"],
    ),
    ("train faces.h5 --out new --batch 0", ["--batch: it must be a whole number, 1 or more"]),
    ("train faces.h5 --out new --images 0", ["images must be more than 0"]),
    ("train faces.h5 --out new --recipe best", ["recipe must be", "Received: best"]),
    ("train faces.h5 --out letter.txt", ["must be a folder that can be written to"]),
    ("train faces.h5 --out run", ["--resume goes on with it", "Received: run"]),
    ("train faces.h5 --out run --resume --seed 5", ["settings of run", "seed 5 instead of 0"]),
    ("train faces.h5 --out run --resume --width 8", ["settings of run", "width 8 instead of 64"]),
    ("sample gone --out new.png", ["made by `animegan train`", "Received: gone (no such folder)"]),
    ("sample pictures --out new.png", ["made by `animegan train`", "pictures (its config.json is missing"]),
    ("sample run --out new.txt", [".png, .jpg, .webp or .h5", "new.txt"]),
    ("sample run --out new.png --count 0", ["count must be 1 or more"]),
    ("sample run --out new.png --truncation nan", ["--truncation: it must be a number, 0 or more. Received: nan"]),
    ("evaluate run faces.h5 --truncation -1", ["--truncation: it must be a number, 0 or more. Received: -1"]),
    ("walk run --out new.gif --truncation far", ["--truncation: it must be a number, 0 or more. Received: far"]),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=[line or "nothing" for line, _ in BAD])
def test_bad_input_is_one_line_and_nothing_is_lost(work, capsys, line, message):
    before = contents()
    check_failure(main(line.split()), *capsys.readouterr(), message)
    assert contents() == before


SLOW_TO_SHOW = [  # found only at work, after a progress bar was made
    ("pack faces.h5 --out earlier.h5 --most-members 199", ["at most 199 members (--most-members)", "Received: 200"]),
    ("pack empty --out earlier.h5", ["a source must hold pictures", "empty, which holds none"]),
    ("pack pictures unreadable --out earlier.h5", ["a source must hold readable pictures", "a.jpg"]),
    ("pack pictures --out earlier.h5 --tags tags.csv", ["tags.csv must name pictures of the sources"]),
    ("crop plain/sky.png --out crops --json", ["there must be a face", "no face was found in 1 pictures"]),
]


@pytest.mark.parametrize(("line", "message"), SLOW_TO_SHOW, ids=[line for line, _ in SLOW_TO_SHOW])
def test_bad_input_in_a_process_of_its_own_is_one_line(work, line, message):
    before = contents()
    run = subprocess.run([sys.executable, "-m", "animegan", *line.split()], capture_output=True, text=True)
    check_failure(run.returncode, run.stdout, run.stderr, message)
    assert contents() == before


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (OSError(28, "No space left on device", "run/a.h5"), 1, "animegan: No space left on device: run/a.h5\n"),
        (FloatingPointError("losses must stay finite"), 1, "losses must stay finite"),
        (InputError("two\nlines"), 2, "two lines"),
    ],
)
def test_each_kind_of_failure_has_its_exit_code(work, capsys, monkeypatch, failure, code, message):
    def fail(*_, **__):
        raise failure

    monkeypatch.setattr("animegan.faces.packing.pack", fail)
    assert main(["pack", "pictures", "--out", "new.h5"]) == code
    stderr = capsys.readouterr().err
    assert message in stderr and stderr.count("\n") == 1


# --- results


def result_of(capsys, line):
    """What a command that must succeed prints with --json."""
    assert main([*line.split(), "--json"]) == 0
    stdout = capsys.readouterr().out
    assert stdout.count("\n") == 1
    return json.loads(stdout)


def test_pack_prints_what_it_packed(work, capsys):
    result = result_of(capsys, "pack pictures unreadable/../pictures faces.h5 --out new.h5 --size 32")
    assert (result["pictures"], result["duplicates"], result["skipped"]) == (202, 2, 0)
    assert result["out"] == "new.h5"
    assert len(FaceSet("new.h5")) == 202


def test_pack_counts_what_it_skipped(work, capsys):
    Path("pictures/bad.jpg").write_bytes(b"")
    result = result_of(capsys, "pack pictures --out new.h5")
    assert (result["pictures"], result["skipped"]) == (2, 1)
    assert list(result["skipped_files"]) == ["pictures/bad.jpg"]


def test_a_name_that_stdout_has_no_letters_for_is_printed_in_others(work):
    Path("pictures/顔.jpg").write_bytes(b"")
    line = [sys.executable, "-m", "animegan", "pack", "pictures", "--out", "new.h5"]
    paths = {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(line, capture_output=True, env=os.environ | paths)
    assert done.returncode == 0 and rb"pictures/\u9854.jpg" in done.stdout


def test_pack_takes_tags(work, capsys):
    Path("tags.csv").write_text("file,hair\na.png,red\n")
    assert result_of(capsys, "pack pictures --out new.h5 --tags tags.csv")["tagged"] == 1
    assert result_of(capsys, "inspect new.h5")["tags"] == {"hair": {"red": 1}}


def test_draw_prints_how_many_faces(work, capsys):
    result = result_of(capsys, "draw --count 3 --size 32 --seed 4 --out new.h5")
    assert result == {"pictures": 3, "duplicates": 0, "out": "new.h5"}


def test_draw_makes_scenes(work, capsys):
    result = result_of(capsys, "draw --scenes 1 --out scenes")
    boxes = json.loads(Path("scenes/faces.json").read_text())
    assert list(boxes) == ["scenes/scene_0000.jpg"] and Path("scenes/scenes/scene_0000.jpg").exists()
    assert result == {"scenes": 1, "faces": len(boxes["scenes/scene_0000.jpg"]), "out": "scenes"}


def test_crop_prints_scenes_and_faces_and_pack_takes_its_crops(work, capsys):
    image = np.full((192, 192, 3), 235, np.uint8)
    image[48:144, 48:144] = draw_face(random_character(np.random.default_rng(0)), 96)
    save(image, "plain/park.png")
    result = result_of(capsys, "crop plain --out crops --workers 1")
    assert (result["scenes"], result["faces"], result["out"]) == (3, 1, "crops")
    packed = result_of(capsys, "pack crops --out new.h5")
    assert (packed["pictures"], packed["tagged"]) == (1, 1)
    assert set(result_of(capsys, "inspect new.h5")["tags"]) == {"hair", "eyes"}


def test_inspect_counts_tags(work, capsys):
    result = result_of(capsys, "inspect faces.h5")
    assert (result["pictures"], result["size"], result["selected"]) == (200, 32, 200)
    assert sum(result["tags"]["hair"].values()) == 200
    hair, count = next(iter(result["tags"]["hair"].items()))
    assert result_of(capsys, f"inspect faces.h5 --tag hair={hair}")["selected"] == count


def test_inspect_draws_a_sheet_of_the_selected(work, capsys):
    hair, count = list(result_of(capsys, "inspect faces.h5")["tags"]["hair"].items())[-1]
    result_of(capsys, f"inspect faces.h5 --tag hair={hair} --grid few.png")
    assert decode(Path("few.png").read_bytes()).shape == (-(-count // 10) * 34 + 2, min(count, 10) * 34 + 2, 3)


def test_the_seed_chooses_the_faces_of_a_sheet(work, capsys):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        result_of(capsys, f"inspect faces.h5 --count 9 --seed {seed} --grid {name}.png")
    first, again, other = (Path(f"{name}.png").read_bytes() for name in "abc")
    assert first == again != other


def test_a_sheet_needs_a_face(work, capsys, picture):
    Path("tags.csv").write_text("file,hair,eyes\na.png,red,\nb.png,,blue\n")
    result_of(capsys, "pack pictures --out new.h5 --tags tags.csv")
    line = "inspect new.h5 --tag hair=red --tag eyes=blue --grid earlier.png"
    before = contents()
    check_failure(main(line.split()), *capsys.readouterr(), ["at least one face", "none with hair=red and eyes=blue"])
    assert contents() == before


@pytest.mark.parametrize("also", [[], ["--json"]])
def test_train_passes_its_options_on(work, capsys, monkeypatch, also):
    calls = []
    monkeypatch.setattr(
        "animegan.gan.training.train", lambda *words, **named: calls.append((words, named)) or {"images": 7}
    )
    words = "--images 70 --minutes 2.5 --width 8 --batch 4 --seed 3 --report-images 9 --memory 5 --tag hair=red"
    assert main(["train", "faces.h5", "--out", "new", *words.split(), *also]) == 0
    ((faces, out, chosen), named), *_ = calls
    assert (faces, out, chosen.width, chosen.batch) == (Path("faces.h5"), Path("new"), 8, 4)
    amounts = {"images": 70, "minutes": 2.5, "report_images": 9, "memory": 5}
    assert named == amounts | {"resume": False, "seed": 3, "distribute": False, "tags": ["hair=red"]}
    assert capsys.readouterr().out == ('{"images": 7}\n' if also else f"{'images':22} 7\n")


def test_train_takes_any_setting_of_a_recipe(work, monkeypatch):
    calls = []
    monkeypatch.setattr("animegan.gan.training.train", lambda *words, **named: calls.append(words) or {})
    words = "--recipe modern --set flip=false --set spectral=4 --set learning_rate=4e-4 --set loss=relativistic"
    assert main(["train", "faces.h5", "--out", "new", *words.split()]) == 0
    ((*_, chosen),) = calls
    changes = {"flip": False, "spectral": 4.0, "learning_rate": 4e-4, "loss": "relativistic"}
    assert chosen == dataclasses.replace(recipe("modern"), **changes)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("speed=3", "a setting must be one of latent_width, width, generator_width, batch, "),
        ("name=mine", "a setting must be one of latent_width, "),
        ("spectral", "spectral must be a number. Received: "),
        ("resize=True", "resize must be true or false. Received: True"),
        ("batch=1.5", "batch must be a whole number. Received: 1.5"),
        ("batch=0", "batch must be 1 or more. Received: 0"),
        ("decay=-1", "decay must be 0 or more. Received: -1"),
        ("penalty=nan", "penalty must be 0 or more. Received: nan"),
        ("learning_rate=fast", "learning_rate must be a number. Received: fast"),
        ("learning_rate=0", "learning_rate must be more than 0. Received: 0.0"),
        ("average=1", "average must be 0 or more, and less than 1. Received: 1.0"),
        ("loss=hinge", f"loss must be {' or '.join(LOSSES)}. Received: hinge"),
    ],
)
def test_a_setting_that_is_none_is_refused(word, sentence):
    with pytest.raises(InputError) as caught:
        recipe("modern").set(word)
    assert str(caught.value).startswith(sentence)


def test_settings_that_there_are_no_more_are_refused_where_a_run_used_them():
    assert Recipe.read({"width": 8, "blocks": 0}) == Recipe(width=8)
    with pytest.raises(InputError, match=r"this version of animegan knows\. Received: blocks"):
        Recipe.read({"width": 8, "blocks": 1})


def test_resume_keeps_the_settings_that_are_not_named(work, monkeypatch):
    calls = []
    monkeypatch.setattr("animegan.gan.training.train", lambda *words, **named: calls.append((words, named)) or {})
    other = dataclasses.replace(recipe("classic"), width=16, batch=32)
    make_run("other", "faces.h5", recipe=dataclasses.asdict(other), seed=9, report_images=640)
    assert main(["train", "faces.h5", "--out", "other", "--resume", "--images", "90"]) == 0
    ((_, _, chosen), named), *_ = calls
    assert chosen == other
    assert (named["seed"], named["report_images"], named["resume"]) == (9, 640, True)


def test_sample_passes_its_options_on(work, capsys, monkeypatch):
    monkeypatch.setattr("animegan.gan.sampling.sample", lambda *words: {"words": [*map(str, words)]})
    command = "sample run --out new.png --count 7 --seed 3 --truncation 0.8"
    assert result_of(capsys, command) == {"words": ["run", "new.png", "7", "3", "0.8"]}


def test_evaluate_passes_its_truncation_on(work, capsys, monkeypatch):
    monkeypatch.setattr("animegan.gan.evaluation.evaluate", lambda *_, truncation, **__: {"truncation": truncation})
    assert result_of(capsys, "evaluate run faces.h5 --truncation 0.8") == {"truncation": 0.8}


def test_without_json_the_results_are_lines_of_words(work, capsys):
    assert main(["inspect", "faces.h5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "pictures               200" in lines
    assert any(line.startswith("hair ") and "black" in line for line in lines)


@pytest.mark.parametrize("words", [["--help"], *([command, "--help"] for command in COMMANDS)], ids=" ".join)
def test_help_is_no_error(capsys, words):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    assert " ".join(["usage: animegan", *words[:-1]]) in capsys.readouterr().out


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0 and capsys.readouterr().out == f"{__version__}\n"


def test_long_work_shows_its_rate_and_the_time_left(work):
    line = "draw --count 64 --size 32 --out new.h5 --json"
    shown = {"TQDM_DELAY": "0", "TQDM_MININTERVAL": "0"}  # as if it took long
    run = subprocess.run(
        [sys.executable, "-m", "animegan", *line.split()], capture_output=True, text=True, env=os.environ | shown
    )
    assert json.loads(run.stdout)["pictures"] == 64
    assert "drawing: 100%" in run.stderr and "face/s]" in run.stderr and "<00:00" in run.stderr


def test_a_log_does_not_fill_with_bars(work):
    line = "draw --count 400 --size 32 --out new.h5"
    run = subprocess.run(
        [sys.executable, "-m", "animegan", *line.split()],
        capture_output=True,
        text=True,
        env=os.environ | {"TQDM_DELAY": "0"},
    )
    assert 1 <= run.stderr.count("drawing:") <= 3  # every tenth of a second it would be ten and more


def test_a_killed_pack_leaves_the_earlier_output(work, picture):
    with zipfile.ZipFile("many.zip", "w") as archive:
        for seed in range(600):
            archive.writestr(f"{seed}.png", encode(picture(seed)))
    code = (
        "import os, signal; from animegan.cli import main; from animegan.faces.packed import FaceWriter\n"
        "add = FaceWriter.add\n"
        "def add_and_die(self, *block):\n"
        "    add(self, *block); self._file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
        "FaceWriter.add = add_and_die\n"
        "main(['pack', 'many.zip', '--out', 'earlier.h5', '--size', '32'])"
    )
    before = contents()
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == -9
    after = {name: data for name, data in contents().items() if TEMPORARY not in name}
    assert after == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a file")
@pytest.mark.parametrize("room", [0, 5_000, 600_000, -1])
def test_a_pack_that_finds_the_disk_full_is_one_line_and_leaves_the_earlier_output(work, room):
    """The limit on a file's size fails like a full disk, in bytes; at -1 only the last one has no room."""
    import resource

    line = [sys.executable, "-m", "animegan", "pack", "faces.h5", "pictures", "--size", "32", "--out"]
    assert subprocess.run([*line, "new.h5"], capture_output=True).returncode == 0
    size = Path("new.h5").stat().st_size if room < 0 else 0
    before = contents()
    run = subprocess.run(
        [*line, "earlier.h5"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, size + room)),
    )
    assert (run.returncode, run.stderr) == (1, "animegan: File too large: earlier.h5\n")
    assert contents() == before


# --- the profile


@pytest.fixture
def fresh_profile():
    settings.profile.cache_clear()
    yield
    settings.profile.cache_clear()


@pytest.mark.parametrize("name", ["tiny", "laptop", "full"])
def test_the_environment_names_the_profile(fresh_profile, monkeypatch, name):
    monkeypatch.setenv("ANIMEGAN_PROFILE", name)
    assert settings.profile().name == name


@pytest.mark.parametrize(("gpu", "name"), [(True, "full"), (False, "laptop")])
@pytest.mark.parametrize("unset", [True, False])
def test_unset_the_profile_follows_the_machine(fresh_profile, monkeypatch, gpu, name, unset):
    monkeypatch.delenv("ANIMEGAN_PROFILE", raising=False) if unset else monkeypatch.setenv("ANIMEGAN_PROFILE", "")
    monkeypatch.setattr(settings, "has_gpu", lambda: gpu)
    assert settings.profile().name == name


def test_another_profile_is_bad_input(fresh_profile, monkeypatch):
    monkeypatch.setenv("ANIMEGAN_PROFILE", "huge")
    with pytest.raises(InputError, match=r"must be tiny, laptop, full or unset\. Received: huge"):
        settings.profile()


@pytest.mark.parametrize("profile", settings.PROFILES.values(), ids=settings.PROFILES)
def test_every_profile_can_be_packed_and_trained(profile):
    assert settings.check_size(profile.size) == profile.size
    assert settings.PROFILES[profile.name] is profile
    assert profile.report_images <= profile.train_images and profile.faces >= recipe("classic").batch


@pytest.mark.parametrize(("script", "found"), [("echo 'GPU 0: H100'", True), ("exit 9", False), ("echo none", False)])
def test_a_gpu_is_one_that_the_driver_lists(tmp_path, monkeypatch, script, found):
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert settings.has_gpu.__wrapped__() is found


def test_without_a_driver_there_is_no_gpu(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert settings.has_gpu.__wrapped__() is False
