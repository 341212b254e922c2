"""Points and ways in the latent space: truncation, blending, grids, walks that loop. Plain NumPy, no network.

A latent is a row of L numbers from N(0, 1). In 100 dimensions nearly all of them have about the same length, √100 = 10:
they lie in a thin shell, and the generator has learned no other place.
"""

import numpy as np

from animegan.files import InputError


def truncate(latents, strength):
    """Draw latents towards the mean, 0. A little of it makes faces more ordinary, with fewer flaws.

    A DCGAN has never seen a latent near 0 itself, and may make no face at all of it.

    Karras et al. 2019 (arXiv:1812.04948) do this in StyleGAN's inner space; here it is done to the latent itself.

    Args:
        latents: float array (…, L).
        strength: 0 gives the mean alone, 1 changes nothing, more exaggerates.

    Returns:
        float32 array (…, L).
    """
    return np.asarray(latents, np.float32) * np.float32(strength)


def lerp(start, end, places):
    """Blend along the straight line.

    Half-way between two independent latents of length 10 it comes through points of length 7: too near the mean.

    Args:
        start, end: float arrays (L,).
        places: float array (T,): 0 is the start, 1 the end.

    Returns:
        float32 array (T, L).
    """
    start, end, places = _ends(start, end, places)
    return ((1 - places) * start + places * end).astype(np.float32)


def slerp(start, end, places):
    """Blend along the great circle, on which the length does not fall (Shoemake 1985; White 2016, arXiv:1609.04468).

    sin((1 - t)·ω)/sin ω · start + sin(t·ω)/sin ω · end, with ω the angle between the two. Where both have the same
    length, all between have it too.

    Args:
        start, end: float arrays (L,).
        places: float array (T,): 0 is the start, 1 the end.

    Returns:
        float32 array (T, L). Where the two point the same way, or one is 0, that is the straight line; where they
        point opposite ways there are many great circles, and the straight line is taken too.
    """
    start, end, places = _ends(start, end, places)
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / lengths, -1, 1)) if lengths else 0.0
    if np.sin(angle) < 1e-6:
        return lerp(start, end, places[:, 0])
    between = np.sin((1 - places) * angle) * start + np.sin(places * angle) * end
    return (between / np.sin(angle)).astype(np.float32)


def blend(start, end, count, way=slerp):
    """A row of latents from one to the other, both ends included.

    Args:
        start, end: float arrays (L,).
        count: how many, ≥ 2.
        way: slerp or lerp.

    Returns:
        float32 array (count, L).

    Raises:
        InputError: count is less than 2.
    """
    if count < 2:
        raise InputError(f"a blend must have 2 latents or more. Received: {count}")
    return way(start, end, np.linspace(0, 1, count))


def corners_grid(corners, rows, columns, way=slerp):
    """A grid between four latents.

    Args:
        corners: float array (4, L): upper left, upper right, lower left, lower right.
        rows, columns: ≥ 2.
        way: slerp or lerp.

    Returns:
        float32 array (rows·columns, L), row by row.
    """
    corners = np.asarray(corners)
    if corners.shape[0] != 4:
        raise InputError(f"a grid must have 4 corners. Received: {corners.shape[0]}")
    left, right = blend(corners[0], corners[2], rows, way), blend(corners[1], corners[3], rows, way)
    return np.concatenate([blend(one, other, columns, way) for one, other in zip(left, right, strict=True)])


def directions_grid(latent, across, down, reach, count):
    """A grid around a latent: one direction to the right, another downwards.

    Args:
        latent: float array (L,), in the middle.
        across, down: float arrays (L,), the directions.
        reach: how far the outermost ones are moved, in steps of each direction's length.
        count: rows and columns; odd, so that the latent itself is among them.

    Returns:
        float32 array (count·count, L), row by row.
    """
    steps = np.linspace(-reach, reach, count)
    moves = steps[:, None, None] * np.asarray(down) + steps[None, :, None] * np.asarray(across)
    return (np.asarray(latent) + moves).reshape(count * count, -1).astype(np.float32)


def loop(keys, frames):
    """A walk through given latents that ends where it began, with no seam: as smooth there as everywhere else.

    Each coordinate is the trigonometric polynomial of least degree through its values, found by a Fourier transform. Of
    an odd number of keys from N(0, 1), each frame is from N(0, 1) too: the weights' squares sum to 1 at every point, so
    the walk never leaves the shell where the generator is at home.

    Args:
        keys: float array (K, L), K odd and ≥ 3; frame i·frames/K is key i, where that is a whole number.
        frames: how many latents; the one after the last is the first again.

    Returns:
        float32 array (frames, L).

    Raises:
        InputError: the number of keys is even or less than 3, or there are fewer frames than keys.
    """
    keys = np.asarray(keys, np.float64)
    count = len(keys)
    if count < 3 or count % 2 == 0:
        raise InputError(f"a walk must have an odd number of latents to pass, 3 or more. Received: {count}")
    if frames < count:
        raise InputError(f"a walk must have at least a frame for each of its {count} latents. Received: {frames}")
    waves = np.fft.rfft(keys, axis=0)
    return (np.fft.irfft(waves, frames, axis=0) * (frames / count)).astype(np.float32)


def analogy(latent, like, unlike):
    """Vector arithmetic (Radford et al. 2015, arXiv:1511.06434): what some latents share and others lack is added.

    Args:
        latent: float array (…, L), such as that of a girl without glasses.
        like: float array (N, L), latents of faces that have it; three or more, whose mean leaves their chance behind.
        unlike: float array (M, L), of faces that have it not, and are else alike.

    Returns:
        float32 array (…, L): latent + mean(like) - mean(unlike).
    """
    difference = np.mean(like, axis=0) - np.mean(unlike, axis=0)
    return (np.asarray(latent) + difference).astype(np.float32)


def _ends(start, end, places):
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    if start.shape != end.shape or start.ndim != 1:
        raise InputError(f"two latents must have as many numbers each. Received: shapes {start.shape} and {end.shape}")
    return start, end, np.asarray(places, np.float64)[:, None]
