"""A discriminator with more judges, who see pictures as a network does that has learned from photographs.

What edges, textures and parts of a thing look like is learned from many pictures. Judges that stand on what such a
network sees need not learn it from a game that changes all the time (Projected GANs: Sauer et al. 2021,
arXiv:2111.01007). Network and mixing are held; the discriminator, which sees the pictures as they are, stays beside.

Not as the face network does: that one measures, and does so no longer where a generator has learned to please it.
"""

from animegan.gan.engine import keras, layers, ops
from animegan.gan.photo_network import build_photo_network
from animegan.gan.resizing import SLOPE
from animegan.gan.variety import MinibatchDeviations

PLAIN = "discriminator"  # the layer of the whole that sees pictures as they are
SIDE = 128  # pixels that pictures are enlarged to: the 224 that the network has learned from take thrice the time
SPREADS = (9.4, 8.4, 7.1, 3.0)  # standard deviations of its maps over faces, real or drawn, from the first on
MIXED = 64  # channels of each of the mixed maps
CHANNELS = 128  # of each of a judge's convolutions
SMALLEST = 4  # side of the maps that a judge ends with, in pixels


def add_judges(discriminator, seed=0, deviation=False):
    """Put a discriminator and the new judges together.

    Args:
        discriminator: keras.Model named PLAIN, float32 pictures (N, S, S, 3) in [-1, 1] to logits (N, J).
        seed: of the initial weights.
        deviation: tell each of them how much the batch varies, before its last convolution.

    Returns:
        keras.Model: such pictures to logits (N, J + 4): first its own, then one for the maps of each of four depths,
        the deepest first.

    Raises:
        InputError: the network's weights cannot be had.
    """
    seeds = (keras.initializers.HeNormal(seed=number) for number in range(seed + 300, seed + 400))

    def convolve(x, kernel, stride):
        start = next(seeds)
        x = layers.Conv2D(CHANNELS, kernel, stride, padding="same", kernel_initializer=start)(x)
        return layers.LeakyReLU(negative_slope=SLOPE)(x)

    def judge(x):
        while x.shape[1] > 2 * SMALLEST:
            x = convolve(x, 4, 2)
        if deviation:
            x = MinibatchDeviations()(x)
        x = convolve(x, 4, 2) if x.shape[1] > SMALLEST else convolve(x, 3, 1)
        return layers.Dense(1, kernel_initializer=next(seeds))(layers.Flatten()(x))

    pictures = keras.Input(discriminator.input_shape[1:], name="pictures")
    enlarged = pictures if pictures.shape[1] == SIDE else ops.image.resize(pictures, (SIDE, SIDE))
    logits = [discriminator(pictures), *(judge(x) for x in mix_depths(seed)(enlarged))]
    return keras.Model(pictures, layers.Concatenate()(logits), name=PLAIN)


def plain_judge(discriminator):
    """The one that sees pictures as they are: keras.Model, one of several judges or the discriminator itself."""
    return next((layer for layer in discriminator.layers if layer.name == PLAIN), discriminator)


def mix_depths(seed=0):
    """What the photograph network sees at four depths, mixed at random, as Projected GANs have it.

    A random convolution of kernel 1 mixes the channels of each depth, so that no judge can do with a few of them; to
    the shallower maps are added those of the deeper ones, enlarged, and one of kernel 3 mixes the sum.

    Args:
        seed: of the mixing.

    Returns:
        keras.Model that does not train: float32 pictures (N, 128, 128, 3) in [-1, 1] to maps (N, 4, 4, 64),
        (N, 8, 8, 64), (N, 16, 16, 64) and (N, 32, 32, 64), the deepest first.

    Raises:
        InputError: the weights cannot be had.
    """
    seeds = (keras.initializers.HeNormal(seed=number) for number in range(seed + 400, seed + 500))

    def mix(x, kernel):
        return layers.Conv2D(MIXED, kernel, padding="same", use_bias=False, kernel_initializer=next(seeds))(x)

    pictures = keras.Input((SIDE, SIDE, 3))
    mixed = []
    for x, spread in reversed(list(zip(build_photo_network(SIDE)(pictures), SPREADS, strict=True))):
        x = mix(layers.Rescaling(1 / spread)(x), 1)
        if mixed:
            x = layers.Add()([x, layers.UpSampling2D(interpolation="bilinear")(mixed[-1])])
        mixed.append(mix(layers.Rescaling(0.5)(x), 3))  # He's weights double the variance, twice on the way
    maps = keras.Model(pictures, mixed, name="mixed_depths")
    maps.trainable = False
    return maps
