"""The two networks of a DCGAN (Radford, Metz & Chintala 2015, arXiv:1511.06434).

Every convolution has kernel 4 and stride 2: a kernel that its stride divides covers each pixel equally often, so that
nothing but the weights can make a checkerboard (Odena, Dumoulin & Olah 2016, doi:10.23915/distill.00003).
"""

import math

from animegan.gan.engine import keras, layers
from animegan.settings import check_size

MOST_CHANNELS = 8  # times width: at 128 px the paper's doubling would reach 16 times, four times the weights


def stages(size):
    """How a size is reached: (side of the first feature map, number of doublings).

    4 → 32, 64, 128 by three, four, five doublings; 96 from 6 by four.

    Raises:
        InputError: the size is not supported.
    """
    start = 6 if check_size(size) == 96 else 4
    return start, int(math.log2(size // start))


def channels(width, doublings):
    """Channels of the hidden layers from the widest to `width`: 4 doublings of 64 give [512, 256, 128, 64]."""
    return [width * min(2**step, MOST_CHANNELS) for step in reversed(range(doublings))]


def initializer(seed):
    """The paper's: normal, standard deviation 0.02."""
    return keras.initializers.RandomNormal(stddev=0.02, seed=seed)


def build_generator(size=64, width=64, latent_width=100, seed=0):
    """Build the generator: latents to pictures.

    Args:
        size: side of the pictures in pixels, one of SIZES.
        width: channels of the last hidden layer.
        latent_width: numbers in a latent.
        seed: of the initial weights.

    Returns:
        keras.Model: float32 latents (N, latent_width), drawn from N(0, 1), to float32 pictures (N, size, size, 3) in
        [-1, 1].
    """
    start, doublings = stages(size)
    first, *rest = channels(width, doublings)
    seeds = iter(range(seed, seed + 100))
    latents = keras.Input((latent_width,), name="latents")
    # 100 → 4×4×512 (at 64 px, width 64)
    x = layers.Dense(start * start * first, use_bias=False, kernel_initializer=initializer(next(seeds)))(latents)
    x = layers.Reshape((start, start, first))(x)
    x = layers.ReLU()(batch_norm()(x))
    for filters in rest:  # 4×4×512 → 8×8×256 → 16×16×128 → 32×32×64
        x = layers.Conv2DTranspose(
            filters, 4, strides=2, padding="same", use_bias=False, kernel_initializer=initializer(next(seeds))
        )(x)
        x = layers.ReLU()(batch_norm()(x))
    # 32×32×64 → 64×64×3
    pictures = layers.Conv2DTranspose(
        3, 4, strides=2, padding="same", activation="tanh", kernel_initializer=initializer(next(seeds))
    )(x)
    return keras.Model(latents, pictures, name="generator")


def build_discriminator(size=64, width=64, seed=0):
    """Build the discriminator: pictures to one logit each, above 0 for real.

    Args:
        size: side of the pictures in pixels, one of SIZES.
        width: channels of the first hidden layer.
        seed: of the initial weights.

    Returns:
        keras.Model: float32 pictures (N, size, size, 3) in [-1, 1] to float32 logits (N, 1). The sigmoid is left to
        the loss, where it is computed without overflow.
    """
    _, doublings = stages(size)
    seeds = iter(range(seed + 100, seed + 200))
    pictures = keras.Input((size, size, 3), name="pictures")
    x = pictures
    for index, filters in enumerate(reversed(channels(width, doublings))):
        # 64×64×3 → 32×32×64 → 16×16×128 → 8×8×256 → 4×4×512
        x = layers.Conv2D(
            filters, 4, strides=2, padding="same", use_bias=index == 0, kernel_initializer=initializer(next(seeds))
        )(x)
        if index:  # not on the first: it would hide the colours' mean and spread from the discriminator
            x = batch_norm()(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    # 4×4×512 → 1
    logits = layers.Dense(1, kernel_initializer=initializer(next(seeds)))(layers.Flatten()(x))
    return keras.Model(pictures, logits, name="discriminator")


def batch_norm(**settings):
    """Batch normalisation with averages that follow the weights quickly (0.9, as in the published code)."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **settings)
