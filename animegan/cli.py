"""The command line: `animegan COMMAND …`. Thin: each command reads its words, calls one function and prints its dict.

Modules are imported where they are used, since an engine takes seconds to load.
"""

import argparse
import dataclasses
import json
import math
import os
import sys
from pathlib import Path

from animegan import __version__
from animegan.files import InputError
from animegan.settings import DEFAULT_SIZE, SIZES

MOST_PATIENCE = 1_000_000  # seconds: a clock cannot count any number of them
SHEET = 100  # faces on a sheet, 10×10
LIMIT_WORDS = {  # what is refused above, by the names in animegan.faces.limits
    "pixels": "of one picture",
    "file_bytes": "bytes of one file, unpacked",
    "bytes": "of one source, unpacked",
    "table_bytes": "of one table of tags that a source brings along",
    "members": "files of one archive",
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        """Raise instead of printing the usage and exiting."""
        raise InputError(f"{message} (see {self.prog} --help)")


def main(words=None):
    """Run a command.

    Args:
        words: the command line as a list of str; sys.argv's if None.

    Returns:
        exit code: 0, 2 for input that cannot be used, 1 for what fails at work (a full disk, a loss that is no longer
        finite), 130 for Ctrl-C. Training that Ctrl-C or SIGTERM ends has saved all, which is 0.
    """
    # Read by tqdm when it is imported: what fails at once leaves one line, and in a log, where no line can be written
    # over, only long work has a bar, which moves every ten seconds.
    for name, in_terminal, in_log in (("TQDM_DELAY", "1", "5"), ("TQDM_MININTERVAL", "0.1", "10")):
        os.environ.setdefault(name, in_terminal if sys.stderr.isatty() else in_log)
    try:
        options = build_parser().parse_args(words)
        result = options.command(options)
    except InputError as error:
        return _fail(error, 2)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except OSError as error:
        return _fail(f"{error.strerror}: {error.filename}" if error.filename else error.strerror or error, 1)
    except FloatingPointError as error:
        return _fail(error, 1)
    if hasattr(sys.stdout, "reconfigure"):  # a file's name may hold what a terminal has no letters for
        sys.stdout.reconfigure(errors="backslashreplace")
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:22} {_words(value)}")
    return 0


def _fail(reason, code):
    _say(reason)
    return code


def _say(sentence):
    print(f"animegan: {' '.join(str(sentence).split())}", file=sys.stderr)


def _words(value):
    """A result in words: numbers rounded, dicts and lists of pairs as `name number` in a row."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    if isinstance(value, dict):
        return _words(list(value.items()))
    if isinstance(value, tuple):
        return " ".join(map(_words, value))
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or "none"
    return str(value)


def build_parser():
    """The parser of all commands."""
    parser = Parser(prog="animegan", description="Crop, pack, train and sample anime faces.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    of_faces = _add_draw, _add_fetch, _add_crop, _add_pack, _add_inspect
    of_runs = _add_train, _add_transfer, _add_sample, _add_evaluate, _add_walk
    for add in (*of_faces, *of_runs):
        add(commands)
    return parser


def _command(commands, name, function, text):
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=function)
    parser.add_argument("--json", action="store_true", help="print the results as one JSON object on stdout")
    return parser


def _at_least(least):
    """The type of an option that takes a whole number from `least` on."""

    def whole(text):
        if not text.strip().lstrip("-").isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"it must be a whole number, {least} or more. Received: {text}")
        return int(text)

    return whole


def _add_draw(commands):
    parser = _command(commands, "draw", _draw, "draw faces into a packed file, or scenes with their face boxes")
    parser.add_argument("--count", type=int, default=12_000, help="faces to draw (%(default)s)")
    parser.add_argument("--size", type=int, default=DEFAULT_SIZE, help=f"pixels: {_sizes()} (%(default)s)")
    parser.add_argument("--scenes", type=int, help="draw this many scenes instead, into the folder --out")
    parser.add_argument("--seed", type=_at_least(0), default=0, help="the same seed draws the same (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the .h5 file, or the folder for scenes")


def _draw(options):
    from animegan.faces.drawn import pack_drawn, write_scenes

    if options.scenes is not None:
        return write_scenes(options.out, options.scenes, options.seed)
    return pack_drawn(options.out, options.count, options.size, options.seed)


def _add_fetch(commands):
    parser = _command(commands, "fetch", _fetch, "fetch a data set from Kaggle into a folder")
    parser.add_argument("handle", help="OWNER/NAME, such as splcher/animefacedataset, or OWNER/NAME/versions/N")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder for its files")
    parser.add_argument("--patience", type=float, default=120, help="seconds of silence before giving up (%(default)s)")
    _add_limits(parser, "members", "bytes", "file_bytes")


def _fetch(options):
    from animegan.faces.fetching import fetch

    if not 0 < options.patience <= MOST_PATIENCE:
        raise InputError(f"patience must lie in 0 to {MOST_PATIENCE:,} seconds. Received: {options.patience:g}")
    return fetch(options.handle, options.out, options.patience, _limits(options))


def _add_limits(parser, *names):
    """Options for the named limits of animegan.faces.limits."""
    from animegan.faces.limits import LIMITS

    for name in names:
        words = f"--most-{name.replace('_', '-')}", f"{LIMIT_WORDS[name]} ({getattr(LIMITS, name):,})"
        parser.add_argument(words[0], type=_at_least(1), help=words[1], metavar="N")


def _limits(options):
    from animegan.faces.limits import LIMITS, Limits

    given = {name: getattr(options, f"most_{name}", None) for name in vars(LIMITS)}
    return Limits(**vars(LIMITS) | {name: value for name, value in given.items() if value is not None})


def _add_crop(commands):
    parser = _command(commands, "crop", _crop, "cut the faces out of pictures, with a table of them")
    parser.add_argument("pictures", type=Path, help="a picture, or a folder of them")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the crops and faces.csv")
    parser.add_argument("--detector", default="animeface", help="animeface or lbp (%(default)s)")
    parser.add_argument("--cascade", type=Path, help="lbp's cascade file, lbpcascade_animeface.xml")
    parser.add_argument("--size", type=int, default=96, help="side of a crop in pixels (%(default)s)")
    parser.add_argument("--margin", type=float, default=0.3, help="added on each side, as a share of the face (0.3)")
    parser.add_argument("--likelihood", type=float, help="least likelihood of a face, 0 to 1")
    parser.add_argument("--workers", type=int, help="processes (one a core)")
    _add_limits(parser, "pixels", "file_bytes")


def _crop(options):
    from animegan.faces.cropping import crop

    chosen = {"likelihood": options.likelihood} if options.likelihood is not None else {}
    return crop(
        options.pictures,
        options.out,
        detector=options.detector,
        size=options.size,
        margin=options.margin,
        cascade=options.cascade,
        workers=options.workers,
        limits=_limits(options),
        **chosen,
    )


def _add_pack(commands):
    parser = _command(commands, "pack", _pack, "merge pictures into one packed file, without duplicates")
    parser.add_argument("sources", nargs="+", type=Path, help="folders, zip or tar archives, packed .h5 files")
    parser.add_argument("--out", type=Path, required=True, help="the .h5 file to write")
    parser.add_argument("--size", type=int, default=DEFAULT_SIZE, help=f"pixels: {_sizes()} (%(default)s)")
    parser.add_argument("--tags", type=Path, help="a CSV with a column 'file' and a column for each tag")
    parser.add_argument("--near-duplicates", action="store_true", help="drop resized and re-encoded copies, too")
    _add_limits(parser, "pixels", "file_bytes", "bytes", "table_bytes", "members")


def _pack(options):
    from animegan.faces.packing import pack, remarks

    result = pack(
        options.sources,
        options.out,
        options.size,
        options.tags,
        limits=_limits(options),
        drop_copies=options.near_duplicates,
    )
    for remark in remarks(result):
        _say(remark)
    return result


def _add_inspect(commands):
    parser = _command(commands, "inspect", _inspect, "count a packed file's pictures by tag, and draw a sheet of them")
    parser.add_argument("faces", type=Path, help="a packed .h5 file")
    parser.add_argument("--grid", type=Path, help="write a sheet of random faces to this .png")
    parser.add_argument("--tag", action="append", default=[], help="only faces with this tag, such as hair=blonde")
    parser.add_argument("--count", type=int, default=SHEET, help="faces on the sheet (%(default)s)")
    parser.add_argument("--seed", type=_at_least(0), default=0, help="of the choice (%(default)s)")


def _inspect(options):
    from animegan.faces.packed import FaceSet
    from animegan.pictures import save, sheet

    if options.count < 1:
        raise InputError(f"count must be 1 or more. Received: {options.count}")
    with FaceSet(options.faces) as faces:
        rows = faces.select(*options.tag)
        if options.grid:
            if not len(rows):
                raise InputError(f"a sheet needs at least one face. Received: none with {' and '.join(options.tag)}")
            save(sheet(faces.images(faces.pick(rows, options.count, options.seed))), options.grid)
        result = {"pictures": len(faces), "size": faces.size, "selected": len(rows), **faces.provenance}
        return result | {"tags": faces.counts()} if options.json else result | faces.counts()


def _add_train(commands):
    parser = _command(commands, "train", _train, "train a DCGAN on a packed file, or go on with a run")
    parser.add_argument("faces", type=Path, help="a packed .h5 file")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run folder to write")
    parser.add_argument("--recipe", help="classic (the default) or modern, which learns faster")
    parser.add_argument("--tag", action="append", help="only on faces with this tag, such as hair=blonde")
    parser.add_argument("--images", type=int, help="stop after this many pictures (25 passes over the data)")
    _add_training(parser)
    parser.add_argument(
        "--width", type=_at_least(1), help="channels of both networks' narrowest layers below full size (the recipe's)"
    )
    parser.add_argument("--batch", type=_at_least(1), help="pictures a step (the recipe's)")
    parser.add_argument("--memory", type=float, metavar="MB", help="stream larger files (a quarter of what is free)")
    parser.add_argument(
        "--distribute", action="store_true", help="use all devices, and other workers (docs/training.md)"
    )


def _add_training(parser):
    """The options of all that trains."""
    parser.add_argument("--minutes", type=float, help="stop after this time of training, ± 5 s")
    parser.add_argument("--resume", action="store_true", help="go on with the run, with the settings it has")
    parser.add_argument("--seed", type=_at_least(0), help="of weights, latents and order (0)")
    parser.add_argument("--report-images", type=int, help="pictures between two sample sheets (about a pass)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="another setting of the recipe's, such as flip=false",
    )


def _settings(options):
    """What `train` takes of them, and the configuration of the run to go on with, {} for a new one."""
    config = {}
    if options.resume and (options.out / "config.json").exists():  # what is not said stays as the run has it
        from animegan.gan.runs import Run

        config = Run(options.out).config
    settings = {
        "images": options.images,
        "minutes": options.minutes,
        "resume": options.resume,
        "seed": config.get("seed", 0) if options.seed is None else options.seed,
        "report_images": config.get("report_images") if options.report_images is None else options.report_images,
        "tags": config.get("tags", []) if options.tag is None else options.tag,
    }
    return settings, config


def _train(options):
    from animegan.gan.recipes import Recipe, recipe
    from animegan.gan.training import train

    settings, config = _settings(options)
    base = Recipe.read(config["recipe"]) if config else recipe(options.recipe or "classic")
    given = {"name": options.recipe, "width": options.width, "batch": options.batch}
    chosen = dataclasses.replace(base, **{name: value for name, value in given.items() if value is not None})
    chosen = chosen.set(*options.set)
    return train(options.faces, options.out, chosen, memory=options.memory, distribute=options.distribute, **settings)


def _add_transfer(commands):
    parser = _command(commands, "transfer", _transfer, "train a copy of a run on a tag, or on other faces")
    parser.add_argument("run", type=Path, metavar="RUN", help="the run to begin with, or a pretrained name")
    parser.add_argument("faces", type=Path, help="a packed .h5 file")
    parser.add_argument(
        "--tag", action="append", help="which faces, such as hair=blonde; several must all hold (any face)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="RUN2", help="the run folder to write")
    parser.add_argument("--method", help="finetune (the default), freeze-discriminator, append or continue")
    parser.add_argument("--images", type=int, help="stop after this many pictures (20,000 more)")
    _add_training(parser)


def _transfer(options):
    from animegan.gan.transfer import METHODS, transfer

    settings, config = _settings(options)
    method = options.method or config.get("start", {}).get("method", METHODS[0])
    return transfer(options.run, options.faces, options.out, method=method, changes=options.set, **settings)


def _add_sample(commands):
    parser = _command(commands, "sample", _sample, "make faces with a trained generator")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder, or a pretrained name such as getchu-faces")
    parser.add_argument("--count", type=int, default=SHEET, help="faces (%(default)s)")
    parser.add_argument("--seed", type=_at_least(0), default=0, help="of the latents (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="a sheet as .png, or packed faces as .h5")
    _add_truncation(parser)


def _sample(options):
    from animegan.gan.sampling import sample

    return sample(options.run, options.out, options.count, options.seed, options.truncation)


def _add_evaluate(commands):
    parser = _command(commands, "evaluate", _evaluate, "measure a generator against pictures it was not trained on")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder, or a pretrained name such as getchu-faces")
    parser.add_argument("faces", type=Path, help="a packed .h5 file; its held-out pictures are measured against")
    parser.add_argument("--count", type=_at_least(1), help="pictures on each side (all held out, 5000 at most)")
    parser.add_argument("--seed", type=_at_least(0), default=0, help="of latents and choice (%(default)s)")
    parser.add_argument("--features", default="faces", help="faces or inception (%(default)s)")
    parser.add_argument("--unseen", action="store_true", help="the run trained on none of these: measure on half")
    parser.add_argument("--trained-on", type=Path, metavar="FACES", help="the packed file that the run was trained on")
    parser.add_argument(
        "--nearest", type=Path, help="write samples beside their nearest training pictures to this .png"
    )
    _add_truncation(parser)


def _evaluate(options):
    from animegan.gan.evaluation import evaluate

    return evaluate(
        options.run,
        options.faces,
        count=options.count,
        seed=options.seed,
        features=options.features,
        unseen=options.unseen,
        nearest_out=options.nearest,
        trained_on=options.trained_on,
        truncation=options.truncation,
    )


def _add_walk(commands):
    parser = _command(commands, "walk", _walk, "write a walk through the latent space as a movie that loops")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder, or a pretrained name such as getchu-faces")
    parser.add_argument("--out", type=Path, required=True, help="a .gif or .mp4 file")
    parser.add_argument("--seconds", type=float, default=8.0, help="length (%(default)s)")
    parser.add_argument("--size", type=_at_least(1), default=256, help="side in pixels (%(default)s)")
    parser.add_argument("--rate", type=_at_least(1), default=25, help="frames a second (%(default)s)")
    parser.add_argument("--seed", type=_at_least(0), default=0, help="of the latents (%(default)s)")
    _add_truncation(parser)


def _add_truncation(parser):
    words = "times the latents: below 1 nearer to the mean face, above 1 more varied (%(default)s)"
    parser.add_argument("--truncation", type=_factor, default=1.0, help=words)


def _factor(text):
    try:
        if 0 <= float(text) < math.inf:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"it must be a number, 0 or more. Received: {text}")


def _walk(options):
    from animegan.latent.walk import walk

    return walk(
        options.run,
        options.out,
        seconds=options.seconds,
        size=options.size,
        rate=options.rate,
        seed=options.seed,
        strength=options.truncation,
    )


def _sizes():
    return ", ".join(map(str, SIZES))
