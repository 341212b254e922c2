import dataclasses
import subprocess
import sys
import time

import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.dcgan import build_networks
from animegan.gan.engine import ops
from animegan.gan.finding import find_run, pretrained_names
from animegan.gan.generating import draw_latents, generate
from animegan.gan.recipes import MODERN
from animegan.gan.runs import Run
from animegan.gan.training import train
from animegan.gan.transfer import Start
from animegan.latent import named, publishing

SMALL = dataclasses.replace(MODERN, width=4, batch=16, latent_width=6)


@pytest.fixture
def run(faces_file, tmp_path, monkeypatch):
    train(faces_file, tmp_path / "run", SMALL, images=32, progress=False)
    monkeypatch.setattr(named, "tag_directions", lambda *_: {"hair=red": np.ones(6)})
    monkeypatch.setattr(named, "label", lambda *_: ((), ()))
    monkeypatch.setattr(named, "learn_slopes", lambda *_: None)
    monkeypatch.setattr(named, "COUNT", 2)
    return tmp_path / "run"


def test_a_published_run_can_be_used_by_its_name(run, tmp_path):
    for _ in range(2):  # it can be published again
        result = publishing.publish(run, "my-faces", tmp_path / "names")
    assert result["directions"] == 5
    assert pretrained_names(tmp_path / "names") == ["my-faces"]
    found = find_run("my-faces", tmp_path / "names")
    assert found.load_generator().output_shape == (None, 32, 32, 3)
    networks = {"generator.keras", "discriminator.keras"}
    assert {path.name for path in found.folder.iterdir()} == {"config.json", "directions.npz", *networks}


@pytest.mark.parametrize("truncation", [1.0, 1.5])
def test_a_transfer_begins_with_it_as_with_the_run(run, tmp_path, truncation):
    publishing.publish(run, "my-faces", tmp_path / "names", truncation=truncation)
    starts = [Start(Run(folder), "finetune") for folder in (run, tmp_path / "names" / "my-faces")]
    assert [start.config["step"] for start in starts] == [2, 2]
    one, other = (start(*build_networks(32, SMALL)) for start in starts)
    for part, bits in enumerate(publishing.BITS.values()):
        for weight, same in zip(one[part].weights, other[part].weights, strict=True):
            value, rounded = (ops.convert_to_numpy(each) for each in (weight, same))
            assert np.allclose(rounded, value, rtol=2**-bits, atol=5e-4), weight.path
            assert same.dtype == "float32"


def test_an_opponent_is_read_by_those_who_have_loaded_nothing_else():
    code = "from animegan.gan.finding import find_run; find_run('drawn-faces').load_discriminator()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_opponent_is_read_and_judges_as_before(run, tmp_path):
    publishing.publish(run, "my-faces", tmp_path / "names")
    code = (
        "import sys; import numpy as np; from animegan.gan.runs import Run\n"
        "pictures = np.random.default_rng(0).uniform(-1, 1, (8, 32, 32, 3)).astype('float32')\n"
        "judge = Run(sys.argv[1]).load_discriminator(); print(*np.ravel(judge(pictures)))\n"
    )
    line = [sys.executable, "-c", code, str(tmp_path / "names" / "my-faces")]
    found = np.array(subprocess.run(line, check=True, capture_output=True, text=True).stdout.split(), float)
    _, judge = Start(Run(run), "finetune").networks()
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 32, 32, 3)).astype("float32")
    assert np.allclose(found, np.ravel(ops.convert_to_numpy(judge(pictures))), atol=0.06)
    assert np.ptp(found) > 0.5


def test_few_bits_make_the_same_faces(run, tmp_path):
    publishing.publish(run, "my-faces", tmp_path / "names")
    published, latents = Run(tmp_path / "names" / "my-faces"), draw_latents(16, 6, seed=1)
    faces, same = (generate(one.load_generator(), latents).astype(int) for one in (Run(run), published))
    assert np.abs(faces - same).max() <= 2 and np.abs(faces - same).mean() < 0.5
    whole, kept = (one.generator_path.stat().st_size for one in (Run(run), published))
    assert whole - kept > 2 * published.load_generator().count_params()


def test_it_makes_of_latents_what_the_run_made_of_larger_ones(run, tmp_path):
    latents = draw_latents(16, 6, seed=1)
    for strength, another in ((1.3, 1.0), (1.0, 1.3)):
        publishing.publish(run, "my-faces", tmp_path / "names", truncation=strength)
        published = Run(tmp_path / "names" / "my-faces")
        assert published.config["truncation"] == strength
        faces = generate(published.load_generator(), latents).astype(int)
        same, other = (generate(Run(run).load_generator(), times * latents) for times in (strength, another))
        assert np.abs(faces - same).max() <= 2 < 10 < np.abs(faces - other).max()


def test_equal_weights_make_equal_files_whenever_they_are_saved(run):
    generator = Run(run).load_generator()
    first = publishing.rounded(generator, 8)
    time.sleep(1.1)  # Keras notes the second
    assert publishing.rounded(generator, 8) == first


def test_weights_that_few_bits_cannot_hold_are_refused(run):
    generator = Run(run).load_generator()
    bias = generator.weights[-1]
    bias.assign(ops.full(bias.shape, 7e4))
    with pytest.raises(InputError, match=r"finite in float16\. Received: layers/.* up to 70000"):
        publishing.rounded(generator, 8)


def test_what_was_published_can_be_published_again(run, tmp_path):
    publishing.publish(run, "my-faces", tmp_path / "names", truncation=1.5)
    publishing.publish(tmp_path / "names" / "my-faces", "yours", tmp_path / "names")
    configs = [Run(tmp_path / "names" / name).config for name in ("my-faces", "yours")]
    assert [config["truncation"] for config in configs] == [1.5, 1.5]


def test_what_is_not_to_be_published(run, tmp_path, monkeypatch):
    for truncation in (0, -1, float("nan")):
        with pytest.raises(InputError, match="truncation must be more than 0"):
            publishing.publish(run, "my-faces", tmp_path / "names", truncation=truncation)
    with pytest.raises(InputError, match="without a slash"):
        publishing.publish(run, "../elsewhere", tmp_path / "names")
    monkeypatch.setattr(publishing, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="10 bytes or fewer"):
        publishing.publish(run, "my-faces", tmp_path / "names")
    assert not (tmp_path / "names").exists()
