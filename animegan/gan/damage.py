"""Ways to spoil pictures, to see whether a measure of quality notices, and to teach a network to.

Each takes uint8 pictures (N, S, S, 3) and a strength from 0 (nothing changes) upwards, and returns as many, uint8.
"""

import cv2
import numpy as np

from animegan.pictures import decode, encode


def blur(images, sigma):
    """Gaussian blur of `sigma` pixels."""
    if not sigma:
        return images
    return np.stack([cv2.GaussianBlur(image, (0, 0), sigma) for image in images])


def noise(images, deviation, seed=0):
    """Normal noise with this standard deviation, in grey levels of 255."""
    grain = np.random.default_rng(seed).normal(0, deviation, images.shape)
    return np.clip(np.round(images + grain), 0, 255).astype(np.uint8)


def jpeg(images, loss):
    """JPEG compression at the quality 100 - `loss`."""
    if not loss:
        return images
    return np.stack([decode(encode(image, ".jpg", 100 - loss)) for image in images])


def average(images, share, seed=0):
    """Mix each face with another one, which gets this share: 0.5 is halfway."""
    partners = np.random.default_rng(seed).permutation(len(images))
    return np.round((1 - share) * images + share * images[partners].astype(float)).astype(np.uint8)


def collapse(images, share):
    """Replace this share of the faces by copies of the others: mode collapse."""
    kept = max(1, round(len(images) * (1 - share)))
    return images[np.arange(len(images)) % kept]


def scramble(images, share, seed=0):
    """Swap this share of the 8×8 tiles of each face with one another."""
    rng = np.random.default_rng(seed)
    result = images.copy()
    side = images.shape[1] // 8
    tiles = result.reshape(len(images), 8, side, 8, side, 3).transpose(0, 1, 3, 2, 4, 5).reshape(len(images), 64, -1)
    for face in tiles:
        chosen = rng.permutation(64)[: round(64 * share)]
        face[chosen] = face[np.roll(chosen, 1)]
    tiles = tiles.reshape(len(images), 8, 8, side, side, 3).transpose(0, 1, 3, 2, 4, 5)
    return tiles.reshape(images.shape)


def warp(images, strength, seed=0):
    """Bend each face: smooth random shifts with a standard deviation of `strength` pixels of 64."""
    rng = np.random.default_rng(seed)
    side = images.shape[1]
    rows, columns = np.indices((side, side)).astype(np.float32)
    result = []
    for image in images:
        coarse = rng.normal(0, strength * side / 64, (6, 6, 2)).astype(np.float32)
        shifts = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
        result.append(
            cv2.remap(
                image, columns + shifts[..., 0], rows + shifts[..., 1], cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT
            )
        )
    return np.stack(result)


# What is done to a face, and how strongly at most: beyond that it is no harder to see.
DAMAGES = {
    "blur": (blur, 2.5),
    "noise": (noise, 40),
    "jpeg": (jpeg, 92),
    "average": (average, 0.5),
    "scramble": (scramble, 0.5),
    "warp": (warp, 4),
}
