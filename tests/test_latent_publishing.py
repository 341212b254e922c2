import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.finding import find_run, pretrained_names
from animegan.gan.networks import build_generator
from animegan.gan.runs import Run
from animegan.latent import named, publishing


@pytest.fixture
def run(tmp_path, monkeypatch):
    made = Run.create(tmp_path / "run", {"size": 32})
    made.save_generator(build_generator(32, width=4, latent_width=6))
    made.write_metrics([])
    monkeypatch.setattr(named, "tag_directions", lambda *_: {"hair=red": np.ones(6)})
    monkeypatch.setattr(named, "label", lambda *_: ((), ()))
    monkeypatch.setattr(named, "COUNT", 2)
    return made.folder


def test_a_published_run_can_be_used_by_its_name(run, tmp_path):
    result = publishing.publish(run, "my-faces", tmp_path / "names")
    assert result["directions"] == 5
    assert pretrained_names(tmp_path / "names") == ["my-faces"]
    found = find_run("my-faces", tmp_path / "names")
    assert found.load_generator().output_shape == (None, 32, 32, 3)
    assert {path.name for path in found.folder.iterdir()} == {"config.json", "generator.keras", "directions.npz"}


def test_what_is_not_to_be_published(run, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="without a slash"):
        publishing.publish(run, "../elsewhere", tmp_path / "names")
    monkeypatch.setattr(publishing, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="10 bytes or fewer"):
        publishing.publish(run, "my-faces", tmp_path / "names")
    assert not (tmp_path / "names").exists()
