"""The scripts in benchmarks/ at toy size: that they run, and what they say. How fast is not looked at."""

from types import SimpleNamespace

import numpy as np
import pytest
from scripts import need, run


@pytest.mark.timeout(900)
def test_train_speed_compares_all_sides():
    need("tensorflow", "torch")
    rivals = ["pytorch", "tensorflow_tutorial", "train_on_batch"]
    settings = ["--size", "32", "--width", "4", "--batch", "4", "--steps", "2", "--rounds", "2"]
    result = run("train_speed.py", *settings, "--sides", *rivals, "product")
    for kind in ("second", "cpu_second"):
        assert set(result[f"pictures_a_{kind}"]) == {"animegan", *rivals}
        assert all(rate > 0 for rate in result[f"pictures_a_{kind}"].values())
        assert set(result[f"ratio_a_{kind}"]) == set(rivals)
        for name, ratios in result[f"all_ratios_a_{kind}"].items():
            assert len(ratios) == 2
            assert ratios[0] <= result[f"ratio_a_{kind}"][name] <= ratios[1]
    assert all(share > 0 for share in result["share_of_peak_a_second"].values())
    assert result["product"]["gflop_a_second"]["product"] > 0
    assert 0 < result["input_share_of_time"] < 1


def test_operations_are_counted_layer_by_layer(modules):
    from animegan.gan.engine import keras, layers

    operations = modules("operations")
    latents, pictures = keras.Input((5,)), keras.Input((8, 8, 3))
    small = layers.Reshape((4, 4, 6))(layers.Dense(4 * 4 * 6)(latents))
    generator = keras.Model(latents, layers.Conv2DTranspose(3, 4, strides=2, padding="same")(small))
    halved = layers.Conv2D(7, 4, strides=2, padding="same")(pictures)
    discriminator = keras.Model(pictures, layers.Dense(1)(layers.Flatten()(halved)))
    dense, transposed, convolution, judged = 5 * 4 * 4 * 6, 4 * 4 * (4 * 4 * 6 * 3), 4 * 4 * (4 * 4 * 3 * 7), 4 * 4 * 7
    assert list(operations.products_a_picture(generator).values()) == [dense, transposed]
    assert list(operations.products_a_picture(discriminator).values()) == [convolution, judged]
    forward = (dense + transposed) + 2 * (convolution + judged)
    weights = (dense + transposed) + 2 * (convolution + judged)
    inside = transposed + 2 * judged + (convolution + judged)
    assert operations.gflop_a_picture(generator, discriminator) == pytest.approx(2e-9 * (forward + weights + inside))


def test_the_combined_model_holds_the_discriminator(modules):
    rivals = modules("rivals")
    options = SimpleNamespace(size=32, width=4, batch=4, steps=1)
    keras, generator, discriminator = rivals._keras(options)
    weights = {"generator": generator.trainable_variables, "discriminator": discriminator.trainable_variables}
    combined, hold = rivals.combine(keras, generator, discriminator)
    pictures, latents = np.random.default_rng(0).normal(size=(4, 32, 32, 3)), np.zeros((4, rivals.LATENTS))
    latents[:, 0] = range(4)

    def moved_by(step):
        before = {name: [np.array(weight) for weight in each] for name, each in weights.items()}
        step()
        return {
            name
            for name, each in weights.items()
            if any(not np.array_equal(a, np.array(b)) for a, b in zip(before[name], each, strict=True))
        }

    for _ in range(2):
        hold(False)
        assert moved_by(lambda: discriminator.train_on_batch(pictures, np.ones((4, 1)))) == {"discriminator"}
        hold(True)
        assert moved_by(lambda: combined.train_on_batch(latents, np.ones((4, 1)))) == {"generator"}


def test_near_duplicates_are_counted():
    result = run("near_duplicates.py", "--count", "100", "--copies", "40", "--size", "64")
    assert (result["pictures"], result["copies"]) == (100, 40)
    assert 0.8 <= result["recall"] <= 1 and result["dropped_for_another"] <= 2
    assert 0 <= result["false_drops_at_most_share"] <= 0.05 and result["seconds"] > 0


def test_near_duplicates_are_judged_by_the_picture_that_a_copy_was_made_of(modules):
    made = {"copies/1": "a", "copies/2": "b", "copies/3": "c", "copies/4": "d"}
    pairs = [("c", "a"), ("e", "d"), ("copies/1", "a"), ("copies/2", "a"), ("copies/3", "a")]
    recalled, mistaken, false = modules("near_duplicates").judge(pairs, made)
    assert (recalled, mistaken) == (2, 1)  # c itself was dropped for a, and so may its copy be
    assert false == [("c", "a"), ("e", "d")]


def test_shuffled_batches_compares_all_ways():
    need("tensorflow")
    result = run(
        "shuffled_batches.py", "--size", "32", "--pictures", "40", "--batch", "8", "--epochs", "2", "--rounds", "1"
    )
    assert set(result["pictures_a_second"]) == {"held", "streamed", "directory", "one_by_one"}
    assert all(rate > 0 for rate in result["pictures_a_second"].values())
    assert all(set(result[f"{side}_over"]) == {"directory", "one_by_one"} for side in ("held", "streamed"))


def test_crop_compares_workers():
    result = run("crop.py", "--scenes", "2", "--rounds", "1")
    assert result["scenes"] == 2 and result["faces"] > 0
    assert set(result["seconds"]) == {"1", "2"} and result["ratio"] > 0


@pytest.mark.timeout(600)
def test_explorer_speed_times_keys_and_drags(modules):
    if lacks := modules("lab").missing():
        pytest.skip(lacks)
    result = run("explorer_speed.py", "--presses", "4", "--drag", "0.5")
    assert 0 < result["generator_ms"]["one_face"]["median"] < result["generator_ms"]["strip_of_8"]["p90"]
    assert result["page"]["face_ms"]["n"] == result["page"]["strip_ms"]["n"] == 4
    assert result["page"]["drag"]["moves"] >= result["page"]["drag"]["pictures"] > 0
