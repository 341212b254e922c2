import numpy as np
import pytest

from animegan.gan.engine import keras, layers
from animegan.gan.networks import build_discriminator, build_generator

tf = pytest.importorskip("tensorflow")
if keras.backend.backend() != "tensorflow":
    pytest.skip("this operation is TensorFlow's", allow_module_level=True)

from animegan.gan.fewer_products import convolve  # noqa: E402
from animegan.gan.resizing import ResizeConvolution  # noqa: E402
from animegan.gan.spectral import SpectralConvolution  # noqa: E402
from animegan.gan.tensorflow_layers import CONVOLUTIONS, quicken  # noqa: E402
from animegan.gan.tensorflow_step import OneKernelAdam  # noqa: E402


def random(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_batch_normalisation_is_the_stock_one():
    inputs = 3 + 2 * random(4, 5, 6, 3)
    results = []
    for change in (lambda network: network, quicken):
        network = change(keras.Sequential([keras.Input(inputs.shape[1:]), layers.BatchNormalization(momentum=0.9)]))
        with tf.GradientTape() as tape:
            x = tf.constant(inputs)
            tape.watch(x)
            outputs = network(x, training=True)
            total = tf.reduce_sum(tf.sin(outputs))
        gradients = tape.gradient(total, [x, *(weight.value for weight in network.trainable_weights)])
        results.append([outputs, *gradients, *network.get_weights(), network(x, training=False)])
    for one, other in zip(*results, strict=True):
        assert np.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(6, 4, strides=2, padding="same", activation="tanh"),
        layers.Conv2DTranspose(48, 4, strides=2, padding="same"),
        ResizeConvolution(48, activation="tanh"),
        SpectralConvolution(6, 4, strides=2, padding="same", activation="tanh"),
    ],
)
def test_convolutions_are_the_stock_ones(layer, monkeypatch):
    inputs = random(2, 8, 8, 6 if isinstance(layer, layers.Conv2DTranspose) else 48)
    network = keras.Sequential([keras.Input(inputs.shape[1:]), layer])
    way, taken, results = CONVOLUTIONS[type(layer)], [], []
    monkeypatch.setitem(CONVOLUTIONS, type(layer), lambda *inputs: taken.append(inputs) or way(*inputs))
    for change in (lambda network: network, quicken):
        assert not taken
        change(network)
        x = tf.constant(inputs)
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = network(x)
            total = tf.reduce_sum(tf.sin(outputs))
        results.append([outputs, *tape.gradient(total, [x, *(weight.value for weight in network.trainable_weights)])])
    assert len(results[0]) == 4 and len(taken) == 1
    for one, other in zip(*results, strict=True):
        assert np.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize(("channels", "fewer"), [(48, True), (47, False)])
def test_only_convolutions_with_many_channels_go_by_fewer_products(channels, fewer, monkeypatch):
    taken = []
    monkeypatch.setitem(CONVOLUTIONS, layers.Conv2D, lambda *inputs: taken.append(inputs) or convolve(*inputs))
    layer = layers.Conv2D(2, 4, strides=2, padding="same")
    quicken(keras.Sequential([keras.Input((8, 8, channels)), layer]))(random(1, 8, 8, channels))
    assert bool(taken) is fewer


def test_the_search_for_a_spectral_norm_goes_on_where_the_layer_is_quick(monkeypatch):
    taken = []
    monkeypatch.setitem(CONVOLUTIONS, SpectralConvolution, lambda *inputs: taken.append(inputs) or convolve(*inputs))
    layer = SpectralConvolution(6, 4, strides=2, padding="same")
    network = quicken(keras.Sequential([keras.Input((8, 8, 48)), layer]))
    for training in (False, True):
        before = layer.found.numpy()
        network(random(1, 8, 8, 48), training=training)
        assert np.array_equal(before, layer.found.numpy()) is not training
    assert len(taken) == 2


def test_adam_is_the_stock_one():
    start = random(3, 4)
    weights = [keras.Variable(start) for _ in range(2)]
    settings = {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9}
    adams = [kind(**settings) for kind in (keras.optimizers.Adam, OneKernelAdam)]
    for step in range(3):
        for adam, weight in zip(adams, weights, strict=True):
            adam.apply([tf.constant(start * (step - 1.3))], [weight])
    assert np.allclose(*(weight.numpy() for weight in weights), atol=1e-6)
    assert not np.allclose(weights[0].numpy(), start, atol=0.1)
    for one, other in zip(*(adam.variables for adam in adams), strict=True):
        assert np.allclose(one.numpy(), other.numpy(), rtol=1e-5), one.path


def test_quickened_networks_give_the_same_numbers():
    generator, discriminator = build_generator(32, 4, 6), build_discriminator(32, 4)
    latents = random(2, 6)
    pictures = generator(latents)
    logits = discriminator(pictures)
    assert np.allclose(quicken(generator)(latents), pictures, atol=1e-5)
    assert np.allclose(quicken(discriminator)(pictures), logits, atol=1e-5)


def test_other_layers_are_left_alone():
    picture = keras.Input((8, 8, 3))
    outputs = layers.BatchNormalization(scale=False)(layers.BatchNormalization(axis=1)(layers.Conv2D(4, 3)(picture)))
    network = keras.Model(picture, outputs)
    quicken(network)
    assert not any("call" in vars(layer) for layer in network.layers)
