"""A discriminator with more judges, who see pictures as the face network does.

What makes a face is learned from many faces. A network that names their tags knows much of it from the start, and
judges that stand on what it sees need not learn it from a game that changes all the time (Projected GANs: Sauer et al.
2021, arXiv:2111.01007). The network itself is held; the discriminator, which sees the pictures as they are, stays.
"""

from animegan.gan.engine import keras, layers, ops
from animegan.gan.face_network import POOLED, SIZE, FaceNetwork
from animegan.gan.features import FACE_NETWORK
from animegan.gan.resizing import SLOPE

PLAIN = "discriminator"  # the layer of the whole that sees pictures as they are
CHANNELS = 128  # of each of a judge's convolutions
SMALLEST = 4  # side of the maps that a judge ends with, in pixels


def add_judges(discriminator, seed=0):
    """Put a discriminator and the new judges together.

    Args:
        discriminator: keras.Model named PLAIN, float32 pictures (N, S, S, 3) in [-1, 1] to logits (N, 1).
        seed: of the initial weights.

    Returns:
        keras.Model: such pictures to logits (N, 4), the first its own, then one for the maps of each of three depths.
    """
    seeds = (keras.initializers.HeNormal(seed=number) for number in range(seed + 300, seed + 400))
    network = FaceNetwork.load(FACE_NETWORK).model  # a copy of its own: training changes how its layers compute
    seen = [layer.output for layer in network.layers if isinstance(layer, layers.ReLU)]
    maps = keras.Model(network.input, [seen[index] for index in POOLED], name="face_network")
    maps.trainable = False

    def convolve(x, kernel, stride):
        start = next(seeds)
        x = layers.Conv2D(CHANNELS, kernel, stride, padding="same", kernel_initializer=start)(x)
        return layers.LeakyReLU(negative_slope=SLOPE)(x)

    def judge(x):
        if x.shape[1] == SMALLEST:
            x = convolve(x, 3, 1)
        while x.shape[1] > SMALLEST:
            x = convolve(x, 4, 2)
        return layers.Dense(1, kernel_initializer=next(seeds))(layers.Flatten()(x))

    pictures = keras.Input(discriminator.input_shape[1:], name="pictures")
    # Not Keras's layer Resizing: what follows it believes that it is being trained, batch norm first of all.
    resized = pictures if pictures.shape[1] == SIZE else ops.image.resize(pictures, (SIZE, SIZE), antialias=True)
    # 16×16×64, 8×8×128, 4×4×128
    logits = [discriminator(pictures), *(judge(x) for x in maps(resized))]
    return keras.Model(pictures, layers.Concatenate()(logits), name=PLAIN)
