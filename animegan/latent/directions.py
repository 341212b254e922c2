"""Directions in the latent space: what a step along them changes in a face. Three ways to find them.

Each function returns directions as unit vectors: a step of 1 along one is one standard deviation of the latents.
"""

import numpy as np
from scipy.sparse.linalg import svds

from animegan.files import InputError
from animegan.gan.engine import keras, layers, ops
from animegan.gan.generating import draw_latents
from animegan.gan.resizing import STEER

SAMPLES = 4_096  # latents that statistics are taken over
BATCH = 256  # latents a call
RIDGE = 10.0  # beside the other tags' own weight: less keeps them stiller, and moves the wanted one less


def first_layer(generator):
    """The weights of the generator's first layer, with what batch norm makes of them; modulation is left out.

    Args:
        generator: keras.Model whose first layer with weights is Dense.

    Returns:
        float64 array (L, F): a step d along the latents changes the first activations' inputs by d·W, beside what
        modulation then does to them.

    Raises:
        InputError: the first layer with weights is another.
    """
    weighted = [layer for layer in generator.layers if layer.weights and not layer.name.startswith(STEER)]
    if not weighted or not isinstance(weighted[0], layers.Dense):
        raise InputError("the generator's first layer must be Dense, as in a DCGAN. Received: another")
    weights = ops.convert_to_numpy(weighted[0].kernel).astype(np.float64)
    if len(weighted) > 1 and isinstance(weighted[1], layers.BatchNormalization):
        norm = weighted[1]
        scale = ops.convert_to_numpy(norm.gamma) / np.sqrt(ops.convert_to_numpy(norm.moving_variance) + norm.epsilon)
        weights = weights * np.tile(scale, weights.shape[1] // len(scale))  # channels come last, so they repeat
    return weights


def closed_form(generator, count):
    """Directions that change the first layer's output most: no face is made (SeFa: Shen & Zhou 2021, arXiv:2007.06600).

    They are the eigenvectors of W·Wᵀ with the largest eigenvalues, W being the first layer's weights.

    Args:
        generator: keras.Model that begins with Dense.
        count: how many, at most L.

    Returns:
        float32 array (count, L), orthonormal, the strongest first; each one's largest number is positive.
    """
    weights = first_layer(generator)
    return _leading(weights @ weights.T, count)


def principal(generator, count, depth=1, samples=SAMPLES, seed=0):
    """Directions in which the generator's own activations vary most (GANSpace: Härkönen et al. 2020, arXiv:2004.02546).

    Activations of random latents are split into principal components; each component's direction in the latent space
    is the least-squares fit of the latents by their coordinates, and the directions are then made orthogonal.

    Args:
        generator: keras.Model.
        count: how many; fewer come where there are not as many latents, or not one more activation.
        depth: which activation layer to look at, 1 for the first.
        samples: random latents.
        seed: of those.

    Returns:
        float32 array (count, L), orthonormal, the component with the largest variance first.

    Raises:
        InputError: the generator has fewer activation layers.
    """
    kinds = (layers.ReLU, layers.LeakyReLU)
    found = [layer for layer in generator.layers if isinstance(layer, kinds)]
    if not 1 <= depth <= len(found):
        raise InputError(f"depth must be 1 to {len(found)}, the number of activation layers. Received: {depth}")
    inner = keras.Model(generator.input, layers.Flatten()(found[depth - 1].output))
    latents = draw_latents(samples, generator.input_shape[-1], seed)
    values = np.concatenate(
        [inner.predict_on_batch(latents[start : start + BATCH]) for start in range(0, samples, BATCH)]
    )
    values -= values.mean(axis=0)
    count = min(count, latents.shape[1], min(values.shape) - 1)
    coordinates, sizes, _ = svds(values, k=count, v0=np.ones(min(values.shape)))  # ascending
    return _oriented(_orthonormal(linear_fit(latents, (coordinates * sizes)[:, ::-1])))


def linear_fit(latents, targets):
    """Least squares: which direction of the latents goes with each target.

    The latents of a large sample are uncorrelated, so this is also the mean gradient of the target (Stein's lemma).

    Args:
        latents: float array (N, L).
        targets: float array (N, T).

    Returns:
        float64 array (T, L): the change of each target by a step of 1 along each coordinate.
    """
    latents, targets = np.asarray(latents, np.float64), np.asarray(targets, np.float64)
    centred = latents - latents.mean(axis=0)
    return np.linalg.lstsq(centred, targets - targets.mean(axis=0), rcond=None)[0].T


def conditioned(wanted, others, ridge=RIDGE):
    """The direction that moves one target most, for as little movement of others.

    With w the wanted target's fit and O the others', the d that maximises w·d for a given |O·d|² + r·|d|²: by Lagrange,
    (OᵀO + r·1)⁻¹·w. A small r keeps the others still; a large one gives w back.

    Args:
        wanted: float array (L,), a row of `linear_fit`.
        others: float array (K, L), rows of `linear_fit`.
        ridge: r, as a share of the mean square length of the others' rows.

    Returns:
        float32 array (L,), of length 1.

    Raises:
        InputError: `wanted` is 0: nothing goes with this target.
    """
    wanted, others = np.asarray(wanted, np.float64), np.asarray(others, np.float64).reshape(-1, len(wanted))
    if not np.linalg.norm(wanted):
        raise InputError("a direction needs a target that varies. Received: one that is the same for all latents")
    table = others.T @ others
    level = np.trace(table) / max(1, len(others)) or 1.0
    found = np.linalg.solve(table + ridge * level * np.eye(len(wanted)), wanted)
    return (found / np.linalg.norm(found)).astype(np.float32)


def _leading(table, count):
    _, vectors = np.linalg.eigh(table)
    return _oriented(vectors[:, ::-1][:, :count].T)


def _orthonormal(rows):
    """The rows made orthogonal one after the other (Gram–Schmidt), by a QR decomposition."""
    return np.linalg.qr(rows.T)[0].T


def _oriented(rows):
    """The sign of an eigenvector is arbitrary: its largest number is made positive."""
    largest = rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)]
    return (rows * np.sign(largest)[:, None]).astype(np.float32)
