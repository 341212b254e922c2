import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.face_network import FaceNetwork, build_face_network
from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents, generate
from animegan.latent.inversion import Encoder, invert, pixel_errors


@pytest.fixture(scope="module")
def generator():
    return find_run("drawn-faces").load_generator()


@pytest.fixture(scope="module")
def network():
    return FaceNetwork(build_face_network({"hair": ("black", "red")}), {"hair": ("black", "red")})


@pytest.fixture(scope="module")
def faces(generator):
    return generate(generator, draw_latents(3, 100, seed=9))


def test_pixel_errors_are_in_units_of_the_generator():
    black, white = np.zeros((2, 4, 4, 3), np.uint8), np.full((2, 4, 4, 3), 255, np.uint8)
    assert np.allclose(pixel_errors(black, white), 2)
    assert not pixel_errors(white, white).any()


def test_the_search_finds_faces_that_the_generator_made(generator, faces):
    weights = [np.array(weight) for weight in generator.weights]
    start = draw_latents(3, 100, seed=1)
    latents, errors = invert(generator, faces, start=start, steps=150, seed=1)
    assert (errors < 0.5 * pixel_errors(faces, generate(generator, start))).all()
    assert np.allclose(errors, pixel_errors(faces, generate(generator, latents)))
    assert all(np.array_equal(old, np.array(new)) for old, new in zip(weights, generator.weights, strict=True))


def test_features_pull_too(generator, network, faces):
    def apart(latents):
        return np.mean((network.features(generate(generator, latents)) - network.features(faces)) ** 2)

    start = draw_latents(3, 100, seed=1)
    latents, _ = invert(generator, faces, network, start=start, steps=30)
    assert apart(latents) < apart(start)


def test_each_picture_is_searched_for_by_itself(generator, faces):
    start = draw_latents(3, 100, seed=1)
    together, _ = invert(generator, faces, start=start, steps=10)
    alone, _ = invert(generator, faces[:1], start=start[:1], steps=10)
    assert np.allclose(together[:1], alone, atol=1e-3)


def test_the_encoder_guesses_better_than_chance(generator, faces):
    def small(images):  # stands for a feature network: the pictures themselves, at 8 × 8 pixels
        return images.reshape(-1, 8, 8, 8, 8, 3).mean(axis=(2, 4)).reshape(len(images), -1)

    guess = Encoder(generator, small, count=600)(faces)
    errors = [pixel_errors(faces, generate(generator, latents)).mean() for latents in (guess, draw_latents(3, 100, 1))]
    assert errors[0] < 0.8 * errors[1]


def test_pictures_of_another_size_are_refused(generator, faces):
    with pytest.raises(InputError, match="64 × 64 × 3"):
        invert(generator, faces[:, ::2, ::2])
