import numpy as np
import pytest

from animegan.gan.engine import keras, layers, ops
from animegan.gan.resizing import build_plain_discriminator
from animegan.gan.spectral import SpectralConvolution, SpectralDense

START = keras.initializers.HeNormal(seed=1)
KINDS = {
    "convolution": (SpectralConvolution, layers.Conv2D, {"filters": 5, "kernel_size": 4, "strides": 2}, (2, 8, 8, 3)),
    "dense": (SpectralDense, layers.Dense, {"units": 3}, (2, 20)),
    "dense to one": (SpectralDense, layers.Dense, {"units": 1}, (2, 20)),
}


@pytest.fixture(params=KINDS)
def case(request):
    """(layer, the plain one that it should equal, inputs)."""
    kind, plain, settings, shape = KINDS[request.param]
    inputs = np.random.default_rng(0).normal(size=shape).astype("float32")
    layer, other = (each(kernel_initializer=START, **settings) for each in (kind, plain))
    layer.build(shape)
    other.build(shape)
    return layer, other, inputs


def settled(layer, inputs):
    """Its outputs when the search has come to its end."""
    for _ in range(200):
        made = layer(inputs, training=True)
    return ops.convert_to_numpy(made)


def test_the_kernel_is_divided_by_its_largest_singular_value(case):
    layer, other, inputs = case
    kernel = ops.convert_to_numpy(layer.kernel)
    other.kernel.assign(kernel / np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0])
    assert np.allclose(settled(layer, inputs), ops.convert_to_numpy(other(inputs)), atol=1e-4)


def test_the_last_layer_s_norm_is_the_recipe_s(tmp_path):
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    one, four = (build_plain_discriminator(32, 4, spectral=norm) for norm in (1.0, 4.0))
    single, fourfold = (ops.convert_to_numpy(judge(pictures)) for judge in (one, four))
    assert np.allclose(fourfold, 4 * single, rtol=1e-4) and np.abs(single).min() > 1e-5
    four.save(tmp_path / "four.keras")
    again = keras.saving.load_model(tmp_path / "four.keras")
    assert np.array_equal(ops.convert_to_numpy(again(pictures)), fourfold)


def test_a_layer_from_before_there_was_a_choice_has_norm_1():
    settings = SpectralDense(1, norm=4.0).get_config()
    assert SpectralDense.from_config(settings).norm == 4
    del settings["norm"]
    assert SpectralDense.from_config(settings).norm == 1
    assert type(SpectralDense(1, norm=True).norm) is float  # as config.json had it


def test_a_kernel_of_any_length_gives_the_same(case):
    layer, _, inputs = case
    first = settled(layer, inputs)
    layer.kernel.assign(layer.kernel * 30)
    assert np.allclose(settled(layer, inputs), first, atol=1e-4)


def test_the_search_goes_on_in_training_only(case):
    layer, _, inputs = case
    layer.found.assign(layer.found * 2)
    before = ops.convert_to_numpy(layer.found)
    layer(inputs)
    assert np.array_equal(ops.convert_to_numpy(layer.found), before)
    layer(inputs, training=True)
    assert not np.allclose(ops.convert_to_numpy(layer.found), before)
