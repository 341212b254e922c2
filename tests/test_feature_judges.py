import dataclasses
import importlib.util
import sys

import numpy as np
import pytest

from animegan.faces.drawing import draw_faces
from animegan.files import InputError
from animegan.gan import photo_weights
from animegan.gan.dcgan import build_dcgan
from animegan.gan.engine import keras, layers, ops
from animegan.gan.feature_judges import SPREADS, add_judges, mix_depths
from animegan.gan.networks import build_discriminator
from animegan.gan.photo_network import EPSILON, SHOWN, STAGES, build_photo_network
from animegan.gan.photo_weights import read_photo_weights
from animegan.gan.recipes import PATIENT, Recipe
from animegan.gan.resizing import build_plain_discriminator
from animegan.gan.training import train

SMALL = dataclasses.replace(PATIENT, width=4, batch=8, latent_width=8)
judged = pytest.mark.usefixtures("photo_weights")


def pictures(size=32, count=8):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)


def weights_of(layer):
    return [ops.convert_to_numpy(weight) for weight in layer.weights]


def drawn_weights():
    """Weights of the photograph network's names and shapes, and batch norm's statistics, all drawn at random."""
    rng, weights, inside = np.random.default_rng(0), {}, 8

    def add(convolution, norm, channels, inputs, side):
        kernel = rng.normal(0, (2 / (inputs * side**2)) ** 0.5, (channels, inputs, side, side))
        weights[f"{convolution}.weight"] = kernel.astype("float32")
        for part, (low, high) in {"weight": (0.5, 2), "bias": (-1, 1), "running_mean": (-1, 1)}.items():
            weights[f"{norm}.{part}"] = rng.uniform(low, high, channels).astype("float32")
        weights[f"{norm}.running_var"] = rng.uniform(0.5, 2, channels).astype("float32")

    add("_conv_stem", "_bn0", inside, 3, 3)
    number = 0
    for stage, (blocks, _) in enumerate(STAGES):
        for _ in range(blocks):
            block, outside = f"_blocks.{number}", 8 + 4 * stage
            wide = inside if stage == 0 else 2 * inside
            if stage:
                add(f"{block}._expand_conv", f"{block}._bn0", wide, inside, 1)
            add(f"{block}._depthwise_conv", f"{block}._bn1", wide, 1, 5 if stage in (2, 4, 5) else 3)
            add(f"{block}._project_conv", f"{block}._bn2", outside, wide, 1)
            number, inside = number + 1, outside
    return weights


def in_pytorch(weights, unit):
    """The maps that PyTorch's own operations give for these weights, batch norm included."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    weights = {name: torch.tensor(value) for name, value in weights.items()}

    def convolve(x, convolution, norm, stride=1, activate=True):
        kernel = weights[f"{convolution}.weight"]
        side, rows = kernel.shape[2], x.shape[2]
        padding = max(0, side - stride if rows % stride == 0 else side - rows % stride)  # TensorFlow's "same"
        x = functional.pad(x, [padding // 2, padding - padding // 2] * 2)
        x = functional.conv2d(x, kernel, stride=stride, groups=x.shape[1] // kernel.shape[1])
        parts = (weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        x = functional.batch_norm(x, *parts, eps=EPSILON)
        return functional.relu6(x) if activate else x

    x, shown, number = convolve(torch.tensor(unit.transpose(0, 3, 1, 2)), "_conv_stem", "_bn0", 2), [], 0
    for blocks, first_stride in STAGES:
        for index in range(blocks):
            block, before = f"_blocks.{number}", x
            if f"{block}._expand_conv.weight" in weights:
                x = convolve(x, f"{block}._expand_conv", f"{block}._bn0")
            x = convolve(x, f"{block}._depthwise_conv", f"{block}._bn1", 1 if index else first_stride)
            x = convolve(x, f"{block}._project_conv", f"{block}._bn2", activate=False)
            x, number = x + before if index else x, number + 1
        shown.append(x.numpy().transpose(0, 2, 3, 1))
    return [shown[stage] for stage in SHOWN]


def test_the_photograph_network_computes_what_its_weights_say():
    unit, weights = np.random.default_rng(1).uniform(-1, 1, (2, 64, 64, 3)).astype("float32"), drawn_weights()
    network = build_photo_network(64, weights)
    assert not network.trainable_weights
    assert not [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
    for maps, same in zip(network(unit), in_pytorch(weights, unit), strict=True):
        maps = ops.convert_to_numpy(maps)
        assert maps.shape == same.shape and maps.std() > 0.01
        assert np.allclose(maps, same, atol=1e-4 * np.abs(same).max())


def test_with_the_real_weights_it_sees_what_the_original_does(photo_weights):
    """Four channels in the middle of each map, as efficientnet-lite-pytorch 0.1.0 computes them for these weights."""
    side = np.linspace(-1, 1, 224, dtype="float32")
    waves = np.sin(9 * side)[:, None], np.cos(5 * side)[None], side[:, None] * side
    unit = np.stack([np.broadcast_to(wave, (224, 224)) for wave in waves], axis=-1)[None]
    middles = (
        (-5.684, 18.390, 6.992, -3.450),
        (-17.742, 6.070, -5.760, -18.134),
        (-4.346, -0.896, 4.811, 3.102),
        (-2.538, -1.946, 0.933, 0.257),
    )
    for maps, known in zip(build_photo_network(224, photo_weights)(unit), middles, strict=True):
        maps = ops.convert_to_numpy(maps)
        middle = maps.shape[1] // 2
        assert maps[0, middle, middle, :4] == pytest.approx(known, abs=2e-3)


def test_without_the_weights_nothing_is_written(faces_file, tmp_path, monkeypatch):
    monkeypatch.setattr(photo_weights, "PACKAGE", "no_such_package")
    for function in (lambda: train(faces_file, tmp_path / "run", SMALL, images=8), lambda: build_dcgan(32, SMALL)):
        with pytest.raises(InputError, match=r"must find the weights .*\[judges\].* Received: no no_such_package"):
            function()
    assert not (tmp_path / "run").exists()


def test_pytorch_without_its_libraries_is_said(photo_weights, monkeypatch):
    """An installed torch that cannot be imported, as on Windows without Microsoft's libraries."""
    assert photo_weights
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    with pytest.raises(InputError, match="Received: import of torch halted"):
        read_photo_weights()


@judged
@pytest.mark.parametrize("size", [32, 128])
def test_each_judge_has_a_verdict_of_its_own(size):
    plain = build_discriminator(size, width=4)
    whole = add_judges(plain)
    unit = pictures(size, 3).astype("float32") / 127.5 - 1
    logits = ops.convert_to_numpy(whole(unit))
    assert logits.shape == (3, 5)
    assert np.allclose(logits[:, :1], ops.convert_to_numpy(plain(unit)), atol=1e-5)
    assert np.ptp(logits, axis=0).min() > 1e-5


@judged
def test_each_judge_is_told_how_much_the_batch_varies():
    unit = pictures(32, 4).astype("float32") / 127.5 - 1
    alike = np.repeat(unit[:1], 4, axis=0)
    for told in (False, True):
        whole = add_judges(build_plain_discriminator(32, width=4, deviation=told), deviation=told)
        verdicts = [ops.convert_to_numpy(whole(batch))[0] for batch in (unit, alike)]
        assert (np.abs(verdicts[0] - verdicts[1]) > 1e-4).tolist() == [told] * 5


@judged
def test_what_they_see_by_is_held_and_the_judges_learn():
    model = build_dcgan(32, SMALL)
    whole = model.discriminator
    held = whole.get_layer("mixed_depths")
    old, judges = weights_of(held), [layer for layer in whole.layers if layer.name.startswith(("conv", "dense"))]
    start = [weights_of(layer)[0] for layer in judges]
    model.run_eagerly = True
    model.fit(pictures(), batch_size=8, verbose=0)
    assert held.weights and not held.trainable_weights
    assert all(np.array_equal(one, other) for one, other in zip(old, weights_of(held), strict=True))
    assert len(judges) == 11  # one, one, two and three convolutions, and four verdicts
    assert not any(np.array_equal(one, weights_of(layer)[0]) for one, layer in zip(start, judges, strict=True))


@judged
def test_depths_are_mixed_to_maps_of_like_size():
    faces = np.stack([picture for picture, _ in draw_faces(24)]).astype("float32")
    unit = ops.image.resize(faces / 127.5 - 1, (128, 128))
    mixed = [ops.convert_to_numpy(maps) for maps in mix_depths()(unit)]
    assert [maps.shape[1:] for maps in mixed] == [(side, side, 64) for side in (4, 8, 16, 32)]
    assert all(0.7 < maps.std() < 2.1 for maps in mixed)
    for maps, spread in zip(build_photo_network(128)(unit), SPREADS, strict=True):
        assert ops.convert_to_numpy(maps).std() == pytest.approx(spread, rel=0.15)
    other = ops.convert_to_numpy(mix_depths(seed=1)(unit)[0])
    assert np.abs(mixed[0] - other).mean() > 0.1 * np.abs(mixed[0]).mean(), "another seed mixes otherwise"


@judged
def test_all_judges_together_weigh_as_the_recipe_says():
    model = build_dcgan(32, dataclasses.replace(SMALL, features=0.5))
    real, fake = np.array([[2.0, 0, 0, 0, 0]]), np.array([[-2.0, 0, 0, 0, 0]])
    for index, loss in enumerate(model.losses_of(ops.convert_to_tensor(real), ops.convert_to_tensor(fake))):
        plain, others = ((2 * np.log1p(np.exp(-2)), 2 * np.log(2)), (np.log1p(np.exp(2)), np.log(2)))[index]
        assert float(loss) == pytest.approx((plain + 0.5 * others) / 1.5)


@judged
def test_the_whole_is_saved_and_opened(tmp_path):
    whole = add_judges(build_discriminator(32, width=4), seed=1)
    whole.save(tmp_path / "discriminator.keras")
    again = keras.saving.load_model(tmp_path / "discriminator.keras")
    unit = pictures().astype("float32") / 127.5 - 1
    assert np.allclose(ops.convert_to_numpy(whole(unit)), ops.convert_to_numpy(again(unit)), atol=1e-5)


def test_what_grows_has_no_such_judges():
    with pytest.raises(InputError, match="grow must be 0"):
        Recipe(grow=64, resize=True, discriminator_norm=False, features=1.0)
