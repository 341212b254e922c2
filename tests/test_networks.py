import itertools

import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.engine import keras, ops
from animegan.gan.networks import build_discriminator, build_generator, channels, stages


@pytest.mark.parametrize("size", [32, 64, 96, 128])
def test_generator_and_discriminator_fit_together(size):
    generator = build_generator(size, width=4, latent_width=7)
    discriminator = build_discriminator(size, width=4)
    pictures = generator(np.random.default_rng(0).standard_normal((2, 7), np.float32))
    assert pictures.shape == (2, size, size, 3)
    assert float(ops.max(ops.abs(pictures))) <= 1
    assert discriminator(pictures).shape == (2, 1)


def test_sizes_start_from_4_or_6():
    assert [stages(size) for size in (32, 64, 96, 128)] == [(4, 3), (4, 4), (6, 4), (4, 5)]


def test_channels_double_up_to_eight_widths():
    assert channels(64, 4) == [512, 256, 128, 64]
    assert channels(64, 5) == [512, 512, 256, 128, 64]


def test_the_paper_s_generator_has_its_weights():
    """Layer by layer at 64 px, width 64: dense and four convolutions of kernel 4, batch norm on all but the last."""
    sides = [100, 512, 256, 128, 64]
    weights = 100 * 16 * 512 + sum(16 * a * b for a, b in itertools.pairwise(sides[1:])) + 16 * 64 * 3 + 3
    assert build_generator(64, 64, 100).count_params() == weights + 4 * sum(sides[1:])


def test_initial_weights_follow_the_seed():
    first, same, other = (build_generator(32, 4, seed=seed).get_weights()[0] for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert first.std() == pytest.approx(0.02, rel=0.1)


def test_no_two_layers_begin_alike():
    weights = [w for w in build_discriminator(64, 8, seed=3).get_weights() if w.ndim == 4]
    heads = {w.ravel()[:8].tobytes() for w in weights}
    assert len(heads) == len(weights)


@pytest.mark.parametrize("size", [0, 50, 256])
def test_other_sizes_are_refused(size):
    with pytest.raises(InputError, match=rf"size must be 32, 64, 96 or 128 pixels. Received: {size}"):
        build_generator(size)


def test_generator_opens_without_this_package(tmp_path):
    """Only stock layers: generator.keras is of use to anyone with Keras."""
    generator = build_generator(32, 4)
    generator.save(tmp_path / "generator.keras")
    again = keras.saving.load_model(tmp_path / "generator.keras", custom_objects={})
    latents = np.ones((1, 100), np.float32)
    assert np.array_equal(ops.convert_to_numpy(generator(latents)), ops.convert_to_numpy(again(latents)))
    assert all(type(layer).__module__.startswith("keras.") for layer in again.layers)
