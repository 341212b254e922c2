import numpy as np
import pytest

from animegan.gan.engine import keras, layers
from animegan.gan.networks import build_discriminator, build_generator

tf = pytest.importorskip("tensorflow")
if keras.backend.backend() != "tensorflow":
    pytest.skip("this operation is TensorFlow's", allow_module_level=True)

from animegan.gan.tensorflow_layers import quicken  # noqa: E402


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
