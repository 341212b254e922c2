"""Larger networks that begin as smaller ones."""

import numpy as np
import pytest

from animegan.gan.engine import ops
from animegan.gan.growing import take_over
from animegan.gan.resizing import build_plain_discriminator, build_resize_generator, copy_weights

SHAPE = {"full_width": 5, "modulated": True}
LARGER = [{"fine_width": 5}, {"fine_width": 6}, {"full_width": 7}, {"deep": True}]
LARGER += [{"fine_width": 9, "full_width": 9, "deep": True}]


def random(*shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def generator(seed, **settings):
    return build_resize_generator(32, 4, 7, seed=seed, **SHAPE | settings)


def pictures(network):
    return ops.convert_to_numpy(network(random(9, 7), training=True))


@pytest.mark.parametrize("stock", [False, True])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("larger", LARGER)
def test_a_larger_generator_begins_with_the_same_pictures(larger, deep, stock):
    known = generator(1, deep=deep)
    for weight in known.trainable_variables:
        weight.assign(random(*weight.shape) / 3)
    if stock:
        copy_weights(known.weights, (known := generator(3, deep=deep, stock=True)).weights)
    new = generator(2, **{"deep": deep} | larger)
    take_over(new, known)
    assert np.allclose(pictures(new), pictures(known), atol=1e-5)


def test_new_channels_are_computed_and_can_be_listened_to():
    known, new = generator(1), generator(2, fine_width=7)  # 16, 8 and 4 channels, where the last may be 7
    take_over(new, known)
    before = pictures(new)
    (weight,) = (weight for weight in new.weights if tuple(weight.shape) == (3, 3, 5, 7))  # to full size
    kernel = ops.convert_to_numpy(weight).copy()
    assert kernel[..., :4].any() and not kernel[..., 4:].any()
    for channel in (4, 5, 6):
        changed = kernel.copy()
        changed[..., channel] = 1
        weight.assign(changed)
        assert np.abs(pictures(new) - before).max() > 1e-3


@pytest.mark.parametrize("settings", [{"full_width": 4}, {"full_width": 0}, {"fine_width": 17}, {"modulated": False}])
def test_what_would_not_do_the_same_is_refused(settings):
    with pytest.raises(ValueError):
        take_over(generator(2, **settings), generator(1))


def test_a_discriminator_stays_as_wide_as_it_is():
    with pytest.raises(ValueError, match=r"must have the shape"):
        take_over(build_plain_discriminator(32, 6), build_plain_discriminator(32, 4))
