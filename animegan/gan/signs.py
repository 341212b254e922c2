"""Signs of a GAN's failures as numbers, from reports and pictures. Plain NumPy: no network, and no judgement."""

import numpy as np

from animegan.faces.near import NearDuplicates, look
from animegan.gan.distances import nearest
from animegan.pictures import resize

FEWEST = 20  # held-out pictures whose median distance is worth something
REPORTED = ("discriminator_loss", "generator_loss", "real_score", "fake_score")


def drift(rows):
    """How a run's reports have changed.

    Args:
        rows: of metrics.csv, as animegan.gan.runs.Run.metrics gives them; one or more.

    Returns:
        (first, last): dicts from each of REPORTED to its number in the first report, and to its mean over the last
        quarter of them: one report alone says little about an end, since the losses of a game jump.
    """
    last = rows[-max(1, len(rows) // 4) :]
    first = {name: rows[0][name] for name in REPORTED}
    return first, {name: float(np.mean([row[name] for row in last])) for name in REPORTED}


def spectrum(images):
    """How much of the pictures' contrast repeats how often.

    Args:
        images: uint8 array (N, S, S, 3).

    Returns:
        float array (S/2,): the mean power of waves that repeat 1, 2, … S/2 times in a picture, along rows and columns
        alike, as shares that sum to 1. The last is a pattern of period 2 pixels, the finest there is.
    """
    pictures = np.asarray(images, np.float64) / 127.5 - 1
    power = (np.abs(np.fft.fft2(pictures, axes=(1, 2))) ** 2).mean(axis=(0, 3))
    waves = (power.sum(axis=0) + power.sum(axis=1))[1 : images.shape[1] // 2 + 1]
    return waves / waves.sum()


def checkerboard(images):
    """How far the power at a period of 2 pixels stands out: over the mean of the three next finest waves.

    Pictures of the world have less and less power the finer the waves: about 1 or below. A pattern that a stride of 2
    leaves in every picture lies at that very period.

    Args:
        images: uint8 array (N, S, S, 3).

    Returns:
        float > 0.
    """
    *_, one, two, three, finest = spectrum(images)
    return float(finest / max(np.mean([one, two, three]), 1e-12))


def nearest_other(features):
    """The median distance of a picture to the one of the same set that is most like it.

    Args:
        features: float array (N, F), N ≥ 2.

    Returns:
        float ≥ 0. It falls as N grows: compare sets of one size.
    """
    features = np.asarray(features, np.float64)
    squares = (features**2).sum(axis=1)
    table = squares[:, None] + squares - 2 * features @ features.T
    np.fill_diagonal(table, np.inf)
    return float(np.median(np.sqrt(np.maximum(table.min(axis=1), 0))))


def thumbnails(images, side=8):
    """Pictures so small that only the layout and the colours are left: no grain, which beginners' copies are full of.

    Args:
        images: uint8 array (N, S, S, 3).
        side: of the thumbnails in pixels.

    Returns:
        float array (N, 3·side²), grey levels of 255.
    """
    return np.array([resize(image, side) for image in images], np.float64).reshape(len(images), 3 * side**2)


def memorisation(fake, known, held_out, shown=None):
    """The median distance of a generated picture to its nearest training picture, over what is usual.

    Args:
        fake, known: `thumbnails` or features of generated and of training pictures, float arrays (N, F) and (K, F).
        held_out: the same of real pictures that were not trained on, float array (M, F): their distances are what is
            usual. With fewer than FEWEST of them it is the distance of a training picture to the nearest other.
        shown: the same of all that was shown as a training picture, such as mirrored ones, too; `known` if None.

    Returns:
        float ≥ 0: about 1 is right, near 0 means that training pictures are repeated.
    """
    shown = known if shown is None else shown
    usual = nearest_other(known) if len(held_out) < FEWEST else np.median(nearest(held_out, shown)[1])
    return float(np.median(nearest(fake, shown)[1]) / max(usual, 1e-12))


def copies(images, others=None):
    """Which pictures are copies, of the very pixels or near enough (animegan.faces.near).

    Args:
        images: uint8 array (N, S, S, 3).
        others: uint8 array (M, S, S, 3) to look among; the pictures before each one if None.

    Returns:
        bool array (N,).
    """
    known, found = NearDuplicates(), []
    for image in () if others is None else others:
        known.add(look(image))
    for image in images:
        seen = look(image)
        found.append(len(known.find(seen)) > 0)
        if others is None:
            known.add(seen)
    return np.array(found, bool)
