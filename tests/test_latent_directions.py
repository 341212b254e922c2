import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.engine import keras, layers
from animegan.gan.generating import draw_latents
from animegan.gan.networks import build_generator
from animegan.gan.resizing import build_resize_generator
from animegan.gan.runs import Run
from animegan.latent import named
from animegan.latent.directions import closed_form, conditioned, first_layer, linear_fit, principal
from animegan.latent.tagged import judge, label, tag_directions

VALUES = {"hair": ("dark", "light"), "side": ("left", "right")}


class Pictures:
    """Stands for a face network that knows two tags: whether a picture is light, and which half is lighter."""

    values = VALUES

    def tags(self, images):
        grey = images.mean(axis=3) / 255 - 0.5
        half = images.shape[2] // 2
        scores = {
            "hair": grey.mean(axis=(1, 2)),
            "side": grey[:, :, half:].mean(axis=(1, 2)) - grey[:, :, :half].mean(axis=(1, 2)),
        }
        return {tag: _likelihoods(score) for tag, score in scores.items()}


def _likelihoods(score):
    right = 1 / (1 + np.exp(-50 * score))
    return np.stack([1 - right, right], axis=1)


@pytest.fixture(scope="module")
def painter():
    """A generator whose first number sets how light a picture is, and the second which half is lighter."""
    latents = keras.Input((6,))
    x = layers.Dense(8, use_bias=False)(latents)
    x = layers.LeakyReLU(negative_slope=0.999)(x)
    x = layers.Dense(32 * 32 * 3, use_bias=False, activation="tanh")(x)
    model = keras.Model(latents, layers.Reshape((32, 32, 3))(x))
    first, second = np.zeros((6, 8)), np.zeros((8, 32, 32, 3))
    first[0, 0], first[1, 1], first[0, 1] = 3, 1, 0.5
    second[0], second[1, :, :16], second[1, :, 16:] = 0.1, -0.2, 0.2
    model.set_weights([first, second.reshape(8, -1)])
    return model


def test_the_closed_form_finds_what_the_weights_amplify(painter):
    found = closed_form(painter, 3)
    weights = first_layer(painter)
    gains = np.linalg.norm(found @ weights, axis=1)
    assert np.allclose(found @ found.T, np.eye(3), atol=1e-6)
    assert np.allclose(gains, np.linalg.svd(weights)[1][:3], atol=1e-5)
    assert abs(found[0, 0]) > 0.95


def test_batch_norm_counts_as_part_of_the_first_layer():
    generator = build_generator(32, width=4, latent_width=10)
    norm = next(layer for layer in generator.layers if isinstance(layer, layers.BatchNormalization))
    plain = first_layer(generator)
    norm.gamma.assign(2 * np.asarray(norm.gamma))
    assert np.allclose(first_layer(generator), 2 * plain)


def test_modulation_is_not_the_first_layer():
    plain, steered = (build_resize_generator(32, 4, 10, seed=1, modulated=modulated) for modulated in (False, True))
    assert np.array_equal(first_layer(steered), first_layer(plain))
    assert principal(steered, 3, samples=200).shape == (3, 10)


def test_principal_components_of_activations_find_the_same_in_a_linear_generator(painter):
    found = principal(painter, 2, samples=4000)
    expected = closed_form(painter, 2)
    assert np.allclose(np.abs((found * expected).sum(axis=1)), 1, atol=0.02)


def test_principal_components_come_from_the_layer_asked_for():
    generator = build_generator(32, width=4, latent_width=10)
    first, second = (principal(generator, 3, depth, samples=200) for depth in (1, 2))
    assert first.shape == second.shape == (3, 10)
    assert not np.allclose(first, second, atol=0.01)
    with pytest.raises(InputError, match="depth must be 1 to"):
        principal(generator, 3, depth=9)


def test_a_generator_without_a_dense_beginning_is_refused():
    pictures = keras.Input((4, 4, 3))
    with pytest.raises(InputError, match="Dense"):
        first_layer(keras.Model(pictures, layers.Conv2D(3, 3)(pictures)))


def test_a_linear_fit_finds_the_slopes():
    rng = np.random.default_rng(0)
    latents, slopes = rng.standard_normal((500, 7)), rng.standard_normal((3, 7))
    assert np.allclose(linear_fit(latents, latents @ slopes.T + 5), slopes)


def test_conditioning_keeps_the_others_still():
    wanted, other = np.array([1.0, 1, 0]), np.array([0.0, 1, 0])
    held, free = conditioned(wanted, other, ridge=1e-4), conditioned(wanted, other, ridge=1e4)
    assert abs(held @ other) < 0.01 < abs(free @ other)
    assert np.allclose(free, wanted / np.sqrt(2), atol=1e-3)
    assert np.isclose(np.linalg.norm(held), 1)
    with pytest.raises(InputError, match="varies"):
        conditioned(np.zeros(3), other)


def test_tag_directions_move_their_own_tag_alone(painter):
    network = Pictures()
    latents, likelihoods = label(painter, network, 3000)
    found = tag_directions(latents, likelihoods, VALUES, ridge=1e-3)
    assert set(found) == {"hair=dark", "hair=light", "side=left", "side=right"}
    for name in ("hair=light", "side=right"):
        result = judge(painter, network, latents[:300], latents[:300] + 2 * found[name], name)
        assert 0.35 < result["before"] < 0.65
        assert result["after"] > 0.9
        assert all(share < 0.1 for share in result["changed"].values())
        assert result["any_changed"] < 0.1
    moved = judge(painter, network, latents[:300], latents[:300] + 2 * found["side=right"], "hair=light")
    assert moved["any_changed"] > 0.2  # what `judge` would have said of a wrong direction


def test_rare_values_get_no_direction(painter):
    latents, likelihoods = label(painter, Pictures(), 300)
    never = {tag: np.array([[1.0, 0.0]] * 300) for tag in likelihoods}
    assert tag_directions(latents, likelihoods | {"hair": never["hair"]}, VALUES).keys() == {"side=left", "side=right"}


def test_what_is_explained_as_well_but_rarer_comes_later():
    latents = draw_latents(5000, 2)
    values = {"hair": ("rare", "common", "else"), "eyes": ("rare", "common", "else")}
    likelihoods = {}
    for tag, score in zip(values, latents.T, strict=True):
        three = np.stack([np.exp(3 * (score - 1.5)), np.exp(-3 * (score + 0.2)), np.ones_like(score)], axis=1)
        likelihoods[tag] = three / three.sum(axis=1, keepdims=True)
    found = list(tag_directions(latents, likelihoods, values))
    for tag in values:
        assert found.index(f"{tag}=common") < found.index(f"{tag}=rare")


def test_an_unknown_tag_cannot_be_judged(painter):
    with pytest.raises(InputError, match="hair=green"):
        judge(painter, Pictures(), np.zeros((1, 6)), np.zeros((1, 6)), "hair=green")


@pytest.fixture
def run(tmp_path, painter):
    made = Run.create(tmp_path / "run", {"size": 32})
    made.save_generator(painter)
    return made


def test_directions_are_found_once(run, monkeypatch):
    monkeypatch.setattr(named, "load_face_network", Pictures)
    monkeypatch.setattr(named, "COUNT", 2)
    said = []
    found = named.find_directions(run, faces=500, say=said.append)
    assert len(said) == 1 and said[0].startswith("Finding the directions of run,")
    assert {"hair=light", "weights 1", "activations 2"} <= set(found)
    with monkeypatch.context() as held:
        held.setattr(named, "label", None)
        again = named.find_directions(run, say=said.append)
    assert len(said) == 1, "nothing takes long this time"
    assert list(again) == list(found)
    assert all(np.array_equal(again[name], found[name]) for name in found)
    latents = draw_latents(3, 6)
    assert np.allclose(*(each.move(latents, "hair=light", 2.0) for each in (found, again)), atol=0.02)  # of 16 bits
    for each in (found, again):
        assert np.allclose(each.move(latents, "weights 1", 2.0), latents + 2 * found["weights 1"], atol=1e-5)
    run.save_generator(build_generator(32, width=4, latent_width=6, seed=1))  # as if it had trained further
    anew = named.find_directions(run, faces=500)
    assert not np.array_equal(anew["weights 1"], found["weights 1"])


def test_directions_of_another_generator_are_refused(run):
    path = run.folder / named.FILE
    named.write_directions(path, "", named.Directions({"a": np.zeros(3)}))
    with pytest.raises(InputError, match="must be 6 numbers"):
        named.find_directions(run)
    path.write_bytes(b"PK damaged")
    with pytest.raises(InputError, match="must be 6 numbers"):
        named.find_directions(run)


def test_ways_are_followed_one_after_another_and_remembered(monkeypatch):
    found, moves = named.Directions(dict(zip("abc", np.eye(6, dtype=np.float32), strict=False))), []
    move = named.Directions.move
    monkeypatch.setattr(named.Directions, "move", lambda *way: (moves.append(way[2]), move(*way))[1])
    (latent,) = draw_latents(1, 6)
    ways = {"a": 1.0, "b": 0.0, "c": -0.5}
    for _ in range(2):
        assert np.allclose(found.follow(latent, ways), latent + np.array([1, 0, -0.5, 0, 0, 0]))
    dragged = ways | {"c": 0.7}
    assert np.allclose(found.follow(latent, dragged), latent + np.array([1, 0, 0.7, 0, 0, 0]))
    assert moves == ["a", "c", "c"]
    assert np.array_equal(found.follow(latent, {}), latent)
