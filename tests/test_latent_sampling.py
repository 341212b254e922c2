import numpy as np
import pytest

from animegan.files import InputError
from animegan.latent.sampling import analogy, blend, corners_grid, directions_grid, lerp, loop, slerp, truncate


@pytest.fixture
def latents():
    return np.random.default_rng(0).standard_normal((9, 100), np.float32)


def test_truncation_shrinks_towards_the_mean(latents):
    assert np.array_equal(truncate(latents, 1), latents)
    assert not truncate(latents, 0).any()
    assert np.allclose(np.linalg.norm(truncate(latents, 0.5)), np.linalg.norm(latents) / 2)


@pytest.mark.parametrize("way", [lerp, slerp])
def test_a_blend_begins_and_ends_at_its_ends(way, latents):
    path = blend(latents[0], latents[1], 5, way)
    assert path.dtype == np.float32
    assert np.allclose(path[[0, -1]], latents[:2], atol=1e-5)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 1.2 * steps.min()


def test_only_slerp_stays_in_the_shell(latents):
    one, other = (10 * row / np.linalg.norm(row) for row in latents[:2])
    assert np.allclose(np.linalg.norm(blend(one, other, 11, slerp), axis=1), 10, atol=1e-4)
    assert np.linalg.norm(lerp(one, other, [0.5])) < 8


def test_slerp_of_parallel_opposite_and_no_latents_is_the_straight_line(latents):
    one = latents[0]
    for other in (2 * one, -one, 0 * one):
        assert np.allclose(slerp(one, other, [0.25]), lerp(one, other, [0.25]), atol=1e-5)


def test_grids_keep_their_corners_and_middle(latents):
    grid = corners_grid(latents[:4], 3, 5).reshape(3, 5, 100)
    assert np.allclose(grid[[0, 0, -1, -1], [0, -1, 0, -1]], latents[:4], atol=1e-5)
    across, down = np.eye(100)[:2]
    around = directions_grid(latents[0], across, down, 3, 5).reshape(5, 5, 100)
    assert np.allclose(around[2, 2], latents[0])
    assert np.allclose(around[0, 4] - around[2, 2], 3 * across - 3 * down, atol=1e-5)


def test_a_loop_passes_its_keys_and_has_no_seam(latents):
    path = loop(latents[:5], 100)
    assert path.shape == (100, 100)
    assert np.allclose(path[::20], latents[:5], atol=1e-4)
    steps = np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1)
    turns = np.linalg.norm(np.diff(path, 2, axis=0, append=path[:2]), axis=1)
    assert steps[-1] <= steps[:-1].max()
    assert turns[-2:].max() <= turns[:-2].max()


def test_a_loop_is_as_likely_everywhere():
    keys = np.random.default_rng(1).standard_normal((5, 20_000))
    assert np.allclose(loop(keys, 40).std(axis=1), 1, atol=0.03)


def test_an_analogy_adds_what_sets_the_groups_apart(latents):
    feature = np.eye(100)[3]
    moved = analogy(latents[:2], latents[2:6] + feature, latents[2:6])
    assert np.allclose(moved, latents[:2] + feature, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda z: loop(z[:4], 50),
        lambda z: loop(z[:1], 50),
        lambda z: loop(z[:5], 4),
        lambda z: blend(z[0], z[1], 1),
        lambda z: slerp(z[0], z[1][:50], [0.5]),
        lambda z: corners_grid(z[:3], 2, 2),
    ],
)
def test_what_cannot_be_is_refused(wrong, latents):
    with pytest.raises(InputError, match="must"):
        wrong(latents)
