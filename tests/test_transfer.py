"""Transfer learning: what it begins with, what it holds, what it refuses."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from same_runs import assert_same_runs

from animegan.cli import main
from animegan.faces.drawn import pack_drawn
from animegan.faces.packed import FaceSet
from animegan.files import InputError
from animegan.gan import growing
from animegan.gan import transfer as module
from animegan.gan.engine import layers, ops
from animegan.gan.evaluation import evaluate
from animegan.gan.finishing import Finisher
from animegan.gan.generating import draw_latents
from animegan.gan.networks import build_discriminator
from animegan.gan.recipes import MODERN, Recipe
from animegan.gan.resizing import build_plain_discriminator
from animegan.gan.runs import Run
from animegan.gan.training import train
from animegan.gan.transfer import AUGMENTED, FROZEN_ABOVE, Start, transfer
from animegan.gan.transfer_networks import freeze_below

PAIRS = {"resize": True, "discriminator_norm": False, "loss": "relativistic", "penalty": 1.0, "average": 0.9}
PAIRS |= {"generator_width": 6, "full_width": 5, "modulated": True, "scales": 1}
RECIPES = {
    "classic": Recipe(width=4, batch=16),
    "pairs": Recipe(width=4, batch=16, **PAIRS),
    "modern": dataclasses.replace(MODERN, width=4, batch=16, average=0.9),
}
CASES = (
    ("classic", "freeze-discriminator"),
    ("classic", "append"),
    ("modern", "finetune"),
    ("pairs", "append"),
    ("modern", "freeze-discriminator"),
)
LARGER = "deep=true", "fine_width=6", "full_width=20", "discriminator_deep=true"
KINDS_OF_SLOTS = "_momentum", "_velocity"  # how Keras calls what Adam keeps
TAG = ["hair=brown"]
QUIET = {"progress": False, "report_images": 64}


@pytest.fixture(scope="module")
def bases(faces_file, tmp_path_factory):
    """{recipe: a run of a few steps}."""
    folder = tmp_path_factory.mktemp("bases")
    for name, recipe in RECIPES.items():
        train(faces_file, folder / name, recipe, images=96, **QUIET)
    return {name: folder / name for name in RECIPES}


@pytest.fixture(scope="module")
def transferred(bases, faces_file, tmp_path_factory):
    """{(recipe, method): a run of a few steps}."""
    folder = tmp_path_factory.mktemp("transferred")
    runs = {(name, method): folder / f"{name}-{method}" for name, method in CASES}
    for (name, method), out in runs.items():
        result = transfer(bases[name], faces_file, out, TAG, method, images=64, **QUIET)
        assert result["images"] == 64
    return runs


def begin(start, *changes):
    """The model that a transfer trains, before it has, and its recipe."""
    from animegan.gan.dcgan import build_dcgan

    recipe = start.recipe(1000).set(*changes)
    return build_dcgan(32, recipe, start=start), recipe


def arrays(network):
    return {weight.path: ops.convert_to_numpy(weight) for weight in network.weights}


@pytest.mark.parametrize(("name", "method"), CASES)
def test_it_begins_with_the_faces_of_the_base(bases, name, method):
    start = Start(Run(bases[name]), method)
    model, _ = begin(start)
    known = start.base.load_generator()
    if name == "classic":  # without averages it keeps batch norm's running means, which a transfer measures anew
        weights = [weight for weight in model.generator.weights if "appended" not in weight.path]
        for one, other in zip(weights, known.weights, strict=True):
            assert np.array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(other)), one.path
    if name != "classic" or method == "append":
        latents = draw_latents(50, 100)
        faces, same = (network.predict_on_batch(latents) for network in (known, Finisher(model)()))
        assert faces.std() > 1e-4
        assert np.allclose(same, faces, atol=1e-3 * faces.std())


@pytest.mark.parametrize("pretrained", [False, True])
def test_a_transfer_can_have_larger_networks(bases, faces_file, tmp_path, pretrained):
    base = bases["modern"]
    if pretrained:  # which has no checkpoint, but both networks
        generator, discriminator = Start(Run(base), "finetune").networks()
        base = tmp_path / "pretrained"
        Run.create(base, Run(bases["modern"]).config)
        generator.save(base / "generator.keras")
        discriminator.save(base / "discriminator.keras")
    known = Run(base).load_generator()
    start = Start(Run(base), "finetune")
    model, _ = begin(start, *LARGER)
    latents = draw_latents(50, 100)
    faces, same = (network.predict_on_batch(latents) for network in (known, Finisher(model)()))
    assert np.allclose(same, faces, atol=1e-3 * faces.std())
    judged, alike = (network.predict_on_batch(faces) for network in (start.networks()[1], model.discriminator))
    assert np.allclose(alike, judged, atol=1e-3 * judged.std())
    run = tmp_path / "run"
    words = "transfer", str(base), str(faces_file), "--out", str(run), "--report-images", "64"
    set_all = [word for change in (*LARGER, "batch=8") for word in ("--set", change)]
    assert main([*words, *set_all, "--images", "16"]) == 0
    shutil.rmtree(run / "checkpoint")  # as if killed before the first: the run's settings are those that it has
    assert main([*words, "--images", "64", "--resume"]) == 0
    assert (Run(run).config["recipe"]["deep"], Run(run).config["recipe"]["batch"]) == (True, 8)
    learned = {weight.path: ops.convert_to_numpy(weight) for weight in Run(run).load_generator().weights}
    factors = [value for path, value in learned.items() if path.startswith("deep") and "factor/kernel" in path]
    assert len(factors) == 3 and all(value.any() for value in factors)
    (kernel,) = (value for value in learned.values() if value.shape == (4, 4, 20, 6))  # the step to full size
    assert kernel[:, :, :, 4:].any()  # what was not listened to at first
    gates = [weight for weight in Start(Run(run), "finetune").networks()[1].weights if weight.path.endswith("factors")]
    assert len(gates) == 3 and all(ops.convert_to_numpy(gate).any() for gate in gates)
    transfer(run, faces_file, tmp_path / "next", images=16, tags=[], **QUIET)
    recipe = Run(tmp_path / "next").config["recipe"]
    assert recipe["deep"] and recipe["discriminator_deep"]
    with pytest.raises(InputError, match=r"a base's discriminator must be as its config.json says"):
        transfer(run, faces_file, tmp_path / "shallow", TAG, images=16, changes=["discriminator_deep=false"], **QUIET)


@pytest.mark.parametrize("name", RECIPES)
def test_to_continue_with_the_same_settings_is_to_resume(bases, faces_file, tmp_path, name):
    shutil.copytree(bases[name], tmp_path / "resumed")
    train(faces_file, tmp_path / "resumed", RECIPES[name], images=160, resume=True, **QUIET)
    clock = map(float, range(1_000_000)).__next__
    none = transfer(bases[name], faces_file, tmp_path / "none", [], "continue", images=96, clock=clock, **QUIET)
    assert none["images"] == 96 and none["seconds"] % 1 == 0 != Run(bases[name]).seconds() % 1  # its own alone
    for images in (128, 160):  # in two parts: from the base, and from its own checkpoint
        result = transfer(
            bases[name], faces_file, tmp_path / "run", [], "continue", images=images, resume=True, **QUIET
        )
    resumed, run = Run(tmp_path / "resumed"), Run(tmp_path / "run")
    assert result["images"] == 160 and run.config["start"] == {"method": "continue", "run": name, "step": 6}
    (kept, *_), (found, *_) = (list(one.checkpoints().items()) for one in (resumed, run))
    assert kept[0] == found[0] == 10
    models = [begin(Start(one, "continue"))[0] for one in (resumed, run)]
    for one, model in zip((resumed, run), models, strict=True):
        model.optimizer.build(model.trainable_variables)
        one.restore(model)
    for one, other in zip(*([*model.variables, *model.optimizer.variables] for model in models), strict=True):
        assert np.array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(other)), one.path


def test_to_continue_takes_other_settings_of_the_training(bases, faces_file, tmp_path):
    changes = ["learning_rate=1e-9", "spectral=2", "noise=0.1", "penalty=0.1", "average=0.5"]
    before, _ = begin(Start(Run(bases["modern"]), "continue"))
    before.optimizer.build(before.trainable_variables)
    assert Run(bases["modern"]).restore(before)[0] == 6
    transfer(bases["modern"], faces_file, tmp_path / "run", [], "continue", images=128, changes=changes, **QUIET)
    run = Run(tmp_path / "run")
    assert Recipe.read(run.config["recipe"]) == RECIPES["modern"].set(*changes)
    after, _ = begin(Start(run, "continue"))
    after.optimizer.build(after.trainable_variables)
    assert run.restore(after)[0] == 8
    for one, other in zip(before.trainable_variables, after.trainable_variables, strict=True):
        np.testing.assert_allclose(*map(ops.convert_to_numpy, (one, other)), atol=1e-7, err_msg=one.path)
    moved = [
        np.abs(ops.convert_to_numpy(one) - ops.convert_to_numpy(other)).max()
        for one, other in zip(before.averages, after.averages, strict=True)
    ]
    assert max(moved) > 1e-5  # towards the last weights, where the averages had lagged
    out = tmp_path / "refused"
    for change in ("width=8", "generator_width=8", "spectral=0", "full_width=0", "full_width=3", "deviations=false"):
        with pytest.raises(InputError, match=f"continue must leave {change.partition('=')[0]} as in"):
            transfer(bases["modern"], faces_file, out, [], "continue", images=128, changes=[change], **QUIET)
        assert not out.exists()


@pytest.mark.parametrize(
    ("name", "changes"),
    [("modern", (*LARGER, "average=0.5")), ("modern", ("average=0", "decay=640")), ("classic", ("average=0.9",))],
)
def test_to_continue_can_have_larger_networks_and_batches_of_other_sizes(bases, faces_file, tmp_path, name, changes):
    start, changes = Start(Run(bases[name]), "continue"), (*changes, "batch=8")
    (known, _), (model, _) = begin(start), begin(start, *changes)
    for each in (known, model):
        each.optimizer.build(each.trainable_variables)
    start.base.restore(known)
    assert start.give_state(model) == int(model.optimizer.iterations) == 12  # batches of 8, that were 6 of 16

    latents = draw_latents(50, 100)
    if known.averages and model.averages:
        faces, same = (Finisher(each)().predict_on_batch(latents) for each in (known, model))
        assert np.allclose(same, faces, atol=1e-3 * faces.std())
    faces, same = (ops.convert_to_numpy(each.generator(latents, training=True)) for each in (known, model))
    assert np.allclose(same, faces, atol=1e-3 * faces.std())
    judged, alike = (each.discriminator.predict_on_batch(faces) for each in (known, model))
    assert np.allclose(alike, judged, atol=1e-3 * judged.std())

    out = tmp_path / "run"
    for images in (112, 128):
        transfer(bases[name], faces_file, out, [], "continue", images=images, resume=True, changes=changes, **QUIET)
    assert next(iter(Run(out).checkpoints())) == 16


def test_to_continue_keeps_what_adam_knows(bases):
    start = Start(Run(bases["modern"]), "continue")
    (known, _), (model, _) = begin(start), begin(start, *LARGER)
    for each in (known, model):
        each.optimizer.build(each.trainable_variables)
    start.base.restore(known)
    start.give_state(model)
    for network, other in ((model.generator, known.generator), (model.discriminator, known.discriminator)):
        adams = {id(weight): adam(model, weight) for weight in network.trainable_variables}
        usual = [adam(known, weight)[1].mean() for weight in other.trainable_variables if len(weight.shape) > 1]
        for _, weight, value in growing.pairs(network, other):
            if weight.trainable:
                found = adams.pop(id(weight))
                for now, had in zip(found, adam(known, value), strict=True):
                    corner = tuple(map(slice, had.shape))
                    assert np.array_equal(now[corner], had), weight.path
                    fresh = np.ones(now.shape, bool)
                    fresh[corner] = False
                    expected = had.mean() if now is found[1] else 0
                    assert np.allclose(now[fresh], expected, rtol=1e-4, atol=0), weight.path
        assert adams  # of layers that are new
        for mean, square in adams.values():
            assert not mean.any() and min(usual) < square.min() == square.max() < max(usual)


def adam(model, weight):
    """Adam's two averages of a weight's gradient, as arrays."""
    place = [id(variable) for variable in model.trainable_variables].index(id(weight))
    slots = [[slot for slot in model.optimizer.variables if slot.path.endswith(kind)] for kind in KINDS_OF_SLOTS]
    assert {len(kind) for kind in slots} == {len(model.trainable_variables)}
    return [ops.convert_to_numpy(kind[place]) for kind in slots]


def test_to_continue_counts_the_pictures_of_its_base(bases, faces_file, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "train", lambda *given, images, **settings: asked.append(images) or {})
    for method in ("continue", "finetune"):
        transfer(bases["classic"], faces_file, tmp_path / "run", [], method)
    assert asked == [20_096, 20_000]


def test_other_settings_of_the_networks_stay_the_bases(bases, faces_file, tmp_path):
    for change in ("width=8", "generator_width=8", "full_width=3"):
        with pytest.raises(InputError, match=r"a base's \w+ must be as its config.json says, and as the transfer's"):
            transfer(bases["modern"], faces_file, tmp_path / change, TAG, images=16, changes=[change], **QUIET)
    with pytest.raises(InputError, match="must have modulated where it has deep"):
        transfer(bases["classic"], faces_file, tmp_path / "deep", TAG, images=16, changes=["deep=true"], **QUIET)


def test_append_adds_blocks_below_full_size(transferred):
    """At full size, where the last hidden layer may be, each would cost four times as much."""
    for name in ("classic", "pairs"):
        generator = Run(transferred[name, "append"]).load_generator()
        added = [layer.output.shape[1] for layer in generator.layers if layer.name.startswith("appended")]
        assert added and set(added) == {16}, name


def test_few_pictures_are_augmented_and_the_transfer_averaged(bases):
    few, many = (Start(Run(bases["classic"]), "finetune").recipe(count) for count in (AUGMENTED - 1, AUGMENTED))
    assert (few.augment, many.augment) == (True, False)
    assert Run(bases["classic"]).config["recipe"]["average"] == 0 and few.average == many.average == 0.999


@pytest.mark.parametrize(("name", "method"), CASES)
def test_it_trains_what_the_method_says_and_nothing_else(bases, transferred, name, method):
    from animegan.gan.dcgan import build_dcgan

    run, start = Run(transferred[name, method]), Start(Run(bases[name]), method)
    model = build_dcgan(32, Recipe.read(run.config["recipe"]), start=start)
    model.optimizer.build(model.trainable_variables)
    before = [arrays(network) for network in (model.generator, model.discriminator)]
    assert run.restore(model)[0] == 4
    after = [arrays(network) for network in (model.generator, model.discriminator)]
    moved = [
        {path: not np.array_equal(one[path], other[path]) for path in one}
        for one, other in zip(before, after, strict=True)
    ]
    new = {path for path in moved[0] if "appended" in path}
    assert len(new) == (8 if method == "append" else 0)
    if method == "append":
        assert {path for path, one in moved[0].items() if one} == new
    else:
        assert all(moved[0].values())
    held = {path for path, one in moved[1].items() if not one and not path.endswith("/found")}  # a search for a norm
    lower = set()
    if method == "freeze-discriminator":
        convolutions = [layer for layer in model.discriminator.layers if isinstance(layer, layers.Conv2D)]
        held_layers = [layer for layer in convolutions if layer.output.shape[1] > FROZEN_ABOVE]
        assert len(held_layers) == 1 and len(convolutions) == {"classic": 3, "modern": 5}[name]
        lower = {weight.path for layer in held_layers for weight in (layer.kernel, layer.bias) if weight is not None}
    assert held == lower


@pytest.mark.parametrize(("name", "method"), CASES)
def test_its_generator_is_made_of_stock_layers(transferred, name, method):
    generator = Run(transferred[name, method]).load_generator()
    assert all(type(layer).__module__.startswith("keras.") for layer in generator.layers)
    assert any(isinstance(layer, layers.BatchNormalization) for layer in generator.layers)
    assert generator.output_shape == (None, 32, 32, 3)


@pytest.mark.parametrize(("name", "method"), CASES[::3])
def test_a_resumed_transfer_is_the_transfer_left_alone(bases, faces_file, transferred, tmp_path, name, method):
    for images in (32, 64):
        transfer(bases[name], faces_file, tmp_path / "run", TAG, method, images=images, resume=True, **QUIET)
    assert_same_runs(Run(tmp_path / "run"), Run(transferred[name, method]), 4)


def test_it_sees_the_pictures_with_all_tags(bases, faces_file, tmp_path, capsys):
    with FaceSet(faces_file) as data:
        rows, held_out = data.split("hair=brown", "blush=none")
        both = set(data.select("hair=brown")) & set(data.select("blush=none"))
    assert {*rows, *held_out} == both and len(rows) >= 8
    result = transfer(bases["pairs"], faces_file, tmp_path / "run", ["hair=brown", "blush=none"], images=16, **QUIET)
    assert result["pictures"] == len(rows) < 50
    assert f"{len(rows)} pictures are few" in capsys.readouterr().err
    config = Run(tmp_path / "run").config
    assert config["data"]["pictures"] == len(rows)
    assert config["recipe"]["batch"] == min(16, len(rows)) and config["recipe"]["augment"]


@pytest.mark.parametrize(("name", "method"), CASES[::2])
def test_a_transfer_can_be_the_base_of_another(faces_file, transferred, tmp_path, name, method):
    transfer(transferred[name, method], faces_file, tmp_path / "run", TAG, images=16, **QUIET)
    assert Run(tmp_path / "run").config["start"] == {"method": "finetune", "run": f"{name}-{method}", "step": 4}


def test_what_does_not_fit_is_said(bases, faces_file, transferred, tmp_path, monkeypatch):
    out = tmp_path / "run"
    pack_drawn(tmp_path / "large.h5", count=40, size=64, progress=False)
    for base, faces, tags, method, message in (
        (bases["classic"], faces_file, TAG, "prepend", "method must be finetune, .*append or continue"),
        (bases["classic"], faces_file, ["hair=brwn"], "append", "hair must be one of .*brown.* Received: brwn"),
        (bases["classic"], faces_file, ["hare=brown"], "append", "a tag must be one of .*hair.* Received: hare"),
        (bases["classic"], tmp_path / "large.h5", TAG, "append", "the base's size, 32 pixels. Received: 64"),
        (bases["classic"], faces_file, [*TAG, "eyes=red", "back=buns"], "append", "at least 8 pictures"),
        (transferred["classic", "append"], faces_file, TAG, "finetune", "Received: .*, an appended one"),
        (transferred["classic", "freeze-discriminator"], faces_file, [], "continue", "Received: .*, a frozen one"),
        ("drawn-faces", tmp_path / "large.h5", [], "continue", "must have a checkpoint to go on from"),
        (tmp_path / "none", faces_file, TAG, "finetune", "a run must be a folder made by"),
        (
            bases["classic"],
            faces_file,
            [*TAG, "eyes=red", "back=buns"],
            "append",
            r"it has hair .*brown \d+.*; eyes .*red",
        ),
    ):
        with pytest.raises(InputError, match=message):
            transfer(base, faces, out, tags, method, images=16, **QUIET)
        assert not out.exists()
    monkeypatch.setattr(module, "FEWEST", 10_000)
    with pytest.raises(InputError, match=r"at least 10000 pictures .* Received: \d+ in .*, after those held out$"):
        transfer(bases["classic"], faces_file, out, [], images=16, **QUIET)
    assert not out.exists()


@pytest.mark.parametrize(("fewest", "few", "warned"), [(0, 0, False), (0, 1, True), (1, 1, None)])
def test_few_pictures_are_warned_of_and_fewer_refused(
    bases, faces_file, tmp_path, monkeypatch, capsys, fewest, few, warned
):
    """Both limits lie just at the number of pictures there are, or one above it."""
    assert (module.FEWEST, module.FEW) == (8, 50)
    with FaceSet(faces_file) as data:
        count = len(data.split(*TAG)[0])
    monkeypatch.setattr(module, "FEWEST", count + fewest)
    monkeypatch.setattr(module, "FEW", count + few)
    monkeypatch.setattr(module, "train", lambda *given, **settings: {})
    if warned is None:
        with pytest.raises(InputError, match=f"at least {count + 1} pictures to learn from. Received: {count} with"):
            transfer(bases["classic"], faces_file, tmp_path / "run", TAG)
    else:
        assert transfer(bases["classic"], faces_file, tmp_path / "run", TAG) == {"pictures": count}
        assert ("pictures are few" in capsys.readouterr().err) == warned


def test_the_layers_that_see_small_things_are_held_at_each_size():
    for size, held in ((32, 1), (64, 2), (128, 3)):
        for judge in (build_discriminator(size, 4), build_plain_discriminator(size, 4, deviation=True)):
            freeze_below(judge, FROZEN_ABOVE)
            convolutions = [layer for layer in judge.layers if isinstance(layer, layers.Conv2D)]
            assert [not layer.trainable for layer in convolutions] == [True] * held + [False] * (
                len(convolutions) - held
            )


def test_a_transfer_goes_on_as_it_began_only(bases, faces_file, transferred, capsys):
    run = transferred["pairs", "append"]
    words = ["--out", str(run), "--resume", "--images", "128"]
    assert main(["transfer", str(bases["pairs"]), str(faces_file), "--method", "finetune", *words]) == 2
    assert "start's method finetune instead of append" in capsys.readouterr().err
    assert main(["train", str(faces_file), *words]) == 2
    assert "start's method None instead of append" in capsys.readouterr().err


def test_the_command_goes_on_with_what_the_run_has(bases, faces_file, tmp_path, capsys):
    words = ["transfer", str(bases["pairs"]), str(faces_file), "--out", str(tmp_path / "run"), "--json"]
    begun = [*words, "--tag", "hair=brown", "--method", "append", "--images", "16", "--report-images", "32"]
    assert main(begun) == 0
    assert main([*words, "--resume", "--images", "32"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["images"] == 32
    assert Run(tmp_path / "run").config["start"]["method"] == "append"


def test_a_resumed_transfer_goes_on_to_what_it_was_last_told(bases, faces_file, tmp_path, monkeypatch):
    words = bases["pairs"], faces_file, tmp_path / "run", TAG
    monkeypatch.setattr(module, "IMAGES", 32)
    assert transfer(*words, minutes=1e-9, **QUIET)["images"] == 16
    assert transfer(*words, resume=True, **QUIET)["images"] == 32
    assert transfer(*words, images=64, minutes=1e-9, resume=True, **QUIET)["images"] == 48
    shutil.rmtree(tmp_path / "run" / "checkpoint")  # as if killed before the first
    assert transfer(*words, resume=True, **QUIET)["images"] == 64


def test_a_transfer_goes_on_without_its_base(bases, faces_file, transferred, tmp_path):
    base = shutil.copytree(bases["pairs"], tmp_path / "pairs")
    transfer(base, faces_file, tmp_path / "run", TAG, "append", images=32, **QUIET)
    train(faces_file, base, RECIPES["pairs"], images=160, resume=True, **QUIET)  # it learns more, then goes
    transfer(base, faces_file, tmp_path / "run", TAG, "append", images=48, resume=True, **QUIET)
    shutil.rmtree(base)
    transfer(base, faces_file, tmp_path / "run", TAG, "append", images=64, resume=True, **QUIET)
    assert_same_runs(Run(tmp_path / "run"), Run(transferred["pairs", "append"]), 4)
    with pytest.raises(InputError, match="start's run other instead of pairs"):
        transfer(tmp_path / "other", faces_file, tmp_path / "run", TAG, "append", resume=True, **QUIET)


def test_a_base_with_other_networks_than_it_says_is_refused(bases, faces_file, tmp_path):
    from animegan.gan.dcgan import build_networks

    recipe = RECIPES["pairs"]
    others = {"latent_width": (50, "generator"), "width": (8, "discriminator"), "generator_width": (8, "generator")}
    for name, (value, network) in others.items():
        said = {name: value}
        base = tmp_path / str(said)
        config = Run(bases["pairs"]).config
        Run.create(base, config | {"recipe": config["recipe"] | said})
        generator, discriminator = build_networks(32, recipe)
        generator.save(base / "generator.keras")
        discriminator.save(base / "discriminator.keras")
        with pytest.raises(InputError, match=f"a base's {network} must be as its config"):
            transfer(base, faces_file, tmp_path / base.name / "run", TAG, images=16, **QUIET)


def test_it_is_measured_against_pictures_with_the_tag(bases, tmp_path):
    faces = tmp_path / "faces.h5"
    pack_drawn(faces, count=1_200, size=32, seed=3, progress=False)
    transfer(bases["pairs"], faces, tmp_path / "run", ["blush=none"], images=16, **QUIET)
    with FaceSet(faces) as data:
        reference = data.split("blush=none")[1]
    result = evaluate(tmp_path / "run", faces)
    assert result["n"] == len(reference)
    assert result["reference"] == "held out of faces.h5 with blush=none"
    assert 0 <= result["tagged"] <= 1 and result["floor"]["tagged"] > 0.8


def test_training_from_scratch_takes_tags_too(faces_file, tmp_path):
    words = ["--images", "16", "--batch", "8", "--width", "4"]
    assert main(["train", str(faces_file), "--out", str(tmp_path), "--tag", "hair=brown", *words]) == 0
    assert Run(tmp_path).config["tags"] == ["hair=brown"]
    assert main(["train", str(faces_file), "--out", str(tmp_path), "--resume", "--images", "32"]) == 0
    assert main(["train", str(faces_file), "--out", str(tmp_path), "--resume", "--tag", "hair=blonde"]) == 2
