"""What is done to real pictures on the device, inside the compiled step."""

from animegan.gan.engine import keras, ops


def rescale(pictures):
    """uint8 [0, 255] to float32 [-1, 1]. Done here, so that only bytes travel to the device."""
    return ops.cast(pictures, "float32") / 127.5 - 1.0


def random_flip(pictures, seed):
    """Mirror each picture left to right with probability 1/2.

    Args:
        pictures: float tensor (N, height, width, 3).
        seed: keras.random.SeedGenerator.

    Returns:
        float tensor of the same shape.
    """
    coins = keras.random.uniform((ops.shape(pictures)[0], 1, 1, 1), seed=seed)
    return ops.where(coins < 0.5, ops.flip(pictures, axis=2), pictures)
