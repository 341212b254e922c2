"""What is wrong with a trained run: failures named, each with the numbers that speak for it and what mends it.

Each limit stands beside what it was set by: runs of minutes on drawn faces of 32 pixels, unless it says otherwise.
"Healthy" are those of `classic` and `modern` as they are.
"""

import math
from dataclasses import dataclass

import numpy as np

from animegan.gan.damage import blur
from animegan.gan.engine import ops
from animegan.gan.features import load_features
from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents, generate
from animegan.gan.inspecting import Pictures
from animegan.gan.runs import Run
from animegan.gan.signs import FEWEST, checkerboard, drift, memorisation, nearest_other, thumbnails

FACES = 256  # that are made: the face network looks at some three hundred a second on two cores
BLUR = 1.5  # pixels: grain would count as variety
GUESS = {"standard": 2 * math.log(2), "relativistic": math.log(2)}  # the discriminator's loss when it can only guess

ADVICE = {  # name of a failure: (what to do, section of notebook 6 that explains it)
    "frozen batch norm": (
        "Leave the generator's batch normalisation trainable, and train anew.",
        "Frozen batch norm",
    ),
    "duplicates": ("Pack the pictures anew: `animegan pack` drops duplicates.", "Too few pictures, many times"),
    "leak": (
        "Drop the copies before the split; `FaceSet.split` never parts pictures that look alike.",
        "Too few pictures, many times",
    ),
    "memorisation": (
        "Train on more pictures, or for less long; where there are no more, try `augment=True` in the recipe.",
        "Too few pictures, many times",
    ),
    "mode collapse": (
        "Take less penalty, the recipe's own learning rate and beta_1, and batch norm in the generator.",
        "Mode collapse",
    ),
    "checkerboard": (
        "Enlarge by resize-convolutions (`resize=True`), or at least by a kernel that the stride divides.",
        "Checkerboards",
    ),
    "discriminator too strong": (
        "Give the generator as many channels as the discriminator, or hold the discriminator back by a penalty.",
        "A discriminator that always wins",
    ),
}


@dataclass(frozen=True)
class Finding:
    """A failure that a run shows."""

    name: str  # one of ADVICE
    evidence: str  # sentences with the numbers, and the limit
    advice: str  # what to do about it
    where: str  # where the mend is explained

    def __str__(self):
        """All of it, in one paragraph."""
        return f"{self.name}: {self.evidence} {self.advice} See {self.where}."


def diagnose(run, faces=None, held_out=None, seed=0):
    """Name what is wrong with a run.

    Args:
        run: run folder, name of a pretrained generator, or animegan.gan.runs.Run.
        faces: packed file that the run was trained on, or None: then the data are not looked at, and the faces'
            variety is compared with that of drawn faces.
        held_out: packed file of pictures that were held out by hand; those that `faces` itself holds out if None.
        seed: of the latents and of the choice of pictures.

    Returns:
        list of Finding, the likeliest cause first; empty where nothing is wrong. Faces of a run of few steps are not
        judged. A frozen batch norm spoils all else: with it, only the data are judged besides.

    Raises:
        InputError: the run has no generator, or the faces are of another size.
    """
    run = run if isinstance(run, Run) else find_run(run)
    generator, tags = run.load_generator(), run.config.get("tags", ())
    pictures = Pictures.read(faces, held_out, generator.output_shape[1], tags, seed) if faces else None
    found = [_frozen(generator)]
    if pictures:
        found += [_duplicates(pictures), _leak(pictures)]
    if not found[0]:
        images = generate(generator, draw_latents(FACES, generator.input_shape[-1], seed))
        found += [*_about_faces(run, images, pictures), _too_strong(run)]
    return [finding for finding in found if finding]


def _finding(name, evidence):
    advice, section = ADVICE[name]
    return Finding(name, evidence, advice, f"notebook 6, “{section}”")


def _frozen(generator):
    """Every batch normalisation still has the mean 0 and the variance 1 that it was built with. One step moves them."""
    statistics = [
        [ops.convert_to_numpy(value) for value in (layer.moving_mean, layer.moving_variance)]
        for layer in generator.layers
        if hasattr(layer, "moving_mean")
    ]
    if not statistics or any((mean != 0).any() or (variance != 1).any() for mean, variance in statistics):
        return None
    return _finding(
        "frozen batch norm",
        f"All {len(statistics)} batch normalisations of the generator still have the mean 0 and the variance 1 that "
        "they were built with; one step of training would have moved them.",
    )


REPEATED = 0.02  # share of copies: what `animegan pack` makes has none of them, a set from the web had 23 %


def _duplicates(pictures):
    """Pictures are there more than once."""
    if pictures.repeated <= REPEATED:
        return None
    return _finding(
        "duplicates",
        f"{pictures.repeated:.0%} of the {pictures.count:,} training pictures are copies of others (limit "
        f"{REPEATED:.0%}).",
    )


LEAKED = 0.02  # share: a split of packed faces has none


def _leak(pictures):
    """Held-out pictures are among the training pictures, too."""
    if not len(pictures.leaked) or pictures.leaked.mean() <= LEAKED:
        return None
    return _finding(
        "leak",
        f"{pictures.leaked.mean():.0%} of {len(pictures.leaked):,} held-out pictures are among those trained on (limit "
        f"{LEAKED:.0%}): they measure nothing.",
    )


SETTLED = 500  # steps before which faces are alike, whatever becomes of them


def _about_faces(run, images, pictures):
    """What the generated faces tell: list of Finding or None."""
    rows, network, real = run.metrics(), load_features("faces"), None
    steps = rows[-1]["step"] if rows else math.inf  # a pretrained run, without reports, has trained enough
    if steps < SETTLED:
        return []
    if pictures:
        real = network(blur(np.concatenate([pictures.held_out, pictures.known])[:FACES], BLUR))
    few_kinds = not pictures and run.config.get("tags")  # how far apart such faces are is not known
    collapse = None if few_kinds else _collapse(network(blur(images, BLUR)), real, images.shape[1])
    # A face that is all faces' mean is near to many, and copies none.
    memorised = None if collapse or not pictures else _memorised(images, pictures, run.config["recipe"]["flip"])
    return [memorised, collapse, _checkerboard(images, pictures, steps)]


MEMORISED = 0.9  # of the usual distance: healthy runs had 1.07 and more, ten pictures learned by heart 0.70 to 0.85


def _memorised(images, pictures, flip):
    """Generated faces are nearer to training pictures than other real faces are."""
    known = thumbnails(pictures.known)
    shown = np.concatenate([known, thumbnails(pictures.known[:, :, ::-1])]) if flip else known
    ratio = memorisation(thumbnails(images), known, thumbnails(pictures.held_out), shown)
    if ratio >= MEMORISED:
        return None
    return _finding(
        "memorisation",
        f"A generated face is {ratio:.2f} times as far from the nearest training picture as a real face that was not "
        f"trained on (limit {MEMORISED}).",
    )


ALIKE = 0.45  # of the usual distance: healthy runs 0.81 and more, 0.67 at 64 pixels; dots 0.49; collapsed 0.23 to 0.42
APART_32, APART = 9.8, 12.4  # from one of 256 drawn faces to the nearest other; larger ones are seen at 64 pixels


def _collapse(fake, real, size):
    """The faces are more alike than real ones are."""
    if real is not None and len(real) < FEWEST:
        return None
    count = len(fake) if real is None else min(len(fake), len(real))  # the nearest of more is nearer
    drawn = APART_32 if size == 32 else APART
    share = nearest_other(fake[:count]) / (drawn if real is None else nearest_other(real[:count]))
    if share >= ALIKE:
        return None
    return _finding(
        "mode collapse",
        f"A face is {share:.2f} times as far from the nearest of {count} others as among real faces (limit {ALIKE}).",
    )


DOTTED = 1_500  # steps before which also a healthy transposed convolution leaves dots, which go away by themselves
DOTS = 4.0  # healthy runs had 3.5 soon after and 2 at 3,000 steps, resize-convolutions 1; kernel 5 had 4.5 to 7.6


def _checkerboard(images, pictures, steps):
    """A pattern of period 2 px stands out of the spectrum, and not out of the real faces'."""
    usual = checkerboard(pictures.known) if pictures else 1.0
    peak, limit = checkerboard(images), DOTS * max(1.0, usual)
    if steps < DOTTED or peak <= limit:
        return None
    return _finding(
        "checkerboard",
        f"A pattern of period 2 pixels has {peak:.1f} times the power of the next finest waves (limit {limit:.1f}; "
        f"{usual:.1f} in real faces).",
    )


BEATEN = 0.1  # of a guess's loss: healthy runs had 0.19 and more, beaten ones 0.07 and less


def _too_strong(run):
    """The discriminator's loss has gone to 0."""
    rows = run.metrics()
    if len(rows) < 4 or rows[-1]["step"] < SETTLED:
        return None
    first, last = drift(rows)
    loss = run.config["recipe"]["loss"]
    limit = BEATEN * GUESS[loss]
    if last["discriminator_loss"] >= limit:
        return None
    believed = ""
    if loss == "standard":  # in pairs, only the difference of the two counts
        real, fake = last["real_score"], last["fake_score"]
        believed = f" It believes {real:.1%} of the real and {fake:.1%} of the generated pictures."
    return _finding(
        "discriminator too strong",
        f"Its loss is {last['discriminator_loss']:.2f} in the last quarter of the reports (limit {limit:.2f}, a tenth "
        f"of a guess's); the generator's was {first['generator_loss']:.1f} at first and is "
        f"{last['generator_loss']:.1f}.{believed}",
    )
