import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.engine import keras, layers, ops
from animegan.gan.networks import build_discriminator
from animegan.gan.recipes import Recipe
from animegan.gan.resizing import ResizeConvolution, build_plain_discriminator, build_resize_generator, copy_weights


def random(*shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


@pytest.mark.parametrize("side", [1, 4, 6])
def test_it_is_nearest_pixels_and_a_convolution(side):
    maps = random(2, side, side, 5)
    layer = ResizeConvolution(7, activation="tanh")
    outputs = layer(maps)
    # A transposed convolution lays its kernel down the other way round than a convolution reads it.
    kernel = ops.flip(ops.transpose(layer.kernel, (0, 1, 3, 2)), axis=(0, 1))
    repeated = ops.repeat(ops.repeat(maps, 2, axis=1), 2, axis=2)
    expected = ops.tanh(ops.conv(repeated, kernel, padding="same") + layer.bias)
    assert tuple(outputs.shape) == (2, 2 * side, 2 * side, 7)
    assert np.allclose(ops.convert_to_numpy(outputs), ops.convert_to_numpy(expected), atol=1e-5)


def test_symbolic_shapes_are_the_computed_ones():
    maps = keras.Input((4, 4, 5))
    assert ResizeConvolution(7)(maps).shape == (None, 8, 8, 7)


@pytest.mark.parametrize("size", [32, 64, 96, 128])
def test_generator_and_discriminator_fit_together(size):
    pictures = build_resize_generator(size, width=4, latent_width=7)(random(2, 7))
    assert tuple(pictures.shape) == (2, size, size, 3)
    assert float(ops.max(ops.abs(pictures))) <= 1
    assert tuple(build_plain_discriminator(size, width=4)(pictures).shape) == (2, 1)


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"full_width": 5},
        {"full_width": 5, "modulated": True},
        {"full_width": 5, "modulated": True, "deep": True},
        {"fine_width": 6, "full_width": 5},
    ],
)
def test_stock_layers_make_the_same_pictures(shape):
    generator = build_resize_generator(32, 4, 7, seed=1, **shape)
    stock = build_resize_generator(32, 4, 7, seed=2, stock=True, **shape)
    for weight in generator.trainable_variables:
        weight.assign(random(*weight.shape))
    copy_weights(generator.weights, stock.weights)
    assert all(type(layer).__module__.startswith("keras.") for layer in stock.layers)
    pictures, same = (ops.convert_to_numpy(network(random(9, 7), training=True)) for network in (generator, stock))
    assert np.allclose(pictures, same, atol=1e-5)
    again = build_resize_generator(32, 4, 7, seed=3, **shape)
    copy_weights(stock.weights, again.weights)
    for weight, same in zip(generator.weights, again.weights, strict=True):
        assert np.allclose(ops.convert_to_numpy(weight), ops.convert_to_numpy(same), atol=1e-5), weight.path


def test_no_hidden_layer_below_full_size_has_fewer_channels_than_the_fine_width():
    generator = build_resize_generator(64, 4, 7, fine_width=12, full_width=5)
    hidden = [layer.output.shape[1::2] for layer in generator.layers if isinstance(layer, layers.LeakyReLU)]
    assert hidden == [(4, 32), (8, 16), (16, 12), (32, 12), (64, 5)]


def test_a_layer_at_full_size_is_the_last_hidden_one():
    generator = build_resize_generator(64, 4, 7, full_width=5)
    hidden = [layer.output.shape[1:] for layer in generator.layers if isinstance(layer, layers.LeakyReLU)]
    assert [shape for shape in hidden if shape[0] == 64] == [(64, 64, 5)]
    assert generator.output_shape == (None, 64, 64, 3)


@pytest.mark.parametrize("kind", ["factor", "shift"])
def test_latents_scale_and_shift_every_hidden_layer(kind):
    """Where nothing else tells of the latents, one such layer makes the pictures differ; without any they do not."""
    for steered in (None, 4, 8, 16, 32):
        generator = build_resize_generator(32, 4, 7, seed=1, full_width=5, modulated=True)
        for layer in generator.layers:
            if isinstance(layer, layers.Dense) and layer.name != "modulation":
                wanted = layer.name == f"modulation_{steered}_{kind}"
                layer.kernel.assign(random(*layer.kernel.shape) if wanted else 0 * layer.kernel)
            elif isinstance(layer, layers.BatchNormalization):
                layer.beta.assign(0 * layer.beta + 1)  # something to scale
        one, other = ops.convert_to_numpy(generator(random(2, 7), training=True))
        assert (np.abs(one - other).max() > 1e-3) == (steered is not None), steered


@pytest.mark.parametrize("size", [32, 96])
def test_what_makes_a_generator_deep_begins_as_nothing_at_each_size_below_full(size):
    shape = {"full_width": 5, "modulated": True}
    shallow, deep = (build_resize_generator(size, 4, 7, seed=1, deep=deep, **shape) for deep in (False, True))
    latents = random(3, 7)
    expected = ops.convert_to_numpy(shallow(latents, training=True))
    assert np.array_equal(ops.convert_to_numpy(deep(latents, training=True)), expected)
    factors = [layer for layer in deep.layers if layer.name.startswith("deep_") and layer.name.endswith("_factor")]
    sides = [size // 2**step for step in range(1, 5) if size // 2**step >= 4]
    assert {layer.name for layer in factors} == {f"deep_{side}_factor" for side in sides}
    for layer in factors:
        layer.bias.assign(0 * layer.bias + 1)
        assert not np.allclose(ops.convert_to_numpy(deep(latents, training=True)), expected, atol=1e-4), layer.name
        layer.bias.assign(0 * layer.bias)


def test_a_deep_generator_needs_modulation():
    with pytest.raises(InputError, match=r"must have modulated where it has deep\. Received: deep alone"):
        Recipe(deep=True, resize=True)


@pytest.mark.parametrize("name", ["fine_width", "full_width", "modulated"])
def test_some_settings_are_of_resize_generators_alone(name):
    with pytest.raises(InputError, match=rf"must have resize where it has {name}\. Received: {name} alone"):
        Recipe(**{name: 1})


def test_without_batch_norm_the_signal_does_not_fade():
    pictures = np.clip(random(50, 64, 64, 3) / 2, -1, 1)
    plain = build_plain_discriminator(64, 8)
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in plain.layers)
    spread = np.std(ops.convert_to_numpy(plain(pictures)))
    assert spread > 10 * np.std(ops.convert_to_numpy(build_discriminator(64, 8)(pictures))) > 0
    assert 0.05 < spread < 5


@pytest.mark.parametrize(("size", "sides"), [(64, [[16, 8, 4], [8, 4], [4]]), (96, [[24, 12, 6], [12, 6], [6]])])
@pytest.mark.parametrize("spectral", [0.0, 4.0])
def test_what_makes_a_discriminator_deep_begins_as_nothing(size, sides, spectral):
    shape = {"scales": 2, "deviation": True, "deviations": True, "spectral": spectral}
    shallow, deep = (build_plain_discriminator(size, 4, seed=1, deep=deep, **shape) for deep in (False, True))
    pictures = random(3, size, size, 3)
    expected = ops.convert_to_numpy(shallow(pictures))
    assert np.array_equal(ops.convert_to_numpy(deep(pictures)), expected)
    gates = {layer.name: layer for layer in deep.layers if layer.name.endswith("_gate")}
    judged = {f"deep_{size // 2**judge}_{side}_gate": judge for judge, maps in enumerate(sides) for side in maps}
    assert gates.keys() == judged.keys()
    for name, gate in gates.items():
        gate.factors.assign(gate.factors + 1)
        changed = np.abs(ops.convert_to_numpy(deep(pictures)) - expected).max(axis=0) > 1e-5
        assert changed.tolist() == [judge == judged[name] for judge in range(3)], name
        gate.factors.assign(0 * gate.factors)


def test_a_judge_at_a_smaller_scale_sees_no_fine_detail():
    pictures = random(3, 64, 64, 3)
    checkers = np.indices((64, 64)).sum(axis=0) % 2 * 2 - 1.0  # gone from the mean of any 2×2 pixels
    judges = build_plain_discriminator(64, 4, scales=2)
    plain, changed = (ops.convert_to_numpy(judges(seen)) for seen in (pictures, pictures + checkers[..., None]))
    assert plain.shape == (3, 3)
    assert np.allclose(plain[:, 1:], changed[:, 1:], atol=1e-4)
    assert np.abs(plain[:, 0] - changed[:, 0]).min() > 1e-2
    assert len({tuple(column) for column in plain.T}) == 3
    alone = build_plain_discriminator(64, 4)
    assert np.array_equal(plain[:, :1], ops.convert_to_numpy(alone(pictures)))


@pytest.mark.parametrize(("size", "most"), [(32, 1), (64, 2), (96, 2), (128, 3)])
def test_there_are_no_more_scales_than_a_picture_has_room_for(size, most):
    for asked in (most, most + 1):
        assert build_plain_discriminator(size, 4, deviation=True, scales=asked).output_shape == (None, 1 + most)
