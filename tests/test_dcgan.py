import dataclasses

import numpy as np
import pytest

from animegan.gan.augmentation import augment, random_flip, rescale
from animegan.gan.dcgan import DCGAN, build_dcgan, build_networks
from animegan.gan.engine import keras, ops
from animegan.gan.finishing import Finisher
from animegan.gan.losses import discriminator_loss
from animegan.gan.networks import build_discriminator, build_generator
from animegan.gan.recipes import Recipe, recipe

SMALL = Recipe(width=4, batch=8)
OTHERS = {  # every setting that changes the step, alone and together
    "classic": {},
    "relativistic": {"loss": "relativistic"},
    "averaged": {"average": 0.99},
    "resizing": {"resize": True},
    "wide": {"generator_width": 6},
    "full": {"resize": True, "fine_width": 6, "full_width": 5, "modulated": True, "deep": True},
    "augmented": {"augment": True, "noise": 0.1},
    "scaled": {"scales": 1, "discriminator_norm": False, "discriminator_deep": True},
    "penalised": {"penalty": 1.0, "penalty_share": 0.5, "discriminator_norm": False},
}
OTHERS["all"] = {name: value for settings in OTHERS.values() for name, value in settings.items()}


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)


def eager(model):
    """The model without compilation, which takes longer than these few small steps."""
    model.run_eagerly = True
    return model


def as_arrays(model):
    return {variable.path: ops.convert_to_numpy(variable.value) for variable in model.trainable_variables}


def test_classic_has_the_papers_settings():
    classic = recipe("classic")
    assert (classic.batch, classic.latent_width, classic.width) == (64, 100, 64)
    assert (classic.learning_rate, classic.beta_1, classic.flip) == (2e-4, 0.5, True)


@pytest.mark.parametrize("resize", [False, True])
def test_the_generator_alone_can_be_wider(resize):
    sizes = {}
    for width in (0, 4, 8):
        generator, discriminator = build_networks(32, dataclasses.replace(SMALL, resize=resize, generator_width=width))
        sizes[width] = generator.count_params(), discriminator.count_params()
    assert sizes[0] == sizes[4]
    assert sizes[8][0] > 2 * sizes[0][0] and sizes[8][1] == sizes[0][1]


def test_rescale_covers_the_range_of_tanh():
    scaled = ops.convert_to_numpy(rescale(np.array([0, 255], np.uint8)))
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [-1, 1]


def test_flip_mirrors_about_half_and_changes_nothing_else():
    pictures = np.random.default_rng(0).normal(size=(200, 4, 6, 3)).astype("float32")
    flipped = ops.convert_to_numpy(random_flip(pictures, keras.random.SeedGenerator(0)))
    kept = np.array([np.array_equal(a, b) for a, b in zip(pictures, flipped, strict=True)])
    mirrored = np.array([np.array_equal(a[:, ::-1], b) for a, b in zip(pictures, flipped, strict=True)])
    assert np.all(kept ^ mirrored)
    assert 70 < kept.sum() < 130


def test_fit_trains_both_networks_and_reports(pictures):
    model = build_dcgan(32, SMALL)
    before = as_arrays(model)
    history = model.fit(pictures, batch_size=8, verbose=0).history
    assert set(history) == {"discriminator_loss", "generator_loss", "real_score", "fake_score"}
    after = as_arrays(model)
    assert all(not np.array_equal(before[path], after[path]) for path in before)


def test_each_loss_moves_its_own_player_only(pictures):
    """A generator loss of zero weight leaves the generator still, and the discriminator's step as it was."""
    model = DCGAN(build_generator(32, 4), build_discriminator(32, 4))
    adam = keras.optimizers.Adam(1e-3)
    model.compile(optimizer=adam, run_eagerly=True)
    model.compute_loss = lambda x, y, y_pred, weight, training: discriminator_loss(*y_pred[:2])
    before = as_arrays(model)
    DCGAN.fit(model, pictures, batch_size=8, verbose=0)
    after = as_arrays(model)
    moved = {path for path in before if not np.array_equal(before[path], after[path])}
    assert moved == {variable.path for variable in model.discriminator.trainable_variables}


def test_call_judges_the_same_pictures_for_both_players(pictures):
    logits = eager(build_dcgan(32, SMALL))(pictures, training=True)
    assert [tuple(each.shape) for each in logits] == [(8, 1)] * 3
    assert np.allclose(*(ops.convert_to_numpy(each) for each in logits[1:]), atol=1e-5)


@pytest.mark.parametrize("other", OTHERS)
def test_the_engine_s_own_step_equals_the_common_one(other, pictures):
    """Same weights, same random numbers: after two steps the same weights, metrics and batch-norm averages."""
    chosen = dataclasses.replace(SMALL, **OTHERS[other])
    quick = eager(build_dcgan(32, chosen, seed=3))
    plain = build_dcgan(32, chosen, seed=3)
    common = DCGAN(plain.generator, plain.discriminator, chosen, seed=3)
    adam = keras.optimizers.Adam(SMALL.learning_rate, beta_1=SMALL.beta_1, beta_2=SMALL.beta_2)
    common.compile(optimizer=adam, run_eagerly=True)
    for model in (quick, common):
        model.optimizer.epsilon = 1e-5  # a gradient that is nothing but round-off moves no weight
    results = [
        model.fit(np.concatenate([pictures] * 2), batch_size=8, verbose=0, shuffle=False) for model in (quick, common)
    ]
    for name, (value,) in results[0].history.items():
        assert value == pytest.approx(results[1].history[name][0], rel=1e-4), name
    for ours, theirs in zip(quick.variables, common.variables, strict=True):
        difference = np.abs(ops.convert_to_numpy(ours.value) - ops.convert_to_numpy(theirs.value)).max()
        assert difference <= 1e-5, ours.path


def test_training_follows_the_seed(pictures):
    runs = [eager(build_dcgan(32, SMALL, seed=seed)) for seed in (1, 1, 2)]
    losses = [run.fit(pictures, batch_size=8, verbose=0).history["generator_loss"] for run in runs]
    assert losses[0] == losses[1] != losses[2]


def test_penalties_and_averages_are_of_training_alone(pictures):
    model = eager(build_dcgan(32, dataclasses.replace(SMALL, **OTHERS["all"])))
    assert len(model(pictures)) == 3
    *_, penalty = model(pictures, training=True)
    assert float(penalty) > 0
    assert float(model.averaged_steps) == 1


def test_the_learning_rate_falls_to_a_quarter_and_stays(pictures):
    model = build_dcgan(32, dataclasses.replace(SMALL, decay=40))
    rates = []
    for _ in range(7):
        rates.append(float(model.optimizer.learning_rate))
        model.fit(pictures, batch_size=8, verbose=0)
    assert rates[0] == pytest.approx(SMALL.learning_rate)
    assert rates == sorted(rates, reverse=True) and rates[0] > rates[2] > rates[4]
    assert rates[5:] == [pytest.approx(SMALL.learning_rate / 4)] * 2


def test_averages_follow_the_weights():
    model = build_dcgan(32, dataclasses.replace(SMALL, average=0.9))
    (kernel, *_), (average, *_) = model.generator.trainable_variables, model.averages
    start = ops.convert_to_numpy(average)
    assert np.array_equal(start, ops.convert_to_numpy(kernel))
    kernel.assign(kernel + 1.0)
    distances = []
    for _ in range(60):
        model.update_averages()
        distances.append(float(ops.mean(kernel - average)))
    assert distances[0] == pytest.approx(0.1, abs=1e-5)  # the first step's momentum is 1/10
    assert distances[1] == pytest.approx(0.1 * 2 / 11, abs=1e-5)  # the second one 2/11
    assert distances[59] < 0.01


@pytest.mark.parametrize("other", ["averaged", "resizing", "all"])
def test_a_finished_generator_has_stock_layers_and_its_own_statistics(pictures, other):
    model = eager(build_dcgan(32, dataclasses.replace(SMALL, **OTHERS[other])))
    model.fit(pictures, batch_size=8, verbose=0)
    finish = Finisher(model)
    network = finish()
    assert finish() is network is not model.generator
    assert all(type(layer).__module__.startswith("keras.") for layer in network.layers)
    as_trained, inferred = (network(finish.latents, training=training) for training in (True, False))
    assert np.allclose(ops.convert_to_numpy(as_trained), ops.convert_to_numpy(inferred), atol=1e-3)


def test_the_classic_generator_is_finished_as_it_is():
    model = build_dcgan(32, SMALL)
    assert Finisher(model)() is model.generator


def test_augmentation_shifts_recolours_and_holes():
    pictures = np.random.default_rng(0).uniform(-1, 1, (60, 32, 32, 3)).astype("float32")
    pictures[:, :, :, 1:] = pictures[:, :, :, :1]  # grey, and so without saturation to change
    seen = ops.convert_to_numpy(augment(pictures, keras.random.SeedGenerator(1)))
    assert np.array_equal(seen, ops.convert_to_numpy(augment(pictures, keras.random.SeedGenerator(1))))
    shifts, holes = set(), []
    for picture, shown in zip(pictures[..., 0], seen[..., 0], strict=True):
        fits = {}
        for down in range(-4, 5):
            for right in range(-4, 5):
                moved = np.roll(picture, (down, right), axis=(0, 1))[4:-4, 4:-4]
                there = shown[4:-4, 4:-4] != 0
                fits[down, right] = abs(np.corrcoef(moved[there], shown[4:-4, 4:-4][there])[0, 1])
        shifts.add(max(fits, key=fits.get))
        assert max(fits.values()) > 0.999  # one shift explains all but the hole, up to contrast and brightness
        holes.append((shown == 0).mean())
    assert len(shifts) > 30
    assert 0.1 < np.mean(holes) < 0.4
    coloured = np.random.default_rng(0).uniform(-1, 1, (60, 32, 32, 3)).astype("float32")
    spread = ops.convert_to_numpy(augment(coloured, keras.random.SeedGenerator(1))).std(axis=3).mean(axis=(1, 2))
    assert spread.std() > 0.1  # of saturation


@pytest.mark.parametrize("augmented", [False, True])
def test_noise_is_laid_over_all_that_the_discriminator_sees(pictures, augmented):
    shown = {}
    for noise in (0.0, 0.1):
        model = build_dcgan(32, dataclasses.replace(SMALL, noise=noise, augment=augmented, flip=False))
        shown[noise] = ops.convert_to_numpy(model.prepare(pictures))
        fakes = ops.convert_to_numpy(model.show(ops.zeros((64, 32, 32, 3))))
        if noise and not augmented:
            assert abs(fakes.mean()) < 0.01 and abs(fakes.std() - noise) < 0.01
    apart = shown[0.1] - shown[0.0]
    assert abs(apart.mean()) < 0.01 and abs(apart.std() - 0.1) < 0.01
    assert abs(np.corrcoef(apart[0].ravel(), apart[1].ravel())[0, 1]) < 0.1  # other noise on each picture


def test_modern_is_the_top_of_the_ladder(modules):
    """What notebook 07 climbs to is what `--recipe modern` trains."""
    top = modules("ladder").recipes()["without batch of 16"]
    assert dataclasses.replace(top, name="modern") == recipe("modern")
