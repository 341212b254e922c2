"""Directions by the tags of faces: faces of random latents are labelled by the face network, and a line is fitted.

This is the way that needs names, and so the one whose directions have names.
"""

import numpy as np

from animegan.files import InputError
from animegan.gan.generating import draw_latents, generate
from animegan.latent.directions import RIDGE, conditioned, linear_fit

FLOOR = 1e-3  # added to a likelihood before its logarithm is taken: less than that is noise
RARE = 0.01  # share of faces; what is rarer cannot be learned from some thousand of them
SURE = 0.8  # likelihood from which on a tag of a face counts as known: what is not known cannot be seen to change


def label(generator, network, count, seed=0):
    """Make faces of random latents and have them labelled.

    Args:
        generator: keras.Model.
        network: animegan.gan.face_network.FaceNetwork.
        count: how many.
        seed: of the latents.

    Returns:
        (latents float32 (count, L), likelihoods {tag: float32 (count, values)} in the order of `network.values`).
    """
    latents = draw_latents(count, generator.input_shape[-1], seed)
    return latents, network.tags(generate(generator, latents))


def tag_directions(latents, likelihoods, values, ridge=RIDGE, rare=RARE):
    """A direction for each value of each tag that is neither rare nor everywhere.

    The logarithms of the likelihoods are fitted linearly. A direction moves its own value up and those of all other
    tags as little as may be (`animegan.latent.directions.conditioned`); other values of its own tag are free to fall.

    Args:
        latents, likelihoods: what `label` returned.
        values: {tag: tuple of its values}.
        ridge: the smaller, the stiller the other tags, and the weaker the step.
        rare: the least share of faces that must show a value, and the least that must not.

    Returns:
        {"hair=blonde": float32 array (L,), …}, unit vectors. First comes what a straight line explains well
        and many faces show: the correlation, times the standard deviation of showing the value.
    """
    scores = {tag: np.log(table + FLOOR) for tag, table in likelihoods.items()}
    ends = np.cumsum([table.shape[1] for table in scores.values()])[:-1]
    rows = linear_fit(latents, np.concatenate(list(scores.values()), axis=1))
    fits = dict(zip(scores, np.split(rows, ends), strict=True))
    found = []
    for tag, names in values.items():
        shares = np.bincount(likelihoods[tag].argmax(axis=1), minlength=len(names)) / len(latents)
        others = np.concatenate([rows for other, rows in fits.items() if other != tag])
        for index in np.flatnonzero((shares >= rare) & (shares <= 1 - rare)):
            direction = conditioned(fits[tag][index], others, ridge)
            explained = abs(np.corrcoef(latents @ fits[tag][index], scores[tag][:, index])[0, 1])
            common = np.sqrt(shares[index] * (1 - shares[index]))
            found.append((explained * common, f"{tag}={names[index]}", direction))
    found.sort(key=lambda entry: -entry[0])
    return {name: direction for _, name, direction in found}


def changed_tags(start, end):
    """Which faces have changed in what was known of them.

    Args:
        start, end: {tag: float array (N, number of values)}, likelihoods of the same faces before and after.

    Returns:
        {tag: bool array (N,)}: its value was known before (likelihood SURE or more), and the most likely one is another
        afterwards.
    """
    return {
        tag: (start[tag].max(axis=1) >= SURE) & (start[tag].argmax(axis=1) != end[tag].argmax(axis=1)) for tag in start
    }


def judge(generator, network, latents, moved, name):
    """What a move towards a value of a tag does to faces, in the eyes of the face network.

    Args:
        generator: keras.Model.
        network: animegan.gan.face_network.FaceNetwork.
        latents: float array (N, L).
        moved: float array (N, L), where they have come to.
        name: "hair=blonde", what they were to move towards.

    Returns:
        dict: before and after (shares of the faces that show the value); changed, {other tag: share of the faces in
        which it has changed, by `changed_tags`}; any_changed, the share of those in which at least one other tag has.

    Raises:
        InputError: the network does not know the tag or the value.
    """
    tag, _, value = name.partition("=")
    if value not in network.values.get(tag, ()):
        raise InputError(f"a move must be named after a tag and a value that are known. Received: {name}")
    start, end = (network.tags(generate(generator, each)) for each in (latents, moved))
    index = network.values[tag].index(value)
    others = {other: faces for other, faces in changed_tags(start, end).items() if other != tag}
    return {
        "before": float(np.mean(start[tag].argmax(axis=1) == index)),
        "after": float(np.mean(end[tag].argmax(axis=1) == index)),
        "changed": {other: float(faces.mean()) for other, faces in others.items()},
        "any_changed": float(np.mean(np.any(list(others.values()), axis=0))),
    }
