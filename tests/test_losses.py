import math

import numpy as np
import pytest

from animegan.gan.engine import ops
from animegan.gan.losses import discriminator_loss, generator_loss


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
