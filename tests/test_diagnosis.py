"""Failures are named, with their numbers, and healthy runs are not."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from animegan.faces.drawn import pack_drawn
from animegan.faces.packed import FaceSet, FaceWriter
from animegan.files import InputError
from animegan.gan import diagnosis, signs
from animegan.gan.diagnosis import ADVICE, diagnose
from animegan.gan.engine import layers, ops
from animegan.gan.failures import frozen_batch_norm, narrow_generator, repeat_pictures, uneven_kernel
from animegan.gan.finding import pretrained_names
from animegan.gan.generating import draw_latents
from animegan.gan.live import show_runs
from animegan.gan.networks import build_discriminator, build_generator
from animegan.gan.recipes import Recipe
from animegan.gan.runs import COLUMNS, Run
from animegan.gan.training import train

RECIPE = Recipe(width=4, batch=16, latent_width=8)
HEALTHY = {"discriminator_loss": (0.3, 0.45), "generator_loss": (3.0, 2.3), "real_score": (0.9, 0.8)}
BEATEN = {"discriminator_loss": (0.6, 0.02), "generator_loss": (1.8, 9.0), "real_score": (0.9, 0.99)}


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A packed file of 400 drawn faces at 32 pixels: about 40 are held out."""
    path = tmp_path_factory.mktemp("many") / "faces.h5"
    pack_drawn(path, count=400, size=32, seed=3, progress=False)
    return path


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """256 other drawn faces: uint8."""
    path = tmp_path_factory.mktemp("others") / "faces.h5"
    pack_drawn(path, count=256, size=32, seed=4, progress=False)
    with FaceSet(path) as data:
        return data.images()


@pytest.fixture
def fabricate(tmp_path):
    """Function that writes a run: with these losses from first to last, and a generator whose batch norm has moved."""

    def make(losses=HEALTHY, steps=2_000, recipe=RECIPE, moved=True, reports=8):
        config = {"size": 32, "recipe": dataclasses.asdict(recipe), "seed": 0, "report_images": 16, "data": {}}
        run = Run.create(tmp_path / "run", config)
        places = np.linspace(0, 1, reports)
        values = {name: np.interp(places, (0, 1), ends) for name, ends in losses.items()}
        values["step"] = np.linspace(steps / reports, steps, reports).round().astype(int)
        values["images"] = 16 * values["step"]
        run.write_metrics(
            [{name: values[name][row] if name in values else 0.1 for name in COLUMNS} for row in range(reports)]
        )
        generator = build_generator(32, 4, 8)
        if moved:
            generator(draw_latents(16, 8), training=True)
        run.save_generator(generator)
        return run

    return make


@pytest.fixture
def paint(monkeypatch, real):
    """Function that lets every generator make these pictures; thumbnails stand in for the face network."""
    scale = diagnosis.APART_32 / signs.nearest_other(signs.thumbnails(real))
    monkeypatch.setattr(diagnosis, "load_features", lambda name: lambda images: scale * signs.thumbnails(images))
    return lambda pictures: monkeypatch.setattr(diagnosis, "generate", lambda *_: pictures)


def named(findings):
    return [finding.name for finding in findings]


def dotted(pictures, height=60):
    """With a grid of dots, as a stride of 2 leaves it."""
    dots = np.zeros(pictures.shape[1:], int)
    dots[::2, ::2] = height
    return np.clip(pictures + dots, 0, 255).astype(np.uint8)


def alike(pictures):
    """Ten others, again and again."""
    return pictures[np.arange(len(pictures)) % 10]


def test_a_healthy_run_has_nothing(fabricate, paint, many, real):
    paint(real)
    run = fabricate()
    assert diagnose(run, many) == [] and diagnose(run) == []


@pytest.mark.parametrize("name", pretrained_names())
def test_pretrained_generators_are_healthy(name):
    """By the face network itself."""
    assert diagnose(name) == []


def test_the_pretrained_generator_without_variety_is_not(monkeypatch):
    latents = draw_latents(256, 100)
    monkeypatch.setattr(diagnosis, "draw_latents", lambda *_: latents[0] + 0.2 * latents)
    assert "mode collapse" in named(diagnose("drawn-faces"))


def test_faces_that_are_all_alike_are_mode_collapse(fabricate, paint, many, real):
    paint(alike(real))
    run = fabricate()
    assert named(diagnose(run, many)) == named(diagnose(run)) == ["mode collapse"]


def test_dots_are_a_checkerboard(fabricate, paint, many, real):
    paint(dotted(real))
    run = fabricate()
    assert named(diagnose(run, many)) == named(diagnose(run)) == ["checkerboard"]


def test_dots_of_real_faces_are_none_of_the_generators(fabricate, paint, real, tmp_path):
    with FaceWriter(tmp_path / "dotted.h5", 32, {}) as writer:
        writer.add(dotted(real[::-1]), [str(index) for index in range(len(real))], [{}] * len(real))
    paint(dotted(real))
    assert "checkerboard" not in named(diagnose(fabricate(), tmp_path / "dotted.h5"))


def test_the_first_steps_are_not_judged(fabricate, paint, real):
    paint(dotted(alike(real)))
    assert diagnose(fabricate(BEATEN, steps=100)) == []  # nor are losses, which have not come to rest


def test_faces_of_one_tag_are_not_compared_with_those_of_all(fabricate, paint, real):
    paint(alike(real))
    run = fabricate()
    assert named(diagnose(run)) == ["mode collapse"]
    run.config["tags"] = ["hair=blonde"]
    assert diagnose(run) == []


def test_losses_that_drift_apart_are_a_discriminator_that_wins(fabricate, paint, real):
    paint(real)
    (finding,) = diagnose(fabricate(BEATEN))
    assert finding.name == "discriminator too strong"
    assert "limit 0.14" in finding.evidence and "was 1.8 at first and is 8.5" in finding.evidence


def test_the_limit_of_paired_losses_is_half(fabricate, paint, real):
    paint(real)
    recipe = dataclasses.replace(RECIPE, loss="relativistic")
    assert diagnose(fabricate(BEATEN | {"discriminator_loss": (0.1, 0.1)}, recipe=recipe)) == []


def test_untouched_statistics_are_frozen_and_hide_the_rest(fabricate, paint, many, real):
    paint(alike(real))
    assert named(diagnose(fabricate(BEATEN, moved=False), many)) == ["frozen batch norm"]


def test_copies_in_the_data_are_counted(fabricate, paint, many, real, tmp_path):
    made = repeat_pictures(many, tmp_path / "few.h5", count=150, times=2)
    assert made == {"pictures": 300, "distinct": 150}
    paint(real)
    (finding,) = diagnose(fabricate(), tmp_path / "few.h5")
    assert finding.name == "duplicates" and "50% of the" in finding.evidence


def test_held_out_pictures_that_were_trained_on_are_a_leak(fabricate, paint, many, real, tmp_path):
    repeat_pictures(many, tmp_path / "held_out.h5", count=100, times=1)
    paint(real)
    (finding,) = diagnose(fabricate(), many, held_out=tmp_path / "held_out.h5")
    assert finding.name == "leak" and "100% of 100" in finding.evidence


@pytest.mark.parametrize("mirrored", [False, True])
def test_training_pictures_repeated_are_memorisation(fabricate, paint, many, tmp_path, mirrored):
    repeat_pictures(many, tmp_path / "few.h5", count=120, times=1)
    with FaceSet(tmp_path / "few.h5") as data:
        images = data.images(data.split()[0])
    paint(images[:, :, ::-1] if mirrored else images)
    (finding,) = diagnose(fabricate(), tmp_path / "few.h5")
    assert finding.name == "memorisation" and "0.00 times" in finding.evidence


def test_pictures_of_another_size_are_refused(fabricate, tmp_path):
    with FaceWriter(tmp_path / "large.h5", 64, {}) as writer:
        writer.add(np.zeros((1, 64, 64, 3), np.uint8), ["a"], [{}])
    with pytest.raises(InputError, match="the generator's size, 32 pixels"):
        diagnose(fabricate(), tmp_path / "large.h5")


@pytest.mark.parametrize(
    ("fault", "expected"), [(None, []), (frozen_batch_norm(), ["frozen batch norm"]), (uneven_kernel(5), [])]
)
def test_a_run_of_few_steps_tells_a_frozen_batch_norm(many, tmp_path, fault, expected):
    train(many, tmp_path / "run", RECIPE, images=96, report_images=16, start=fault, progress=False)
    assert named(diagnose(tmp_path / "run")) == expected


def test_an_uneven_kernel_is_in_every_transposed_convolution():
    generator, _ = uneven_kernel(5)(build_generator(32, 4, 8), None)
    sizes = [layer.kernel_size for layer in generator.layers if isinstance(layer, layers.Conv2DTranspose)]
    assert sizes == [(5, 5)] * 3 and generator.output_shape == (None, 32, 32, 3)


def test_a_narrow_generator_fits_the_same_latents():
    discriminator = build_discriminator(32, 8)
    generator, other = narrow_generator(2)(build_generator(32, 8, 8), discriminator)
    assert other is discriminator
    assert generator.input_shape == (None, 8) and generator.output_shape == (None, 32, 32, 3)
    assert generator.count_params() < build_generator(32, 8, 8).count_params() / 4


def test_a_run_cannot_go_on_without_its_fault(many, tmp_path):
    settings = {"images": 32, "report_images": 16, "progress": False, "resume": True}
    train(many, tmp_path / "run", RECIPE, start=narrow_generator(2), **settings)
    with pytest.raises(InputError, match="start's method"):
        train(many, tmp_path / "run", RECIPE, **settings)


def test_each_advice_names_a_section_of_the_notebook():
    path = Path(__file__).parents[1] / "notebooks" / "06_when_training_fails.ipynb"
    text = "".join("".join(cell["source"]) + "\n" for cell in json.loads(path.read_text())["cells"])
    for _, section in ADVICE.values():
        assert f"\n## {section}\n" in text, section


def test_the_end_of_a_run_is_a_mean():
    rows = [dict.fromkeys(signs.REPORTED, value) for value in (1, 3, 9, 9, 9, 9, 5, 7)]
    first, last = signs.drift(rows)
    assert set(first.values()) == {1} and set(last.values()) == {6.0}
    assert signs.drift(rows[:1])[0] == signs.drift(rows[:1])[1]


def test_a_spectrum_finds_the_period():
    stripes = np.zeros((1, 32, 32, 3), np.uint8)
    for period, wave in ((2, 16), (4, 8), (8, 4)):
        stripes[:] = (np.arange(32) % period < period / 2)[None, None, :, None] * 200
        assert signs.spectrum(stripes).argmax() == wave - 1
    assert signs.spectrum(stripes).sum() == pytest.approx(1)


def test_a_checkerboard_grows_with_its_dots(real):
    peaks = [signs.checkerboard(dotted(real, height)) for height in (0, 15, 60)]
    assert peaks[0] < 1.5 and peaks[0] < peaks[1] < peaks[2]


def test_the_nearest_other_is_not_the_picture_itself():
    assert signs.nearest_other([[0.0], [1.0], [3.0]]) == 1.0
    assert signs.nearest_other([[2.0, 2.0]] * 3) == 0.0


def test_memorisation_is_a_share_of_what_is_usual():
    known, held_out = np.arange(0.0, 50)[:, None], np.arange(0.5, 50)[:, None]
    assert signs.memorisation(held_out, known, held_out) == 1.0
    assert signs.memorisation(known, known, held_out) == 0.0
    assert signs.memorisation(known + 0.25, known, held_out[:3]) == 0.25  # training pictures are 1 apart


def test_copies_are_found_among_the_earlier_and_among_others(real):
    twice = np.concatenate([real[:5], real[3:8]])
    assert np.flatnonzero(signs.copies(twice)).tolist() == [5, 6]
    assert signs.copies(real[:4], real[2:9]).tolist() == [False, False, True, True]


def test_kernel_five_covers_unevenly():
    ones = np.ones((1, 8, 8, 1), np.float32), np.ones((5, 5, 1, 1), np.float32)
    covered = ops.convert_to_numpy(ops.conv_transpose(*ones, strides=2, padding="same"))[0, 4:-4, 4:-4, 0]
    assert np.unique(covered).tolist() == [4, 6, 9]


def test_runs_are_drawn_on_one_scale(many, tmp_path):
    for name, images, report_images in (("one", 48, 16), ("other", 112, 48)):
        train(many, tmp_path / name, RECIPE, images=images, report_images=report_images, progress=False)
    made = show_runs({name: Run(tmp_path / name) for name in ("one", "other")})
    losses, faces = made.axes[0::2], made.axes[1::2]
    assert losses[0].get_xlim() == losses[1].get_xlim() and losses[0].get_ylim() == losses[1].get_ylim()
    assert [line.get_xdata().tolist() for axes in losses for line in axes.lines[:1]] == [[1, 2, 3], [3, 6]]
    assert Run(tmp_path / "other").metrics()[-1]["step"] == 7  # a report over one step is left out
    assert [axes.get_title(loc="left") for axes in faces] == ["one, after 3 steps", "other, after 7 steps"]
    assert [len(axes.lines) for axes in losses] == [2, 2] and [len(axes.images) for axes in faces] == [1, 1]
