import hashlib
import json

import cv2
import numpy as np
import pytest

from animegan.cli import main
from animegan.faces import writing
from animegan.faces.drawn import pack_drawn
from animegan.faces.layout import is_held_out
from animegan.faces.packed import FaceSet, FaceWriter
from animegan.files import InputError
from animegan.gan import damage, evaluation, features
from animegan.gan.distances import frechet_distance, kernel_distance, precision_recall
from animegan.gan.evaluation import evaluate, ratio
from animegan.gan.recipes import Recipe
from animegan.gan.sampling import sample
from animegan.gan.training import train
from animegan.pictures import decode


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A packed file of 1,200 drawn faces at 32 pixels: about 120 are held out, others than the digests would."""
    path = tmp_path_factory.mktemp("many") / "faces.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "is_held_out", lambda digest: is_held_out(digest[::-1]))
        pack_drawn(path, count=1_200, size=32, seed=3, progress=False)
    return path


@pytest.fixture(scope="module")
def run(many, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(many, folder, Recipe(width=4, batch=16, latent_width=8), images=160, progress=False)
    return folder


@pytest.fixture(scope="module")
def network():
    return features.load_features("faces")


@pytest.fixture(scope="module")
def halves(many, network):
    """Two sets of 300 faces that have none in common, and what the face network sees in the first."""
    with FaceSet(many) as data:
        images = data.images()
    return images[:300], images[300:600], network(images[:300])


def test_it_says_how_far_the_faces_are_and_how_far_real_ones(run, many):
    result = evaluate(run, many)
    floor = result["floor"]
    assert result["n"] > 50 and result["reference"] == "held out of faces.h5"
    for measure in ("frechet", "frechet_blurred", "kid"):  # ten steps make no faces
        assert result[measure] > 5 * max(floor[measure], 0)
    assert result["recall"] < 0.2 < 0.5 < floor["recall"]
    assert result["memorisation"] > 1
    assert json.loads(json.dumps(result)) == result


def test_latents_nearer_to_the_mean_make_faces_that_vary_less(run, many, tmp_path, network):
    spreads = []
    for name, truncation in (("all.h5", 1), ("near.h5", 0.1)):
        sample(run, tmp_path / name, 60, truncation=truncation)
        with FaceSet(tmp_path / name) as data:
            spreads.append(network(data.images()).std(axis=0).mean())
            assert data.provenance["truncation"] == truncation
    assert spreads[1] < spreads[0] / 2
    near, wide = (evaluate(run, many, count=60, truncation=truncation) for truncation in (0.1, 1))
    assert near["frechet"] != wide["frechet"] and near["floor"] == wide["floor"]


def test_held_out_pictures_alone_are_measured_against(run, many, monkeypatch):
    shown = []

    def network(images):
        shown.append(images)
        return images.reshape(len(images), -1)[:, 1000:1003].astype(float)

    monkeypatch.setattr(evaluation, "load_features", lambda name: network)
    evaluate(run, many, count=60)
    with FaceSet(many) as data:
        known, rows = data.split()
        assert set(rows) != set(np.flatnonzero([is_held_out(digest) for digest in data.digests()])), "the file decides"
        held_out = {image.tobytes() for image in data.images(rows)}
        known = {image.tobytes() for image in data.images(known)}
    real, trained = shown[0], shown[-1]
    assert {image.tobytes() for image in real} <= held_out and len(real) == 60
    assert {image.tobytes() for image in trained} == known


def test_what_was_seen_of_real_pictures_is_not_looked_at_again_and_measures_the_same(run, many, monkeypatch):
    network, looked = evaluation.load_features("faces"), []
    monkeypatch.setattr(evaluation, "load_features", lambda name: lambda images: looked.append(1) or network(images))
    seen = {}
    once, again = (evaluate(run, many, count=60, seen=seen) for _ in range(2))
    assert once == again == evaluate(run, many, count=60)
    assert len(looked) == 7 + 2 + 7  # real, spare, fake, each blurred, too, and those trained on


def test_what_the_card_quotes_is_kept(run, many, modules, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["pretrained.py", str(run), str(many), "--out", str(tmp_path)])
    monkeypatch.setattr(modules("pretrained"), "TRUNCATIONS", (0.5,))
    monkeypatch.setattr(modules("pretrained"), "SEEDS", 2)
    modules("pretrained").main()
    found = json.loads((tmp_path / "run.json").read_text())
    shares, generator, truncated = (found.pop(name) for name in ("shares", "generator", "truncated"))
    one, other = (evaluate(run, many, seed=seed) for seed in (0, 1))
    for place, mine, theirs in ((found, one, other), (found["floor"], one["floor"], other["floor"])):
        assert place["frechet"] == pytest.approx((mine["frechet"] + theirs["frechet"]) / 2)
        assert place["spread"]["frechet"] == pytest.approx(abs(mine["frechet"] - theirs["frechet"]) / np.sqrt(2))
        assert place["spread"]["frechet"] > 0
    assert (found["seeds"], found["n"], found["reference"]) == (2, one["n"], one["reference"])
    near = [evaluate(run, many, seed=seed, truncation=0.5)["frechet"] for seed in (0, 1)]
    assert truncated["0.5"]["frechet"] == pytest.approx(np.mean(near)) and np.mean(near) != found["frechet"]
    assert truncated.keys() == {"0.5"} and truncated["0.5"].keys() == {*modules("pretrained").TRADED}
    assert generator == hashlib.sha256((run / "generator.keras").read_bytes()).hexdigest()
    for values in shares.values():
        assert np.sum(list(values.values()), axis=0) == pytest.approx([1, 1], abs=1e-3)
    assert max(abs(made - real) for made, real in shares["hair"].values()) > 0.2  # ten steps make no faces


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """400 faces that no run has seen."""
    path = tmp_path_factory.mktemp("others") / "faces.h5"
    pack_drawn(path, count=400, size=32, seed=4, progress=False)
    return path


def test_half_of_unseen_pictures_is_measured_against(run, many, others, tmp_path):
    result = evaluate(run, others, unseen=True)
    assert (result["n"], result["reference"]) == (200, "half of faces.h5")
    assert "memorisation" not in result
    result = evaluate(run, others, unseen=True, trained_on=many, nearest_out=tmp_path / "nearest.png")
    assert result["memorisation"] > 0 and (tmp_path / "nearest.png").exists()


def test_pictures_that_were_trained_on_are_not_unseen(run, many):
    with pytest.raises(InputError, match=r"must be others than the run's\. Received: .*which it was trained on"):
        evaluate(run, many, unseen=True)


def test_the_training_pictures_of_another_run_are_not_called_its_own(run, many, others, tmp_path):
    pack_drawn(tmp_path / "more.h5", count=1_200, size=32, seed=5, progress=False)
    assert "memorisation" not in evaluate(run, tmp_path / "more.h5", count=60)
    for settings in ({"nearest_out": tmp_path / "n.png"}, {"trained_on": others}):
        with pytest.raises(InputError, match="the file that the run was trained on"):
            evaluate(run, tmp_path / "more.h5", count=60, **settings)
    assert not (tmp_path / "n.png").exists()


def test_samples_stand_beside_their_nearest_training_picture(run, many, tmp_path):
    evaluate(run, many, count=60, nearest_out=tmp_path / "nearest.png")
    assert decode((tmp_path / "nearest.png").read_bytes()).shape[0] == 10 * 32 + 11 * 2


def test_copies_of_the_training_pictures_are_noticed(run, many, monkeypatch):
    with FaceSet(many) as data:
        known, _ = data.split()
        copies = data.images(known[:100])
    monkeypatch.setattr(evaluation, "generate", lambda generator, latents: copies[: len(latents)])
    assert evaluate(run, many, count=100)["memorisation"] < 0.1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": 500}, "500 pictures that were not trained on"),
        ({"features": "eyes"}, "features must be faces or inception"),
    ],
)
def test_what_cannot_be_measured_is_said(run, many, settings, message):
    with pytest.raises(InputError, match=message):
        evaluate(run, many, **settings)


def test_pictures_of_another_size_are_refused(run, tmp_path):
    with FaceWriter(tmp_path / "large.h5", 64, {}) as writer:
        writer.add(np.zeros((1, 64, 64, 3), np.uint8), ["a"], [{}])
    with pytest.raises(InputError, match="the generator's size, 32 pixels"):
        evaluate(run, tmp_path / "large.h5")


def test_the_command_prints_it_all(run, many, capsys):
    assert main(["evaluate", str(run), str(many), "--count", "60", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 60
    assert main(["evaluate", str(run), str(many), "--count", "5000"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_only_like_is_compared_with_like():
    one = {"n": 100, "features": "faces", "reference": "held out of faces.h5", "reference_sha256": "a", "frechet": 2.0}
    assert ratio(one, one | {"frechet": 8.0}) == 0.25
    for other in (
        {"n": 200},
        {"features": "inception"},
        {"reference": "held out of more.h5"},
        {"reference_sha256": "b"},
    ):
        with pytest.raises(InputError, match=f"the same {next(iter(other))}\\."):
            ratio(one, one | other)


def test_distances_of_identical_sets_are_none(halves, network):
    images, _, seen = halves
    assert frechet_distance(seen, network(images[::-1])) < 1e-3
    assert precision_recall(seen, network(images[::-1])) == (1.0, 1.0)


@pytest.mark.parametrize("kind", [*damage.DAMAGES, "collapse"])
def test_distances_rise_with_damage(halves, network, kind):
    _, others, seen = halves
    spoil, most = damage.DAMAGES.get(kind, (damage.collapse, 0.98))
    spoilt = [network(spoil(others, type(most)(most * share))) for share in (0, 0.5, 1)]
    for distance in (frechet_distance, lambda real, fake: kernel_distance(real, fake)[0]):
        values = [distance(seen, one) for one in spoilt]
        assert values[0] < values[1] < values[2]


def test_inception_without_its_weights_is_said(run, many, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(features.keras.applications, "InceptionV3", unreachable)
    with pytest.raises(InputError, match="must find or download InceptionV3's weights"):
        evaluate(run, many, features="inception")


def unreachable(**settings):
    raise Exception("URL fetch failure")


def test_inception_sees_pictures_as_its_papers_have_it(monkeypatch):
    seen = []

    def network(pictures, training):
        seen.append(features.ops.convert_to_numpy(pictures))
        return pictures[:, 0, 0]

    monkeypatch.setattr(features.keras.applications, "InceptionV3", lambda **settings: network)
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    features.load_features("inception")(np.stack([image] * 60))
    assert [len(pictures) for pictures in seen] == [50, 10]
    expected = cv2.resize(image.astype("float32"), (299, 299), interpolation=cv2.INTER_LINEAR) / 127.5 - 1
    assert np.allclose(seen[1][9], expected, atol=1e-3)


def test_inception_gives_2048_features(halves):
    network = features._inception(weights=None)
    assert network(halves[0][:2]).shape == (2, 2048)
