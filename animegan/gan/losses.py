"""What the two players want, from logits.

`standard` is the game of Goodfellow et al. (2014), arXiv:1406.2661: each picture is judged by itself. `relativistic` is
that of Jolicoeur-Martineau (2018), arXiv:1807.00734, in pairs: only the difference of a real and a generated picture's
logits counts. A generator cannot win it by faces that all clear the same bar, which works against mode collapse.

Where there are J judges, each has a logit for each picture, and a loss is the mean over all of them.
"""

from animegan.gan.engine import ops


def discriminator_loss(real_logits, fake_logits):
    """Mean binary cross-entropy of both kinds: -log σ(real) - log(1 - σ(fake)). 2·ln 2 = 1.386 when it only guesses.

    Args:
        real_logits: float tensor (N, J), for real pictures.
        fake_logits: float tensor (N, J), for generated ones.

    Returns:
        float scalar, ≥ 0. softplus(-x) = -log σ(x), without overflow.
    """
    return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))


def generator_loss(fake_logits):
    """The non-saturating loss, -log σ(fake): steep exactly where the generator is losing. ln 2 = 0.693 at a guess.

    Args:
        fake_logits: float tensor (N, J), for generated pictures.

    Returns:
        float scalar, ≥ 0.
    """
    return ops.mean(ops.softplus(-fake_logits))


def standard_losses(real_logits, fake_logits):
    """(the discriminator's, the generator's), each picture judged by itself: float scalars ≥ 0."""
    return discriminator_loss(real_logits, fake_logits), generator_loss(fake_logits)


def relativistic_losses(real_logits, fake_logits):
    """(the discriminator's, the generator's): -log σ(real - fake) and -log σ(fake - real), pair by pair.

    Args:
        real_logits: float tensor (N, J), for real pictures.
        fake_logits: float tensor (N, J), for generated ones.

    Returns:
        float scalars ≥ 0, both ln 2 = 0.693 at a guess.
    """
    difference = real_logits - fake_logits
    return ops.mean(ops.softplus(-difference)), ops.mean(ops.softplus(difference))


LOSSES = {"standard": standard_losses, "relativistic": relativistic_losses}
PENALTY_STEP = 0.05  # length of the step that measures steepness, in units of [-1, 1]: far above float32's round-off


def steepness(logits, logits_nearby):
    """Squared gradient of the discriminator at its pictures, from a second look nearby.

    ((D(x + ε·n) - D(x)) / ε)² with n from N(0, 1) has the expected value |∇D(x)|² for small ε: R1 at real pictures
    (Mescheder et al. 2018, arXiv:1801.04406), R2 at generated ones, without a second derivative.

    Args:
        logits: float tensor (N, J), D(x).
        logits_nearby: float tensor (N, J), D(x + ε·n) with ε = PENALTY_STEP.

    Returns:
        float scalar ≥ 0, the mean.
    """
    return ops.mean(ops.square((logits_nearby - logits) / PENALTY_STEP))
