import math

import numpy as np
import pytest

from animegan.gan.engine import ops
from animegan.gan.losses import (
    PENALTY_STEP,
    discriminator_loss,
    generator_loss,
    relativistic_losses,
    standard_losses,
    steepness,
)


def test_losses_of_a_guess():
    zeros = ops.zeros((8, 1))
    assert float(discriminator_loss(zeros, zeros)) == pytest.approx(2 * math.log(2))
    assert float(generator_loss(zeros)) == pytest.approx(math.log(2))


def test_losses_are_binary_cross_entropy():
    real, fake = np.random.default_rng(0).normal(size=(2, 16, 1)).astype("float32")
    probability = 1 / (1 + np.exp(-np.stack([real, fake])))
    expected = -np.log(probability[0]).mean() - np.log(1 - probability[1]).mean()
    assert float(discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-5)
    assert float(generator_loss(fake)) == pytest.approx(-np.log(probability[1]).mean(), rel=1e-5)


def test_losses_of_certain_logits_are_finite():
    certain = ops.full((4, 1), 1000.0)
    assert float(discriminator_loss(-certain, certain)) == pytest.approx(2000)
    assert float(generator_loss(-certain)) == pytest.approx(1000)


@pytest.mark.parametrize("losses", [standard_losses, relativistic_losses])
def test_each_judge_weighs_the_same(losses):
    real, fake = np.random.default_rng(0).normal(size=(2, 16, 3)).astype("float32")
    alone = [[float(loss) for loss in losses(real[:, [judge]], fake[:, [judge]])] for judge in range(3)]
    assert [float(loss) for loss in losses(real, fake)] == pytest.approx(np.mean(alone, axis=0), rel=1e-5)


def test_standard_losses_are_the_two():
    real, fake = np.random.default_rng(0).normal(size=(2, 16, 1)).astype("float32")
    of_discriminator, of_generator = standard_losses(real, fake)
    assert float(of_discriminator) == float(discriminator_loss(real, fake))
    assert float(of_generator) == float(generator_loss(fake))


def test_relativistic_losses_see_differences_only():
    real, fake = np.random.default_rng(0).normal(size=(2, 16, 1)).astype("float32")
    losses = [float(loss) for loss in relativistic_losses(real, fake)]
    shifted = [float(loss) for loss in relativistic_losses(real + 5, fake + 5)]
    assert losses == pytest.approx(shifted, rel=1e-4)
    assert losses == pytest.approx(
        [np.log1p(np.exp(fake - real)).mean(), np.log1p(np.exp(real - fake)).mean()], rel=1e-5
    )
    assert [float(loss) for loss in relativistic_losses(real, real)] == pytest.approx([math.log(2)] * 2)


def test_steepness_is_the_squared_gradient():
    """Of a plane of slope g: its mean over many directions is |g|²."""
    rng = np.random.default_rng(0)
    slope = rng.normal(size=10)
    steps = rng.normal(size=(100_000, 10))
    logits = (PENALTY_STEP * steps @ slope)[:, None].astype("float32")
    assert float(steepness(ops.zeros((100_000, 1)), ops.convert_to_tensor(logits))) == pytest.approx(
        slope @ slope, rel=0.02
    )
