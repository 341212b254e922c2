import json
import subprocess
import sys

import numpy as np
import pytest

from animegan.faces.packed import FaceSet, FaceWriter
from animegan.files import InputError
from animegan.gan.damage import DAMAGES
from animegan.gan.face_network import DAMAGE, FaceNetwork, build_face_network
from animegan.gan.face_training import LabelledFaces, train_face_network

VALUES = {"hair": ("black", "red"), "eye shape": ("no", "yes", "round")}


@pytest.fixture(scope="module")
def network():
    return FaceNetwork(build_face_network(VALUES), VALUES)


@pytest.fixture(scope="module")
def images(faces_file):
    with FaceSet(faces_file) as data:
        return data.images()


def test_it_sees_features_and_tags_of_any_size(network, images):
    assert network.features(images[:7]).shape == (7, 320)
    large = np.repeat(np.repeat(images[:7], 3, axis=1), 3, axis=2)
    tags = network.tags(large)
    assert {tag: array.shape for tag, array in tags.items()} == {"hair": (7, 2), "eye shape": (7, 3)}
    assert np.allclose(tags["hair"].sum(axis=1), 1, atol=1e-5)


def test_the_number_of_pictures_in_a_call_changes_nothing(network, images):
    many = np.concatenate([images, images])  # more than one batch
    assert np.allclose(network.features(many)[:3], network.features(images[:3]), atol=1e-5)


def test_it_is_the_same_after_saving(network, images, tmp_path):
    network.save(tmp_path / "network.keras", {"epochs": 0})
    again = FaceNetwork.load(tmp_path / "network.keras")
    assert again.values == VALUES
    assert np.allclose(again.features(images[:5]), network.features(images[:5]), atol=1e-6)


def test_what_is_no_network_is_said(tmp_path):
    with pytest.raises(InputError, match=r"a face network must be .* Received: .*missing\.keras"):
        FaceNetwork.load(tmp_path / "missing.keras")
    (tmp_path / "text.keras").write_text("Dear reader")
    (tmp_path / "text.json").write_text(json.dumps({"values": {}}))
    with pytest.raises(InputError, match=r"text\.keras"):
        FaceNetwork.load(tmp_path / "text.keras")


def test_unknown_tags_have_no_weight_and_half_is_spoilt():
    pictures = np.random.default_rng(0).integers(0, 256, (300, 64, 64, 3), np.uint8)
    codes = {"hair": np.array([0, 1, -1] * 100)}
    batches = LabelledFaces(pictures, codes, {"hair": VALUES["hair"]}, seed=1)
    assert len(batches) == 3 and len(batches[2][0]) == 44
    seen, labels, weights = batches[0]
    assert seen.dtype == np.float32 and seen.min() >= -1 and seen.max() <= 1
    assert set(weights["tag_0"]) == {0, 1} and labels["tag_0"].min() == 0
    assert 0.3 < (labels[DAMAGE] > 0).mean() < 0.7 and labels[DAMAGE].max() <= len(DAMAGES)
    assert np.array_equal(batches[0][0], seen)
    batches.on_epoch_end()
    assert not np.array_equal(batches[0][0], seen)


def test_files_with_other_tags_are_learned_together(faces_file, tmp_path, images):
    with FaceWriter(tmp_path / "more.h5", 32, {}) as writer:  # mirrored, with a value and a tag that are new
        tags = [{"hair": "green" if i % 2 else "black", "year": str(i % 2)} for i in range(40)]
        writer.add(images[:40, :, ::-1], [f"{i}.png" for i in range(40)], tags)
    out = tmp_path / "network.keras"
    figures = train_face_network([faces_file, tmp_path / "more.h5"], out, epochs=1, verbose=0)
    network = FaceNetwork.load(out)
    with FaceSet(faces_file) as faces:
        assert set(network.values) == {*faces.tags, "year"}
        assert set(network.values["hair"]) == {*faces.tags["hair"], "green"}
    assert figures["pictures"] + figures["held_out"] == 240
    assert figures["tags"]["year"]["n"] < figures["tags"]["hair"]["n"] == figures["held_out"]


def test_files_without_tags_are_refused(tmp_path, picture):
    with FaceWriter(tmp_path / "bare.h5", 32, {}) as writer:
        writer.add(np.stack([picture(0), picture(1)]), ["a", "b"], [{}, {}])
    words = [sys.executable, "-m", "animegan.gan.face_training", tmp_path / "bare.h5", "--out", tmp_path / "n.keras"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode and "needs faces with tags" in done.stderr
