"""The README's table of figures says what the benchmarks kept of their runs."""

import json
import re
from pathlib import Path
from statistics import mean

import pytest

from animegan.cli import main
from animegan.gan.finding import find_run, pretrained_names
from animegan.gan.recipes import Recipe

ROOT = Path(__file__).parents[1]


def row_of(command):
    """The row of the README's table whose command is this one."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith("|") and f"python benchmarks/{command} " in line]
    return row


def kept(name):
    return json.loads((ROOT / "benchmarks" / f"{name}.json").read_text())


def words_of(name):
    """What a notebook's cells say, in one line."""
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    return " ".join(" ".join(line for cell in notebook["cells"] for line in cell["source"]).split())


def span(values):
    return f"{min(values):.0f} to {max(values):.0f}"


def card_of(name):
    """What the card of a pretrained generator says, in one line."""
    card = (ROOT / "data" / "pretrained" / "README.md").read_text(encoding="utf-8")
    return " ".join(card.partition(f"\n## {name}\n")[2].partition("\n## ")[0].split())


@pytest.mark.parametrize("name", pretrained_names())
def test_what_comes_with_the_project(name):
    found = kept(f"pretrained/{name}")
    assert found["generator"] == find_run(name).generator_digest(), "measure it: python benchmarks/pretrained.py"
    floor = found["floor"]
    words = (
        f"on the {found['n']:,} held-out faces",
        f"Fréchet {found['frechet']:.0f} ({floor['frechet']:.1f})",
        f"after a blur {found['frechet_blurred']:.0f} ({floor['frechet_blurred']:.1f})",
        f"precision {found['precision']:.2f} ({floor['precision']:.2f})",
        f"recall {found['recall']:.2f} ({floor['recall']:.2f})",
        f"memorisation {found['memorisation']:.2f}",
    )
    card = card_of(name)
    assert all(word in card for word in words)


@pytest.mark.parametrize("name", pretrained_names())
def test_a_card_s_commands_train_what_comes_with_the_project(name, monkeypatch):
    calls = []
    for function in ("training.train", "transfer.transfer"):
        monkeypatch.setattr(f"animegan.gan.{function}", lambda *words, **named: calls.append((words, named)) or {})
    card = card_of(name).replace("\\ ", "")
    for command in re.findall(r"animegan ((?:train|transfer) .*?) (?=animegan|python)", card):
        assert main(command.split()) == 0
    ((*_, recipe), options), *transfers = calls
    for _, options in transfers:  # a transfer has its base's recipe, with changes
        recipe = recipe.set(*options["changes"])
    config = find_run(name).config
    assert config.get("start", {}).get("method") == options.get("method")
    assert recipe == Recipe.read(config["recipe"])
    assert options["images"] == config["step"] * recipe.batch
    (truncation,) = re.findall(rf"publishing RUN {name}(?: --truncation (\S+))?", card)
    assert float(truncation or 1) == config.get("truncation", 1)


def test_the_generator_of_real_faces():
    assert kept("pretrained/getchu-faces")["seeds"] == 6
    row, card, found = row_of("pretrained.py"), card_of("getchu-faces"), kept("pretrained/getchu-faces")
    figures = (
        f"Fréchet distance {found['frechet']:.0f}, after a blur {found['frechet_blurred']:.0f}",
        f"recall {found['recall']:.2f}",
        "real faces at {frechet:.0f}, {frechet_blurred:.0f} and {recall:.2f}".format(**found["floor"]),
        f"{found['n']:,} held out, means of six seeds",
    )
    assert all(figure in row for figure in figures)
    less = found["truncated"]["0.9"]
    words = f"Fréchet {less['frechet']:.0f}, precision {less['precision']:.2f}, recall {less['recall']:.2f}"
    assert f"`--truncation 0.9` takes that back: {words}" in card
    rare = ("hair", "brown", "brown hair"), ("eyes", "red", "red eyes")
    for tag, value, name in rare:
        made, real = (round(100 * share) for share in found["shares"][tag][value])
        assert f"{name} ({made} in a hundred, where the games have {real})" in card
        assert made < real
    made, real = found["shares"]["eyes"]["green"]
    assert made > 1.2 * real and "more green ones" in card
    seen = kept("pretrained_by_eye/getchu-faces")
    assert seen["generator"] == found["generator"], "look at them: animegan sample getchu-faces --count 100"
    broken, doubtful = set(seen["broken"]), set(seen["doubtful"])
    assert broken | doubtful <= set(range(100)) and not broken & doubtful
    assert f"{len(broken)} of the first hundred faces are broken and {len(doubtful)} more are doubtful" in card


def test_the_ladder(modules):
    row, ladder = row_of("ladder.py"), kept("ladder/ladder")
    made, parts = modules("ladder").recipes(), modules("ladder").PARTS
    assert {name: Recipe.read(rung["recipe"]) for name, rung in ladder.items()} == made
    assert list(ladder) == list(made)
    for name, rung in ladder.items():
        assert len(rung["runs"]) == 3
        plain, blurred = (mean(run[kind] for run in rung["runs"]) for kind in ("frechet", "frechet_blurred"))
        assert f"{name} {plain:,.0f}, {blurred:,.0f}" in row
    best = {kind: min(run[kind] for run in ladder["varied"]["runs"]) for kind in ("frechet", "frechet_blurred")}
    for name in (name for name, rung in ladder.items() if rung["on"] == "varied"):  # the rule of ladder.py
        better = [max(run[kind] for run in ladder[name]["runs"]) < best[kind] for kind in best]
        assert all(better) if name == "together" else name in parts or not any(better)
    (run, *_) = ladder["classic"]["runs"]
    plain, blurred = (f"{run['floor'][kind]:.0f}" for kind in ("frechet", "frechet_blurred"))
    words = (
        f"{kept('ladder/settings')['minutes']} minutes",
        f"{run['n']:,} held out",
        f"real faces at {plain}, {blurred}",
    )
    assert all(word in row for word in words)


def test_how_soon_each_recipe_is_how_good():
    row, learning = row_of("learning_speed.py"), kept("learning/learning_speed")
    for point in learning["modern"]:
        assert f"{point['frechet']:.0f} after {point['minutes']:g}" in row
    for name, (*_, last) in learning.items():
        words = f"{last['frechet']:.0f}, {last['frechet_blurred']:.0f}, {last['recall']:.3f}"
        assert f"{name} {words}" in row
        assert f"after {last['minutes']:g}" in row
        assert f"{last['n']:,} held out" in row and f"real faces at {last['floor']['frechet']:.0f}" in row


def test_transfer_to_glasses():
    words, found = words_of("04_transfer_learning"), kept("transfer_glasses/transfer")
    ends = {name.removeprefix("all "): run["end"] for name, run in found["runs"].items()}
    far = {name: f"{end['frechet']:.0f}" for name, end in ends.items()} | {"real": f"{found['floor']['frechet']:.0f}"}
    assert f"*finetune* at a distance of {far['finetune']} and *append* at {far['append']}" in words
    assert f"(from nothing {far['scratch']}, other real ones {far['real']})" in words
    shares = [round(100 * each["tagged"]) for each in (ends["finetune"], ends["append"], found["floor"])]
    assert "calls {} and {} in a hundred of them round glasses, and {} of the real".format(*shares) in words


def test_transfer():
    row, found = row_of("transfer.py"), kept("transfer/transfer")
    nothing, methods = ([run for name, run in found["runs"].items() if (" scratch" in name) == of] for of in (1, 0))
    early, late = ([run[when]["frechet"] for run in methods] for when in ("early", "end"))
    assert f"at Fréchet distances of {span(early)}, from nothing" in row
    assert f"at {span([run['end']['frechet'] for run in nothing])}; at the end {span(late)}," in row
    assert min(run["end"]["tagged"] for run in methods) >= 0.99 and "99 % or more of their faces blonde" in row
    assert max(early) <= min(run["end"]["frechet"] for run in nothing)
    enough = 0.6 * found["runs"]["all finetune"]["end"]["recall"]
    for few in ("100", "300", "1000"):  # as notebook 4 says
        append, *others = (found["runs"][f"{few} {way}"] for way in ("append", "finetune", "freeze-discriminator"))
        for other in others:
            for when, measure in (("early", "frechet"), ("end", "frechet"), ("end", "frechet_blurred")):
                assert append[when][measure] < other[when][measure]
            assert append["end"]["recall"] >= enough > other["end"]["recall"]
    recalls = [run["end"]["recall"] for run in methods]
    reached = sum(recall >= enough for recall in recalls)
    assert f"recall {min(recalls):.2f} to {max(recalls):.2f}, {reached} of {len(recalls)} at 0.6 times" in row
    copied = [run["end"]["memorisation"] for run in methods]
    assert f"memorisation {min(copied):.2f} to {max(copied):.2f}" in row
    assert f"{found['n']} held-out drawn faces, floor {found['floor']['frechet']:.0f}" in row


def test_transfer_of_real_faces():
    found = kept("transfer_real/transfer")

    def of(way, when, measure="frechet"):
        return [run[when][measure] for name, run in found["runs"].items() if name.endswith(f" {way}")]

    def shown(values):
        return f"{min(values):.2f} to {max(values):.2f}"

    words, nothing = words_of("04_transfer_learning"), of("scratch", "end")
    assert f"({found['n']} held out, floor {found['floor']['frechet']:.0f})" in words
    assert f"is at {span(of('finetune', 'early'))} after a fifth, at {span(of('finetune', 'end'))} at the end" in words
    assert (
        f"from nothing the end is at {span(nothing)}, with a recall of {max(of('scratch', 'end', 'recall')):.2f}"
        in words
    )
    assert f"against {shown(of('finetune', 'end', 'recall'))}." in words
    assert f"*append* is at {span(of('append', 'early'))} after a fifth" in words
    assert max(of("finetune", "early")) < min(nothing) and min(of("append", "early")) > max(of("finetune", "early"))
    shares = [round(100 * share) for share in (*of("finetune", "end", "tagged"), found["floor"]["tagged"])]
    assert f"calls {min(shares[:-1])} to {max(shares[:-1])} in a hundred" in words
    assert f"blonde, and {shares[-1]} of the real ones" in words
