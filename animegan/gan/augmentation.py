"""What is done to pictures on the device, inside the compiled step."""

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


SHIFT = 1 / 8  # farthest, of the side
HOLE = 1 / 2  # side of the hole, of the side


def augment(pictures, seed):
    """Shift, recolour and hole pictures at random, each differently: DiffAugment (Zhao et al. 2020, arXiv:2006.10738).

    Done alike to real and generated pictures, and with gradients through it, it gives a small data set more to say
    without being learned as part of the faces.

    Args:
        pictures: float tensor (N, S, S, 3) in [-1, 1].
        seed: keras.random.SeedGenerator.

    Returns:
        float tensor of the same shape; what was shifted in, and the hole, are 0, the middle grey.
    """
    count, size = ops.shape(pictures)[0], pictures.shape[1]

    def uniform(*shape):
        return keras.random.uniform((count, *shape), -1.0, 1.0, seed=seed)

    grey = ops.mean(pictures, axis=3, keepdims=True)
    pictures = grey + (pictures - grey) * (1.0 + uniform(1, 1, 1))  # saturation 0 to 2
    mean = ops.mean(pictures, axis=(1, 2, 3), keepdims=True)
    pictures = (
        mean + (pictures - mean) * (1.0 + 0.5 * uniform(1, 1, 1)) + 0.5 * uniform(1, 1, 1)
    )  # contrast, brightness
    places = ops.arange(size)
    for pattern in ("nij,njkc->nikc", "nij,nkjc->nkic"):  # rows, then columns
        shift = ops.cast(ops.round(uniform(1) * SHIFT * size), "int32")
        # A matrix with a 1 where a row comes from: the same on every engine, and no row where there is none to take.
        taken = ops.cast(ops.equal((places + shift)[:, :, None], places), pictures.dtype)
        pictures = ops.einsum(pattern, taken, pictures)
    at = [ops.abs(ops.cast(places, pictures.dtype) - (0.5 + 0.5 * uniform(1)) * size) < HOLE * size / 2 for _ in "yx"]
    hole = ops.logical_and(at[0][:, :, None, None], at[1][:, None, :, None])
    return ops.where(hole, ops.zeros_like(pictures), pictures)
