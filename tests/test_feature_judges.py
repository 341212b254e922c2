import dataclasses

import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.dcgan import build_dcgan
from animegan.gan.engine import keras, ops
from animegan.gan.feature_judges import add_judges
from animegan.gan.features import load_face_network
from animegan.gan.networks import build_discriminator
from animegan.gan.recipes import PATIENT, Recipe

SMALL = dataclasses.replace(PATIENT, width=4, batch=8, latent_width=8)


def pictures(size=32, count=8):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)


def weights_of(layer):
    return [ops.convert_to_numpy(weight) for weight in layer.weights]


@pytest.mark.parametrize("size", [32, 64, 96, 128])
def test_each_judge_has_a_verdict_of_its_own(size):
    plain = build_discriminator(size, width=4)
    whole = add_judges(plain)
    unit = pictures(size, 3).astype("float32") / 127.5 - 1
    logits = ops.convert_to_numpy(whole(unit))
    assert logits.shape == (3, 4)
    assert np.allclose(logits[:, :1], ops.convert_to_numpy(plain(unit)), atol=1e-5)
    assert np.ptp(logits, axis=0).min() > 1e-5


def test_the_face_network_is_held_and_the_judges_learn():
    known = load_face_network()
    before = known.features(pictures())
    model = build_dcgan(32, SMALL)
    whole = model.discriminator
    held = whole.get_layer("face_network")
    old, judges = weights_of(held), [layer for layer in whole.layers if layer.name.startswith(("conv", "dense"))]
    start = [weights_of(layer)[0] for layer in judges]
    model.run_eagerly = True
    model.fit(pictures(), batch_size=8, verbose=0)
    assert held.weights and not held.trainable_weights
    assert all(np.array_equal(one, other) for one, other in zip(old, weights_of(held), strict=True))
    assert len(judges) == 7  # two, one and one convolutions, and three verdicts
    assert not any(np.array_equal(one, weights_of(layer)[0]) for one, layer in zip(start, judges, strict=True))
    assert np.array_equal(known.features(pictures()), before), "the one that measures is another copy"


def test_all_judges_together_weigh_as_the_recipe_says():
    model = build_dcgan(32, dataclasses.replace(SMALL, features=0.5))
    real, fake = np.array([[2.0, 0, 0, 0]]), np.array([[-2.0, 0, 0, 0]])
    for index, loss in enumerate(model.losses_of(ops.convert_to_tensor(real), ops.convert_to_tensor(fake))):
        plain, others = ((2 * np.log1p(np.exp(-2)), 2 * np.log(2)), (np.log1p(np.exp(2)), np.log(2)))[index]
        assert float(loss) == pytest.approx((plain + 0.5 * others) / 1.5)


def test_the_whole_is_saved_and_opened(tmp_path):
    whole = add_judges(build_discriminator(32, width=4), seed=1)
    whole.save(tmp_path / "discriminator.keras")
    again = keras.saving.load_model(tmp_path / "discriminator.keras")
    unit = pictures().astype("float32") / 127.5 - 1
    assert np.allclose(ops.convert_to_numpy(whole(unit)), ops.convert_to_numpy(again(unit)), atol=1e-5)


def test_what_grows_has_no_such_judges():
    with pytest.raises(InputError, match="grow must be 0"):
        Recipe(grow=64, resize=True, discriminator_norm=False, features=1.0)
