"""Ways through a latent space that turn."""

import itertools

import numpy as np
import pytest

from animegan.files import InputError
from animegan.latent.turning import Slopes, learn_slopes

VALUES = {"hair": ("dark", "light"), "eyes": ("blue", "red", "green")}
WIDTH = 5


@pytest.fixture(scope="module")
def random_slopes():
    random = np.random.default_rng(0)
    sizes = (WIDTH, 16, 16, 5)
    layers = [
        (random.normal(size=pair) / pair[0] ** 0.5, random.normal(size=pair[1])) for pair in itertools.pairwise(sizes)
    ]
    return Slopes(layers, VALUES)


@pytest.fixture(scope="module")
def bent():
    """Slopes learned where light hair lies outside a circle: the way to it leads outwards, wherever one is."""
    random = np.random.default_rng(1)
    latents = random.normal(size=(4000, WIDTH)).astype(np.float32)
    light = np.linalg.norm(latents[:, :2], axis=1) > 2
    red = latents[:, 2] > 0
    likelihoods = {
        "hair": np.stack([~light, light], axis=1).astype(np.float32),
        "eyes": np.stack([~red, red, 0 * red], axis=1).astype(np.float32),
    }
    return learn_slopes(latents, likelihoods, VALUES)


def log_odds(slopes, latents, name):
    tag, _, value = name.partition("=")
    logits = slopes._forward(latents)[-1][:, slopes.owned[list(slopes.values).index(tag)]]
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chosen = likely[:, VALUES[tag].index(value)]
    return np.log(chosen / (1 - chosen))


def test_the_slope_is_that_of_the_log_odds(random_slopes, monkeypatch):
    """With nothing to hold, a short step raises them as far as its length times the slope found by differences."""
    monkeypatch.setattr("animegan.latent.turning.RIDGE", 1e9)  # the other tags do not count
    monkeypatch.setattr("animegan.latent.turning.STEP", 10.0)
    latents = np.random.default_rng(2).normal(size=(4, WIDTH))
    for name in ("hair=light", "eyes=red"):
        nudges = 1e-3 * np.eye(WIDTH)
        slope = np.stack(
            [
                (log_odds(random_slopes, latents + nudge, name) - log_odds(random_slopes, latents - nudge, name)) / 2e-3
                for nudge in nudges
            ],
            axis=1,
        )
        way = random_slopes.move(latents, name, 1.0) - latents
        assert np.allclose(way, slope / np.linalg.norm(slope, axis=1, keepdims=True), atol=5e-3)


def test_the_other_tags_stay(random_slopes):
    """The likelihood of what another tag was changes less than by the steepest way, for as long a way."""
    latents = np.random.default_rng(3).normal(size=(200, WIDTH)).astype(np.float32)
    before = random_slopes._forward(latents)[-1]
    kept = {}
    for ridge in (1e-3, 1e9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("animegan.latent.turning.RIDGE", ridge)
            after = random_slopes._forward(random_slopes.move(latents, "hair=light", 1.0))[-1]
        kept[ridge] = np.mean(before[:, 2:].argmax(axis=1) == after[:, 2:].argmax(axis=1))
    assert kept[1e-3] > kept[1e9] + 0.02


@pytest.mark.parametrize("amount", [1.0, -1.0])
def test_a_face_that_has_come_far_enough_changes_nothing_else(random_slopes, monkeypatch, amount):
    latents = np.random.default_rng(5).normal(size=(2000, WIDTH)).astype(np.float32)
    odds = log_odds(random_slopes, latents, "hair=light") * np.sign(amount)
    there = latents[odds > np.quantile(odds, 0.8)]
    before = random_slopes._forward(there)[-1][:, 2:].argmax(axis=1)
    kept = {}
    for fading in (0, 5):
        monkeypatch.setattr("animegan.latent.turning.FADING", fading)
        after = random_slopes._forward(random_slopes.move(there, "hair=light", amount))[-1]
        kept[fading] = np.mean(before == after[:, 2:].argmax(axis=1))
    assert kept[5] > kept[0] + 0.02


def test_a_way_turns(bent):
    latents = np.random.default_rng(4).normal(size=(300, WIDTH)).astype(np.float32)
    inside = latents[np.linalg.norm(latents[:, :2], axis=1) < 1.5]
    moved = bent.move(inside, "hair=light", 2.0)
    assert np.mean(np.linalg.norm(moved[:, :2], axis=1) > 2) > 0.9
    assert np.mean((moved[:, 2] > 0) == (inside[:, 2] > 0)) > 0.95
    back = bent.move(moved, "hair=light", -2.0)
    assert np.mean(np.linalg.norm(back[:, :2], axis=1) < 2) > 0.9


def test_the_length_of_the_way_is_what_was_asked_for(random_slopes, monkeypatch):
    latents = np.random.default_rng(5).normal(size=(20, WIDTH)).astype(np.float32)
    assert np.array_equal(random_slopes.move(latents, "hair=light", 0.0), latents)
    far = np.linalg.norm(random_slopes.move(latents, "hair=light", 1.5) - latents, axis=1)
    assert (far <= 1.5 + 1e-5).all() and (far > 0.5).all()
    monkeypatch.setattr("animegan.latent.turning.STEP", 10.0)
    assert np.allclose(np.linalg.norm(random_slopes.move(latents, "hair=light", -1.5) - latents, axis=1), 1.5)


def test_a_longer_way_begins_as_a_shorter_one(random_slopes):
    """Or a face would jump under a slider that is dragged."""
    latents = np.random.default_rng(6).normal(size=(20, WIDTH)).astype(np.float32)
    ends = [random_slopes.move(latents, "hair=light", amount) for amount in (0.7499, 0.75, 0.7501)]
    for one, other in itertools.pairwise(ends):
        assert 0 < np.linalg.norm(other - one, axis=1).max() < 2e-4


def test_one_tag_alone_has_nothing_to_hold(random_slopes):
    alone = Slopes(
        [*random_slopes.layers[:2], [part[..., :2] for part in random_slopes.layers[2]]], {"hair": VALUES["hair"]}
    )
    latents = np.zeros((2, WIDTH), np.float32)
    assert np.isfinite(alone.move(latents, "hair=dark", 1.0)).all()


def test_an_unknown_name_is_refused(random_slopes):
    assert "hair=dark" in random_slopes and "hair=green" not in random_slopes and "weights 1" not in random_slopes
    with pytest.raises(InputError, match=r"known\. Received: hair=green"):
        random_slopes.move(np.zeros((1, WIDTH)), "hair=green", 1.0)
