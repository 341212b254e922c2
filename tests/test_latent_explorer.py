import asyncio
import hashlib
import re

import cv2
import numpy as np
import pytest
from PIL import Image

from animegan.cli import main
from animegan.controls import Picture
from animegan.files import InputError
from animegan.gan.dcgan import build_networks
from animegan.gan.features import load_face_network
from animegan.gan.finding import find_run, pretrained_names
from animegan.gan.generating import draw_latents, generate
from animegan.gan.networks import build_generator
from animegan.gan.runs import Run
from animegan.gan.transfer import Start
from animegan.latent import explore, movies, named
from animegan.latent.explorer import BLEND, PAUSE, TRUNCATION, Explorer
from animegan.latent.fast import FastGenerator
from animegan.latent.movies import write_movie
from animegan.latent.saving import STRIP, strip_latents, there_and_back
from animegan.latent.state import History, Place, from_text, to_text
from animegan.latent.tagged import judge
from animegan.pictures import decode, sheet

WIDTH = 10


@pytest.fixture(scope="module")
def generator():
    made = build_generator(32, width=4, latent_width=WIDTH)
    for weight in made.trainable_variables:  # larger than training begins with: faces that differ
        weight.assign(8 * np.asarray(weight) if len(weight.shape) > 1 else np.asarray(weight))
    return made


@pytest.fixture
def directions():
    names = ["hair=red", "hair=blue", "eyes=green"]
    return named.Directions(dict(zip(names, np.eye(WIDTH, dtype=np.float32), strict=False)))


@pytest.fixture
def explorer(generator, directions, tmp_path):
    return Explorer(generator, directions, "test", folder=tmp_path)


@pytest.fixture
def run(tmp_path, generator, directions):
    made = Run.create(tmp_path / "run", {"size": 32})
    made.save_generator(generator)
    digest = hashlib.sha256(made.generator_path.read_bytes()).hexdigest()
    named.write_directions(made.folder / named.FILE, digest, directions)
    return made.folder


def set_slider(explorer, name, value):
    """What the page does: the whole dict, with one value changed."""
    explorer.sliders.values = {**explorer.sliders.values, name: value}


def test_the_fast_generator_makes_the_same_faces(generator):
    fast, latents = FastGenerator(generator), draw_latents(30, WIDTH)
    expected = generate(generator, latents).astype(int)
    for count in (1, 3, 8, 25, 30):
        assert np.abs(fast(latents[:count]).astype(int) - expected[:count]).max() <= 1
    assert np.array_equal(fast(latents[0]), fast(latents[:1])[0])


def test_a_place_adds_truncates_and_blends(directions):
    base, other = draw_latents(2, WIDTH)
    place = Place(base, "face", amounts={"hair=red": 2.0}, strength=0.5, other=other)
    assert np.allclose(place.latent(directions), 0.5 * (base + 2 * directions["hair=red"]))
    blended = Place(base, "face", other=other, share=1.0)
    assert np.allclose(blended.latent(directions), other, atol=1e-6)
    assert np.allclose(blended.edited(directions), base)


def test_changes_in_words():
    place = Place(np.zeros(3), "face 1", {"a": 0.5, "b": -2.0, "c": 0.0}, strength=0.8, other=np.ones(3), share=0.25)
    assert place.words() == "face 1: b −2.0, a +0.5, truncated to 80%, blended 25% of the way to face B"
    assert Place(np.zeros(3), "face 1").words() == "face 1: as it was"


def test_undo_takes_back_a_whole_drag():
    first = Place(np.zeros(2), "start")
    history = History(first)
    for amount in (0.1, 0.2, 0.3):
        history.go(history.place.with_amount("a", amount), "a")
    history.go(history.place.with_amount("b", 1), "b")
    assert history.undo().amounts == {"a": 0.3}
    assert history.undo() is first
    assert history.undo() is first


def test_an_undo_closes_the_step():
    history = History(Place(np.zeros(2), "start"))
    for name, amount in (("a", 1), ("b", 1)):
        history.go(history.place.with_amount(name, amount), name)
    assert history.undo().amounts == {"a": 1}
    history.go(history.place.with_amount("a", 2), "a")
    assert history.undo().amounts == {"a": 1}
    assert history.undo().amounts == {}


def test_text_keeps_every_bit():
    latent = draw_latents(1, 100)[0]
    text = to_text(latent)
    assert np.array_equal(from_text(f"  {text[:50]}\n{text[50:]} ", 100), latent)
    for wrong in ("", "latent:", "latent:abc", text[:-8], "x" + text, to_text([np.nan] * 100)):
        with pytest.raises(InputError, match="must be a text of 100 numbers"):
            from_text(wrong, 100)


@pytest.mark.parametrize("far", [20.5, -3e38, np.nan, -np.inf])
def test_text_of_numbers_that_no_latent_has_is_an_error(far):
    latent = np.zeros(100)
    latent[7] = 20
    assert np.array_equal(from_text(to_text(latent), 100), latent)
    latent[8] = far
    with pytest.raises(InputError, match=re.escape(f"it holds {far:g}, and no latent has a number beyond ±20")):
        from_text(to_text(latent), 100)


def test_sliders_move_the_face(explorer, directions):
    start = explorer.latent
    set_slider(explorer, "hair=blue", 1.5)
    assert np.allclose(explorer.latent - start, 1.5 * directions["hair=blue"])
    assert np.array_equal(decode(explorer.face.value), explorer.picture)
    assert "hair=blue +1.5" in explorer.words.value
    set_slider(explorer, TRUNCATION, 0.0)
    assert not explorer.latent.any()
    set_slider(explorer, BLEND, 1.0)
    assert np.allclose(explorer.latent, explorer.latents[1], atol=1e-6)


def test_what_the_page_sent_is_not_sent_back(explorer):
    sent = {**explorer.sliders.values, "hair=red": 0.5}
    explorer.sliders.values = sent
    assert explorer.sliders.values == sent


def test_the_pad_moves_two_directions_and_their_sliders(explorer):
    explorer.pad.place = [1.0, -2.0]
    assert explorer.history.place.amounts == {"hair=red": 1.0, "eyes=green": -2.0}
    assert explorer.sliders.values["eyes=green"] == -2.0
    explorer.axes[1].value = "hair=blue"
    assert explorer.pad.names == ["hair=red", "hair=blue"]
    assert explorer.pad.place == [1.0, 0.0]


def test_the_pad_never_has_one_direction_twice(explorer):
    explorer.axes[0].value = "eyes=green"  # which the other axis has
    assert explorer.pad.names == [axis.value for axis in explorer.axes] == ["eyes=green", "hair=red"]
    explorer.axes[1].value = "eyes=green"
    assert explorer.pad.names == [axis.value for axis in explorer.axes] == ["hair=red", "eyes=green"]
    explorer.pad.place = [1.0, -2.0]
    assert explorer.history.place.amounts == {"hair=red": 1.0, "eyes=green": -2.0}


def test_a_pad_of_other_directions_is_another_step(explorer):
    explorer.pad.place = [1.0, 0.0]
    explorer.axes[0].value = "eyes=green"
    explorer.pad.place = [2.0, 0.0]
    explorer.buttons["Undo"].click()
    assert explorer.history.place.amounts == {"hair=red": 1.0}


def test_the_sheet_marks_the_face_that_is_steered(explorer):
    assert explorer.sheet.shown == 0
    explorer.sheet.picked = [4, 1]
    set_slider(explorer, "hair=red", 1.0)
    assert explorer.sheet.shown == 4
    explorer.buttons["Random"].click()
    assert explorer.sheet.shown == -1
    explorer.buttons["Undo"].click()
    assert explorer.sheet.shown == 4


def test_an_old_place_of_the_pad_does_not_undo_a_slider(explorer):
    explorer._settling = True  # as if the page had not heard of the slider yet
    explorer.pad.place = [0.0, 0.0]
    explorer._settling = False
    explorer.history.go(explorer.history.place.with_amount("hair=red", 3.0))
    explorer.pad.place = [0.0, 0.1]
    assert explorer.history.place.amounts["hair=red"] == 3.0


def test_pick_random_reset_and_undo(explorer):
    explorer.sheet.picked = [4, 1]
    assert np.array_equal(explorer.latent, explorer.latents[4])
    set_slider(explorer, "hair=red", 1.0)
    explorer.buttons["Reset"].click()
    assert np.array_equal(explorer.latent, explorer.latents[4])
    explorer.buttons["Undo"].click()
    assert explorer.history.place.amounts["hair=red"] == 1.0 == explorer.sliders.values["hair=red"]
    explorer.buttons["Random"].click()
    first = explorer.latent
    explorer.buttons["Random"].click()
    assert not np.array_equal(explorer.latent, first)


def test_a_latent_is_copied_and_pasted(explorer):
    set_slider(explorer, "hair=red", 1.0)
    text, latent = explorer.text.value, explorer.latent
    explorer.buttons["Random"].click()
    explorer.text.value = text
    assert np.array_equal(explorer.latent, latent)
    assert not explorer.message.value


def test_in_a_notebook_the_face_comes_first_and_the_strip_soon(explorer):
    before = explorer.strip.value

    async def move():
        for amount in (0.5, 1.5):
            set_slider(explorer, "hair=blue", amount)
            assert np.array_equal(decode(explorer.face.value), explorer.picture)
            assert f"hair=blue +{amount}" in explorer.words.value
            assert explorer.strip.value == before
        await asyncio.sleep(5 * PAUSE)

    asyncio.run(move())
    ends = explorer.latent, explorer.history.place.other
    assert np.array_equal(decode(explorer.strip.value), sheet(explorer.generate(strip_latents(*ends)), STRIP))


@pytest.mark.parametrize(("longest", "expected"), [(0.02, True), (100.0, False)])
def test_under_a_moving_finger_the_strip_waits_for_so_long(explorer, monkeypatch, longest, expected):
    monkeypatch.setattr("animegan.latent.explorer.PAUSE", 100.0)
    monkeypatch.setattr("animegan.latent.explorer.LONGEST", longest)
    drawn = []

    async def move():
        explorer.strip.observe(drawn.append, "value")
        for amount in range(1, 21):
            set_slider(explorer, "hair=blue", amount / 20)
            await asyncio.sleep(0.01)

    asyncio.run(move())
    assert bool(drawn) is expected


def test_a_message_of_one_slider_brings_no_old_values_of_others(explorer):
    """The page had not heard of the reset yet when it sent the second move."""
    explorer.sliders.set_state({"values": {"hair=blue": 1.0}, "moves": {"hair=blue": 1}})
    assert explorer.history.place.amounts == {"hair=blue": 1.0}
    explorer.buttons["Reset"].click()
    explorer.sliders.set_state(
        {"values": {"hair=blue": 1.0, "eyes=green": 0.5}, "moves": {"hair=blue": 1, "eyes=green": 1}}
    )
    assert explorer.history.place.amounts == {"eyes=green": 0.5}
    assert explorer.sliders.values["hair=blue"] == 0.0


def test_nor_does_one_of_the_pad(explorer):
    right, up = explorer.pad.names
    explorer.pad.set_state({"place": [1.0, 2.0], "moves": {right: 1, up: 1}})
    assert explorer.history.place.amounts == {right: 1.0, up: 2.0}
    explorer.buttons["Reset"].click()
    explorer.pad.set_state({"place": [1.5, 2.0], "moves": {right: 2, up: 1}})
    assert explorer.history.place.amounts == {right: 1.5}
    assert explorer.pad.place == [1.5, 0.0]


def test_errors_show_in_the_widget_and_change_nothing(explorer, monkeypatch):
    before = explorer.latent
    explorer.text.value = "<b>nonsense"
    assert 'role="alert"' in explorer.message.value and "must be a text of 10 numbers" in explorer.message.value
    assert "<b>" not in explorer.message.value
    assert np.array_equal(explorer.latent, before)
    monkeypatch.setattr(explorer, "generate", lambda latents: 1 / 0)
    explorer.sheet.picked = [1, 1]
    assert "ZeroDivisionError" in explorer.message.value


@pytest.mark.parametrize("names", [["back=long", "eyes=red", "hair=blue", "hair=red"], ["back=long"]])
def test_hair_and_eyes_come_first(generator, names):
    found = named.Directions(dict(zip(names, np.eye(WIDTH, dtype=np.float32), strict=False)))
    made = Explorer(generator, found)
    first = ["hair=blue", "eyes=red", "back=long"] if len(names) > 1 else names
    assert made.sliders.names == [*first, TRUNCATION, BLEND]
    assert made.pad.names == (2 * first)[:2]


def test_a_slider_can_be_added(explorer):
    assert explorer.more.options == ("", "hair=blue")  # the others are there
    explorer.more.value = "hair=blue"
    assert explorer.sliders.names == ["hair=red", "eyes=green", "hair=blue", TRUNCATION, BLEND]


def test_face_b_and_the_strip(explorer):
    explorer.sheet.picked = [7, 1]
    explorer.buttons["Make this face B"].click()
    explorer.sheet.picked = [2, 2]
    strip = decode(explorer.strip.value)
    assert np.array_equal(strip[2:34, 2:34], explorer.generate(explorer.latents[2]))
    assert np.abs(strip[2:34, -34:-2].astype(int) - explorer.generate(explorer.latents[7])).max() <= 2


@pytest.mark.parametrize("words", ["Save face (PNG)", "Save strip (PNG)", "Save blend (GIF)", "Save blend (MP4)"])
def test_each_file_is_saved_under_a_new_number(explorer, words, tmp_path):
    for number in (1, 2):
        explorer.buttons[words].click()
        name = re.search(r"saved .*?([a-z]+_\d+\.\w+)", explorer.message.value)[1]
        assert f"_{number:03d}." in name
        assert (tmp_path / name).stat().st_size > 100
    if name.startswith("face"):
        assert np.array_equal(decode((tmp_path / name).read_bytes()), explorer.picture)


def test_the_way_there_and_back_has_no_seam():
    path = there_and_back(*draw_latents(2, 100), frames=40)
    steps = np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1)
    assert steps[-1] < steps.max() / 4
    assert np.allclose(path[1:], path[1:][::-1], atol=1e-5)


def test_where_widgets_do_not_show_there_is_a_sheet(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == f"20 faces to pick from. {data['text/plain']}"
    assert {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"} <= set(data)
    assert decode(data["image/png"]).shape == (2 * 34 + 2, 10 * 34 + 2, 3)


def test_every_picture_has_words(explorer):
    assert all(picture.words for picture in (explorer.face, explorer.strip) if isinstance(picture, Picture))


def test_explore_opens_a_run_folder(run, capsys):
    assert list(explore(run).directions) == ["hair=red", "hair=blue", "eyes=green"]
    assert not capsys.readouterr().out


def test_explore_alone_opens_real_faces():
    explorer = explore()
    assert explorer.name == "getchu-faces" and "hair=blue" in explorer.directions


def test_explore_says_that_it_finds_directions(run, monkeypatch, capsys):
    """Before, not after: what comes next is not there in this test."""
    (run / named.FILE).unlink()
    monkeypatch.setattr(named, "load_face_network", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explore(run)
    assert "Finding the directions of run" in capsys.readouterr().out


def test_an_unknown_name_lists_those_there_are(tmp_path):
    (tmp_path / "some-faces").mkdir()
    (tmp_path / "some-faces" / "config.json").write_text('{"format": "animegan-run", "version": 1}')
    assert pretrained_names(tmp_path) == ["some-faces"]
    assert find_run("some-faces", tmp_path).folder == tmp_path / "some-faces"
    with pytest.raises(InputError, match="pretrained generators are: some-faces"):
        find_run("other-faces", tmp_path)


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_a_walk_is_a_movie_of_the_length_asked_for(run, tmp_path, kind, capsys):
    out = tmp_path / f"walk.{kind}"
    assert main(["walk", str(run), "--out", str(out), "--seconds", "2", "--size", "64", "--rate", "10"]) == 0
    if kind == "gif":
        movie = Image.open(out)
        times = [movie.seek(index) or movie.info["duration"] for index in range(movie.n_frames)]
        assert (sum(times), movie.size, movie.info["loop"]) == (2000, (64, 64), 0)
    else:
        movie = cv2.VideoCapture(str(out))
        sides = movie.get(cv2.CAP_PROP_FRAME_WIDTH), movie.get(cv2.CAP_PROP_FRAME_HEIGHT)
        assert (sides, movie.get(cv2.CAP_PROP_FPS)) == ((64, 64), 10)
        frames = []
        while (read := movie.read())[0]:
            frames.append(read[1].astype(int))
        assert len(frames) == 20
        steps = [np.abs(one - other).mean() for one, other in zip(frames, [*frames[1:], frames[0]], strict=True)]
        assert steps[-1] < 1.5 * max(steps[:-1])  # no seam


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["--out", "walk.avi"], ".gif or .mp4"),
        (["--out", "walk.gif", "--rate", "60"], "1 to 50 frames a second"),
        (["--out", "walk.mp4", "--size", "63"], "even number of pixels"),
        (["--out", "walk.mp4", "--seconds", "nan"], "3 to 3000 frames"),
        (["--out", "walk.mp4", "--seconds", "1e9"], "frames"),
    ],
)
def test_a_walk_that_cannot_be_is_one_line(run, tmp_path, monkeypatch, capsys, words, rule):
    monkeypatch.chdir(tmp_path)
    assert main(["walk", str(run), *words]) == 2
    assert rule in capsys.readouterr().err
    assert not list(tmp_path.glob("walk*"))


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_a_failed_movie_leaves_the_old_one(tmp_path, kind, monkeypatch):
    path = tmp_path / f"walk.{kind}"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match="one size"):
        write_movie([np.zeros((32, 32, 3), np.uint8), np.zeros((16, 16, 3), np.uint8)], path)
    monkeypatch.setattr(movies.imageio_ffmpeg, "count_frames_and_secs", lambda _: (1, 0.1))
    monkeypatch.setattr(movies, "_write_gif", lambda *_: 1 / 0)
    with pytest.raises((OSError, ZeroDivisionError)):
        write_movie(np.zeros((3, 32, 32, 3), np.uint8), path)
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


BLUE = {  # shares of the faces whose hair a direction turns blue, at least, and of which anything else changes, at most
    "drawn-faces": (0.7, 0.25),
    "getchu-faces": (0.6, 0.3),
}


def test_generators_come_with_the_project():
    assert pretrained_names() == ["drawn-faces", "getchu-faces"]


@pytest.mark.parametrize("name", pretrained_names())
def test_generators_that_come_with_the_project_are_ready(name):
    run = find_run(name)
    generator = run.load_generator()
    digest, directions = named.read_directions(run.folder / named.FILE, generator.input_shape[-1])
    assert digest == hashlib.sha256(run.generator_path.read_bytes()).hexdigest()
    assert {"hair=blue", "weights 1", "activations 1"} <= set(directions)
    assert all(np.isclose(np.linalg.norm(direction), 1, atol=1e-4) for direction in directions.values())
    assert all(name in directions.slopes for name in directions if "=" in name)
    assert run.generator_path.stat().st_size < 8e6
    network, many = load_face_network(), draw_latents(200, generator.input_shape[-1], seed=5)
    result = judge(generator, network, many, directions.move(many, "hair=blue", 2.0), "hair=blue")
    blue, others = BLUE[name]
    assert result["before"] < 0.4 and result["after"] > blue and result["any_changed"] < others
    start = Start(run, "finetune")
    networks = build_networks(run.config["size"], start.recipe(1000))
    start(*networks)  # a transfer begins so
    latents = draw_latents(2, generator.input_shape[-1])
    begun = generate(networks[0], run.config.get("truncation", 1) * latents).astype(int)
    off = np.abs(begun - generate(generator, latents))  # the kernels published are sums of those that train, rounded
    assert off.mean() < 0.5 and off.max() <= 6
