import numpy as np
import pytest

from animegan.faces.packed import FaceSet
from animegan.gan import damage


@pytest.fixture(scope="module")
def faces(faces_file):
    with FaceSet(faces_file) as data:
        return data.images()[:20]


@pytest.mark.parametrize("kind", damage.DAMAGES)
def test_more_strength_is_more_damage(faces, kind):
    spoil, most = damage.DAMAGES[kind]
    unchanged, some, worst = (spoil(faces, type(most)(most * share)) for share in (0, 0.5, 1))
    assert np.array_equal(unchanged, faces)
    differences = [np.abs(images - faces.astype(float)).mean() for images in (some, worst)]
    assert 0 < differences[0] < differences[1]
    assert worst.shape == faces.shape and worst.dtype == np.uint8


def test_scrambled_faces_keep_their_pixels(faces):
    scrambled = damage.scramble(faces, 0.5)
    assert np.array_equal(np.sort(scrambled.reshape(20, -1)), np.sort(faces.reshape(20, -1)))


def test_collapse_leaves_few_faces(faces):
    assert len(np.unique(damage.collapse(faces, 0.9), axis=0)) == 2
