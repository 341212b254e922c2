"""What the two players want, from logits (Goodfellow et al. 2014, arXiv:1406.2661)."""

from animegan.gan.engine import ops


def discriminator_loss(real_logits, fake_logits):
    """Mean binary cross-entropy of both kinds: -log σ(real) - log(1 - σ(fake)). 2·ln 2 = 1.386 when it only guesses.

    Args:
        real_logits: float tensor (N, 1), for real pictures.
        fake_logits: float tensor (N, 1), for generated ones.

    Returns:
        float scalar, ≥ 0. softplus(-x) = -log σ(x), without overflow.
    """
    return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))


def generator_loss(fake_logits):
    """The non-saturating loss, -log σ(fake): steep exactly where the generator is losing. ln 2 = 0.693 at a guess.

    Args:
        fake_logits: float tensor (N, 1), for generated pictures.

    Returns:
        float scalar, ≥ 0.
    """
    return ops.mean(ops.softplus(-fake_logits))
