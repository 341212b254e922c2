import numpy as np
import pytest

from animegan.gan.engine import ops
from animegan.gan.fewer_products import convolve, convolve_transposed


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 12), (12, 8)])
def test_they_are_the_engine_s_convolutions(height, width):
    random = np.random.default_rng(0)
    large = random.normal(size=(3, height, width, 5)).astype("float32")
    small = random.normal(size=(3, height // 2, width // 2, 6)).astype("float32")
    kernel = random.normal(size=(4, 4, 5, 6)).astype("float32")
    pairs = [
        (convolve(large, kernel), ops.conv(large, kernel, strides=2, padding="same")),
        (convolve_transposed(small, kernel), ops.conv_transpose(small, kernel, strides=2, padding="same")),
    ]
    for ours, theirs in pairs:
        assert ours.shape == theirs.shape
        assert np.allclose(ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs), atol=1e-4)
