import asyncio
import os
import subprocess
import sys
from html import escape
from pathlib import Path

import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.engine import ops
from animegan.gan.losses import PENALTY_STEP
from animegan.pictures import decode
from animegan.points import player as player_module
from animegan.points.counting import LEAST, count_clusters
from animegan.points.game import Game, Rules
from animegan.points.player import DRAWN, GIVEN, SLIDERS, Player
from animegan.points.shapes import SHAPES, SPREAD, UNEVEN, along, heart, ring, ring_centres, uneven_ring
from animegan.points.view import LINES, draw_plane, latent_lines, latent_picture, picture_of, show_planes, surface_of

SMALL = Rules(batch=16, width=8)


# --- shapes and counting


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_shapes_are_points_in_the_square(shape):
    points = shape(1000, seed=1)
    assert points.shape == (1000, 2) and points.dtype == np.float32
    assert np.abs(points).max() < 1.15 and points.std() > 0.2
    assert np.array_equal(points, shape(1000, seed=1)) and not np.array_equal(points, shape(1000, seed=2))


def test_the_uneven_ring_has_its_shares():
    assert sum(UNEVEN) == pytest.approx(1)
    assert count_clusters(uneven_ring(20_000)).shares == pytest.approx(UNEVEN, abs=0.02)


def test_points_lie_along_the_lines_in_proportion_to_length():
    points = along([[[-1, 0], [0, 0]], [[0.5, 0.5], [0.5, 0.75], [0.5, 1]]], 3000)
    upper = points[:, 1] > 0.25
    assert upper.mean() == pytest.approx(1 / 3, abs=0.05)
    assert np.abs(points[~upper, 1]).max() < 0.15 and np.abs(points[upper, 0] - 0.5).max() < 0.15


def test_a_dot_is_a_shape_too():
    assert np.abs(along([[[0.3, 0.4]]], 500).mean(axis=0) - [0.3, 0.4]).max() < 0.01


@pytest.mark.parametrize("strokes", [[], [[]]])
def test_nothing_drawn_is_an_error(strokes):
    with pytest.raises(InputError, match="at least one line"):
        along(strokes)


def test_clusters_are_counted():
    centres = ring_centres()
    count = count_clusters(np.concatenate([np.repeat(centres[:3], 32, axis=0), [[0, 0]] * 3, centres[3:4]]))
    assert count.covered == 3 and 0.01 == count.shares[3] < LEAST
    assert count.good == pytest.approx(0.97)
    assert count.shares.tolist() == [0.32, 0.32, 0.32, 0.01, 0, 0, 0, 0]


def test_three_spreads_are_near():
    beside = ring_centres() + np.array([2.9 * SPREAD, 0])
    beyond = ring_centres() + np.array([3.1 * SPREAD, 0])
    assert count_clusters(beside).good == 1 and count_clusters(beyond).good == 0
    assert count_clusters(ring(50_000)).good == pytest.approx(1 - np.exp(-4.5), abs=0.003)


# --- the game


def test_the_same_seed_plays_the_same_game():
    first, second, third = (Game(ring(), SMALL, seed).play(12) for seed in (0, 0, 1))
    assert np.array_equal(first.sample(20), second.sample(20)) and first.losses == second.losses
    assert not np.array_equal(first.sample(20), third.sample(20))


def test_rounds_in_one_call_are_those_one_by_one():
    at_once, one_by_one, rng = Game(ring(), SMALL).play(2), Game(ring(), SMALL), np.random.default_rng(0)
    rows = rng.integers(0, len(at_once.real), (10, 2, 16))  # what `play` draws: ten rounds' worth
    latents = rng.standard_normal((10, 2, 16, 2), np.float32)
    for index in (0, 1):
        one_by_one.play_round(*map(ops.convert_to_tensor, (at_once.real[rows[index]], latents[index])))
    assert np.allclose(at_once.sample(50), one_by_one.sample(50), atol=1e-5)


def test_each_player_moves_only_its_own_weights():
    def weights(network):
        return [np.array(weight) for weight in network.get_weights()]

    for idle, busy, rules in (
        ("generator", "discriminator", {"generator_turns": 0}),
        ("discriminator", "generator", {"discriminator_turns": 0}),
    ):
        game = Game(ring(), SMALL, **rules)
        before = {name: weights(getattr(game, name)) for name in (idle, busy)}
        game.play(3)
        assert all(map(np.array_equal, before[idle], weights(getattr(game, idle))))
        assert not any(map(np.array_equal, before[busy], weights(getattr(game, busy))))


def test_the_discriminator_learns_to_tell_and_the_generator_to_be_believed():
    game = Game(ring(), batch=64, generator_turns=0).play(200)
    fake = game.sample(500)
    believed = game.judge(fake).mean()
    assert game.judge(ring(500, 1)).mean() > 0.8 and believed < 0.2
    game.change(generator_turns=1, discriminator_turns=0)
    assert game.play(50).judge(game.sample(500)).mean() > believed + 0.2


@pytest.mark.parametrize("loss", ["standard", "relativistic"])
def test_a_penalty_keeps_the_discriminator_flat(loss):
    def steep(game):
        points = np.random.default_rng(0).uniform(-1, 1, (500, 2))
        logits = [ops.convert_to_numpy(game.discriminator(points + shift)) for shift in (0, PENALTY_STEP)]
        return np.abs(logits[1] - logits[0]).mean()

    plain, penalised = (
        Game(ring(), batch=64, generator_turns=0, loss=loss, penalty=penalty).play(100) for penalty in (0, 0.2)
    )
    assert steep(penalised) < steep(plain) / 2


def test_rates_change_in_the_middle_of_a_game():
    game = Game(ring(), SMALL, discriminator_turns=0).play(1)
    before = game.sample(20)
    game.change(generator_rate=1e-12)
    assert np.allclose(game.play(5).sample(20), before, atol=1e-6)
    game.change(generator_rate=0.01)
    assert not np.allclose(game.play(5).sample(20), before, atol=1e-3)


def test_what_cannot_be_played_is_an_error():
    with pytest.raises(InputError, match="loss must be standard or relativistic"):
        Game(ring(), loss="least squares")
    with pytest.raises(InputError, match="batch must be more than 0"):
        Game(ring(), batch=0)
    with pytest.raises(InputError, match="rules must be among latent_width"):
        Game(ring(), latents=3)
    with pytest.raises(InputError, match=r"shape \(N, 2\)"):
        Game(np.zeros((4, 3)))
    with pytest.raises(InputError, match="latent_width must stay 2"):
        Game(ring(), SMALL).change(latent_width=3)


def test_numbers_that_run_away_are_told():
    with pytest.raises(FloatingPointError, match="no longer finite"):
        Game(1e30 * ring(), SMALL).play(10)


# --- pictures


def test_dots_and_ground_lie_where_they_belong():
    picture = draw_plane(real=[[0.5, 0.5]], surface=[[0, 0], [1, 1]], side=100, reach=1)
    assert picture.shape == (100, 100, 3) and picture.dtype == np.uint8
    assert picture[25, 75, 2] > picture[25, 75, 0] + 100  # a blue dot, up on the right
    assert picture[10, 50, 0] > picture[10, 50, 2] + 30  # above, where the surface is 0, fake: vermilion
    assert picture[90, 50, 2] > picture[90, 50, 0] + 30


def test_points_far_outside_are_left_out():
    assert np.array_equal(draw_plane(fake=[[1e30, np.nan]]), draw_plane())


def test_the_surface_is_the_right_way_up():
    surface = surface_of(lambda points: points[:, 1] > 0.5, cells=8, reach=1)
    assert surface[:2].all() and not surface[2:].any()


def test_cells_of_the_latent_grid_hold_equal_shares():
    lines = latent_lines(2)
    across = np.concatenate([[-np.inf], lines[:LINES, 0, 0], [np.inf]])
    latents = np.random.default_rng(0).standard_normal(100_000)
    assert np.histogram(latents, across)[0] / 1e5 == pytest.approx(np.full(LINES + 1, 1 / (LINES + 1)), abs=0.005)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_any_latent_width_can_be_drawn(width):
    assert latent_lines(width).shape == (2 * LINES, 120, width)
    game = Game(ring(), SMALL, latent_width=width)
    made = show_planes([latent_picture(width), picture_of(game, lines=True)], ["a", "b"])
    assert [axes.get_title(loc="left") for axes in made.axes] == ["a", "b"]
    assert len(made.legends[0].get_texts()) == 4


# --- the player


@pytest.fixture
def player():
    return Player("ring of eight", SMALL)


def press(player, name):
    player.buttons[name].click()


def test_the_player_steps_and_resets(player):
    before = player.plane.value
    press(player, "Step")
    assert player.game.round == 1 and player.plane.value != before and "Round 1 ·" in player.words.value
    press(player, "Reset")
    assert player.game.round == 0 and player.plane.value == before
    assert decode(player.sheet.value).shape == (320, 320, 3)


def test_the_player_plays_until_it_is_told_to_pause(player):
    async def watch():
        press(player, "Play")
        assert player.buttons["Play"].description == "Pause"
        await asyncio.sleep(0.5)
        played = player.game.round
        press(player, "Play")
        await asyncio.sleep(0.1)
        return played, player.game.round

    played, after = asyncio.run(watch())
    assert played == after > 0 and not player.playing and player.buttons["Play"].description == "Play"


def test_while_it_plays_no_screen_reader_says_each_round(player):
    async def watch():
        written = []
        player.words.observe(lambda change: written.append(change["new"]), "value")
        press(player, "Play")
        await asyncio.sleep(0.5)
        playing = list(written)
        press(player, "Play")
        return playing, written[len(playing) :]

    playing, paused = asyncio.run(watch())
    assert playing and not [words for words in playing if "status" in words]
    assert len(paused) == 1 and 'role="status"' in paused[0] and escape(player.describe()) in paused[0]


def test_the_player_stops_by_itself(player, monkeypatch):
    async def watch():
        press(player, "Play")
        await asyncio.wait_for(player._task, 60)

    monkeypatch.setattr(player_module, "LONGEST", 0.1)
    asyncio.run(watch())
    assert not player.playing and "paused after" in player.message.value and 'role="status"' in player.words.value


def test_sliders_are_the_rules(player):
    names = {rule: name for rule, (name, _) in SLIDERS.items()}
    game = player.game
    player.sliders.values = {**player.sliders.values, names["generator_rate"]: -2.0, names["generator_turns"]: 3}
    assert player.game is game and (game.rules.generator_rate, game.rules.generator_turns) == (pytest.approx(0.01), 3)
    player.sliders.values = {**player.sliders.values, names["latent_width"]: 5}
    assert player.game is not game and player.game.rules.latent_width == 5 and player.game.rules.generator_turns == 3
    player.loss.value = "relativistic"
    assert player.game.rules.loss == "relativistic"


def test_a_drawing_becomes_the_real_points(player):
    player.pad.strokes = [[[-1, 0.5], [1, 0.5]]]
    assert player.points.value == DRAWN and np.abs(player.game.real[:, 1] - 0.5).max() < 0.2
    press(player, "Clear drawing")
    press(player, "Reset")
    assert "InputError: there must be at least one line" in player.message.value


def test_given_points_are_played_for():
    assert np.array_equal(Player(heart(50), SMALL).game.real, heart(50))
    assert Player(heart(50), SMALL).points.value == GIVEN


def test_points_of_no_name_are_an_error():
    with pytest.raises(InputError, match="points must be ring of eight"):
        Player("a cat")


def test_errors_show_in_the_widget(player, monkeypatch):
    monkeypatch.setattr(player.game, "play", lambda rounds: 1 / 0)
    press(player, "Step")
    assert "ZeroDivisionError" in player.message.value
    press(player, "Play")  # without the event loop of a kernel
    assert "RuntimeError: no running event loop" in player.message.value


def test_the_player_has_a_still_picture(player):
    data, metadata = player._repr_mimebundle_()
    assert metadata["image/png"]["alt"].endswith(data["text/plain"])
    assert data["image/png"].startswith(b"\x89PNG") and "application/vnd.jupyter.widget-view+json" in data


# --- the engines

ON_AN_ENGINE = """
from animegan.points.game import Game
from animegan.points.shapes import ring
rules = {"penalty": 0.01, "loss": "relativistic", "discriminator_turns": 2, "batch": 32, "width": 16}
game = Game(ring(), generator_rate=1e-12, discriminator_rate=3e-3, **rules)  # one at a time learns
fake, first = game.sample(100), game.play(1).losses
second = game.play(99).losses
assert second[0] < first[0] and abs(game.sample(100) - fake).max() < 1e-6
game.change(generator_rate=3e-3, discriminator_rate=1e-12).play(100)
assert game.losses[1] < second[1] and abs(game.sample(100) - fake).max() > 0.01
"""


@pytest.mark.parametrize("engine", ["jax", "torch"])
def test_the_game_is_played_on_every_engine(engine):
    pytest.importorskip(engine)
    variables = {"KERAS_BACKEND": engine, "JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1"}
    variables["XLA_FLAGS"] = "--xla_backend_optimization_level=0"  # compiling takes longer than these few rounds
    done = subprocess.run(
        [sys.executable, "-c", ON_AN_ENGINE],
        env=os.environ | variables,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
