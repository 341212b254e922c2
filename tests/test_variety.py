import dataclasses

import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.engine import ops
from animegan.gan.recipes import MODERN
from animegan.gan.resizing import build_plain_discriminator
from animegan.gan.variety import MinibatchDeviation, MinibatchDeviations


def deviation(maps):
    """What the layer adds to maps, one number a place and picture: (N, H, W)."""
    return ops.convert_to_numpy(MinibatchDeviation()(np.float32(maps)))[..., -1]


def test_the_added_map_is_the_mean_deviation_over_the_batch():
    maps = np.random.default_rng(0).normal(size=(6, 4, 4, 3))
    maps[..., 1] *= 10
    assert np.allclose(deviation(maps), maps.std(axis=0).mean(), rtol=1e-5)
    kept = ops.convert_to_numpy(MinibatchDeviation()(np.float32(maps)))[..., :-1]
    assert np.allclose(kept, maps)


def test_a_map_of_its_own_says_where_a_batch_varies_and_in_which_channel():
    maps = np.random.default_rng(0).normal(size=(6, 4, 4, 3))
    maps[:, :2, :, 1] = 7  # alike in this channel's upper half
    made = ops.convert_to_numpy(MinibatchDeviations()(np.float32(maps)))
    assert np.allclose(made[..., :3], maps)
    assert np.allclose(made[..., 3:], np.broadcast_to(maps.std(axis=0), maps.shape), atol=1e-3)
    assert made[:, :2, :, 4].max() <= 1e-3 < made[:, 2:, :, 4].min()


def test_pictures_that_are_all_alike_have_next_to_none():
    alike = np.repeat(np.random.default_rng(0).normal(size=(1, 4, 4, 3)), 5, axis=0)
    assert deviation(alike).max() <= 1e-3


def test_the_discriminator_s_verdict_on_a_picture_depends_on_its_batch_only_with_it():
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 32, 32, 3)).astype("float32")
    for told, places in ((False, False), (True, False), (True, True)):
        judge = build_plain_discriminator(32, 4, deviation=told, deviations=places)
        alone, together = (ops.convert_to_numpy(judge(batch))[0, 0] for batch in (pictures[:1], pictures))
        assert (abs(alone - together) > 1e-3) == told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"discriminator_norm": True}, "deviation or discriminator_norm, not both"),
        ({"discriminator_norm": True, "deviation": False}, "spectral or discriminator_norm, not both"),
        ({"deviation": False, "deviations": True}, "deviation where it has deviations. Received: deviations alone"),
        ({"penalty": 0.1, "penalty_share": 0.5}, "penalty_share must be 1 with deviation. Received: 0.5"),
        ({"discriminator_norm": True, "deviation": False, "spectral": 0.0}, "scales or discriminator_norm, not both"),
    ],
)
def test_settings_that_exclude_each_other_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        dataclasses.replace(MODERN, **change)
