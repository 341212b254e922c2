"""The two players, as small as they can be: three hidden layers, and nothing but Dense."""

from animegan.gan.engine import keras, layers


def build_generator(latent_width=2, width=64, seed=0):
    """Build the generator: latents to points.

    Args:
        latent_width: numbers in a latent.
        width: of each hidden layer.
        seed: of the initial weights.

    Returns:
        keras.Model: float32 latents (N, latent_width), drawn from N(0, 1), to float32 points (N, 2), in no fixed range.
    """
    latents = keras.Input((latent_width,), name="latents")
    x = latents
    for layer in range(3):  # 2 → 64 → 64 → 64
        x = layers.Dense(width, activation="relu", kernel_initializer=keras.initializers.HeNormal(seed + layer))(x)
    # 64 → 2
    points = layers.Dense(2, kernel_initializer=keras.initializers.LecunNormal(seed + 3))(x)
    return keras.Model(latents, points, name="generator")


def build_discriminator(width=64, seed=0):
    """Build the discriminator: points to one logit each, above 0 for real.

    Args:
        width: of each hidden layer.
        seed: of the initial weights.

    Returns:
        keras.Model: float32 points (N, 2) to float32 logits (N, 1). The sigmoid is left to the loss.
    """
    points = keras.Input((2,), name="points")
    x = points
    for layer in range(3):  # 2 → 64 → 64 → 64
        x = layers.Dense(width, kernel_initializer=keras.initializers.HeNormal(seed + 10 + layer))(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    # 64 → 1
    logits = layers.Dense(1, kernel_initializer=keras.initializers.LecunNormal(seed + 13))(x)
    return keras.Model(points, logits, name="discriminator")
