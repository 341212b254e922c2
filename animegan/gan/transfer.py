"""Transfer learning: from a trained GAN to the pictures of one tag, or to others."""

import contextlib
import dataclasses
import functools
import sys
from pathlib import Path

from animegan.faces.packed import FaceSet
from animegan.files import InputError
from animegan.gan.finding import find_run
from animegan.gan.generating import scale_latents
from animegan.gan.recipes import Recipe
from animegan.gan.runs import Run
from animegan.gan.training import train

METHODS = ("finetune", "freeze-discriminator", "append")  # to learn other pictures by
CONTINUE = "continue"
STEP_ALONE = {  # settings that have no part in the networks
    *("name", "batch", "learning_rate", "beta_1", "beta_2", "decay", "rare", "flip", "spectral", "loss", "penalty"),
    *("penalty_share", "augment", "noise", "average"),
}
LARGER = {"fine_width", "full_width", "deep", "discriminator_deep"}  # those that make the networks larger where larger
KINDS = {"spectral", "full_width"}  # those that make networks of other layers, where they are 0
FEWEST = 8  # pictures, below which there is nothing to learn from
FEW = 50  # pictures, below which faces come out like the training pictures
AUGMENTED = 2_000  # pictures, below which a discriminator soon knows them by heart and needs them augmented
AVERAGE = 0.999  # momentum of the averaged generator where the base's recipe has none
IMAGES = 20_000  # pictures seen unless told otherwise
BLOCKS = 2  # residual blocks that `append` adds
FROZEN_ABOVE = 8  # pixels: discriminator layers with larger maps than that are held by `freeze-discriminator`


def transfer(
    base,
    faces,
    out,
    tags,
    method=METHODS[0],
    images=None,
    minutes=None,
    resume=False,
    seed=0,
    report_images=None,
    changes=(),
    **settings,
):
    """Train a copy of a run on the pictures with some tags, or on all of other pictures.

    Args:
        base: run folder, or the name of a pretrained generator. A transfer that has a checkpoint no longer needs it.
        faces: path of a packed file.
        out: run folder to make, or with `resume` to go on with.
        tags: strings such as "hair=blonde"; pictures must have them all. Without any, all pictures are learned from.
        method: "finetune" trains all weights of both networks. "freeze-discriminator" holds the discriminator's lower
            layers (Mo et al. 2020, arXiv:2002.10964). "append" holds the whole generator, and trains new residual
            blocks before the last step that enlarges its maps. "continue" goes on where the run stopped, under other
            settings of the training: with its last weights beside their averages, and with Adam's averages; so it
            loses none of the time in which "finetune" finds these anew.
        images: stop when the discriminator has seen this many real pictures; "continue" counts those of the base, too.
            If neither `images` nor `minutes` is given: as many as the transfer was last told, else 20,000 more.
        changes: strings such as "batch=32", settings of the recipe that are to be others than the base's; those that
            make the networks larger, "deep=true", "discriminator_deep=true", "fine_width=64" and "full_width=32",
            change nothing at first.
        minutes, resume, seed, report_images, settings: as `train` takes them.

    Returns:
        dict: what `train` returns, and `pictures`, the number of pictures to learn from.

    Raises:
        InputError: run, file, tags or settings do not fit each other; what fits is said.
        FloatingPointError, OSError: as `train` raises them.
    """
    if method not in (*METHODS, CONTINUE):
        raise InputError(f"method must be {', '.join(METHODS)} or {CONTINUE}. Received: {method}")
    begun = Run(out) if resume and (Path(out) / "config.json").exists() else None
    goes_on = begun and begun.checkpoints() and "start" in begun.config
    start = Begun(begun, Path(base).name, method) if goes_on else Start(find_run(base), method)
    if images is None and minutes is None:
        images = begun.config.get("images", IMAGES) if begun else start.seen + IMAGES
    with FaceSet(faces) as data:
        if data.size != start.size:
            raise InputError(f"faces must have the base's size, {start.size} pixels. Received: {data.size} in {faces}")
        count = len(data.split(*tags)[0])
        if count < FEWEST:
            tagged = f" with {' and '.join(tags)}" if tags else ""
            words = f"; it has {_words(data, tags)}" if tags else ""
            raise InputError(
                f"transfer needs at least {FEWEST} pictures to learn from. Received: {count}{tagged} in {faces}, after "
                f"those held out{words}"
            )
    if count < FEW:
        print(
            f"animegan: {count} pictures are few: faces will be like them, and each other. {FEW} or more are better",
            file=sys.stderr,
        )
    recipe = (Recipe.read(begun.config["recipe"]) if begun else start.recipe(count)).set(*changes)
    if not begun:
        start.check(recipe)
    result = train(
        faces,
        out,
        recipe,
        images=images,
        minutes=minutes,
        resume=resume,
        seed=seed,
        report_images=report_images,
        tags=tags,
        start=start,
        state=start.give_state if method == CONTINUE and not goes_on else None,
        **settings,
    )
    return result | {"pictures": count}


def _words(data, tags):
    """How often each value of these tags occurs in a packed file."""
    counts = data.counts()
    names = dict.fromkeys(tag.partition("=")[0] for tag in tags)
    return "; ".join(f"{name} {', '.join(f'{value} {n}' for value, n in counts[name].items())}" for name in names)


class Start:
    """Where a transfer begins: the networks of a run, and what of them is to learn on."""

    def __init__(self, base, method):
        """Prepare.

        Args:
            base: animegan.gan.runs.Run.
            method: one of METHODS, or CONTINUE.

        Raises:
            InputError: the run has no networks that can be built anew and trained on.
        """
        self.base, self.method, self.size = base, method, base.config["size"]
        self.known = Recipe.read(base.config["recipe"])
        steps = list(base.checkpoints()) or [base.config.get("step")]
        if not (base.checkpoints() or (base.discriminator_path.exists() and method != CONTINUE)):
            raise InputError(f"a base must have a checkpoint to go on from. Received: {base.folder}, which has none")
        begun = base.config.get("start", {}).get("method")
        if begun == "append":
            raise InputError(f"a base must be trained, finetuned or frozen. Received: {base.folder}, an appended one")
        if method == CONTINUE and begun == "freeze-discriminator":
            raise InputError(f"a base to continue must hold no layers. Received: {base.folder}, a frozen one")
        self.config = {"method": method, "run": base.folder.name, "step": steps[0]}
        self.seen = steps[0] * self.known.batch if method == CONTINUE else 0  # pictures, that count as the run's own

    def recipe(self, count):
        """The base's recipe, its learning rate from the beginning, with what few pictures need; "continue" needs none.

        Args:
            count: number of pictures to train on.
        """
        if self.method == CONTINUE:
            return self.known
        return dataclasses.replace(
            self.known,
            batch=min(self.known.batch, count),
            average=self.known.average or AVERAGE,
            augment=self.known.augment or count < AUGMENTED,
        )

    def check(self, recipe):
        """Refuse what "continue" cannot change.

        Raises:
            InputError: the recipe's networks are neither those of the base's nor larger.
        """
        for name, asked in dataclasses.asdict(recipe).items() if self.method == CONTINUE else ():
            had = getattr(self.known, name)
            free = (name in STEP_ALONE or (name in LARGER and asked > had)) and (name not in KINDS or (asked and had))
            if asked != had and not free:
                raise InputError(f"continue must leave {name} as in {self.base.folder}, {had}. Received: {asked}")

    def __call__(self, generator, discriminator):
        """Give new networks the base's weights.

        Args:
            generator, discriminator: keras.Models, built by what `recipe` returns.

        Returns:
            (generator, discriminator) to train: what is to stay as it is cannot be trained.

        Raises:
            InputError: the base's networks are not those of its recipe.
        """
        if self.method != CONTINUE:  # whose state brings them with all else
            from animegan.gan.growing import take_over

            for known, network in zip(self.networks(), (generator, discriminator), strict=True):
                with self._fitting(known.name):
                    take_over(network, known)
        return reshape(self.method, generator, discriminator)

    def give_state(self, model):
        """Give a new model all that the base's has learned: weights, all averages, and how far it has come.

        Args:
            model: animegan.gan.dcgan.DCGAN, its optimizer built; its networks may be larger than the base's.

        Returns:
            int, the step at which it goes on, in batches of its own recipe.

        Raises:
            InputError: as when the start is called.
        """
        from animegan.gan.growing import take_over_state

        known, step = self._model()
        with self._fitting("networks"):
            take_over_state(model, known)
        step = step * self.known.batch // model.recipe.batch
        model.optimizer.iterations.assign(step)  # by which the rate falls
        return step

    def _model(self):
        """The base's model with its newest checkpoint, and the step of that."""
        from animegan.gan.dcgan import build_dcgan

        begun = self.base.config.get("start", {}).get("method")  # checkpoints hold Adam's part of what learns only
        start = functools.partial(reshape, begun) if begun else None
        model = build_dcgan(self.base.config["size"], self.known, start=start)
        model.optimizer.build(model.trainable_variables)
        return model, self.base.restore(model)[0]

    @contextlib.contextmanager
    def _fitting(self, networks):
        """Say what a base must be where its networks, as they are called here, turn out not to fit."""
        try:
            yield
        except ValueError as error:
            raise InputError(
                f"a base's {networks} must be as its config.json says, and as the transfer's settings of the "
                f"networks, such as width. Received: {self.base.folder}, where they are others"
            ) from error

    def networks(self):
        """(generator, as `Finisher` makes it, discriminator) of the base."""
        from animegan.gan.finishing import Finisher

        if not self.base.checkpoints():
            generator = self.base.load_generator()
            scale_latents(generator, 1 / self.base.config.get("truncation", 1))  # back to what its opponent knows
            return generator, self.base.load_discriminator()
        model, _ = self._model()
        return Finisher(model)(), model.discriminator


class Begun:
    """Where a transfer began that has checkpoints of its own: its base may be gone by now, or have learned more."""

    def __init__(self, run, base, method):
        """Prepare.

        Args:
            run: animegan.gan.runs.Run, the transfer.
            base: name of the base's folder, and
            method: one of METHODS, or CONTINUE: both as they are asked for now, to be compared with those of the run.
        """
        self.run, self.method, self.size = run, method, run.config["size"]
        self.config = run.config["start"] | {"method": method, "run": base}

    def __call__(self, generator, discriminator):
        """Make of new networks what the transfer trains; their weights are left to the checkpoint."""
        return reshape(self.method, generator, discriminator)


def reshape(method, generator, discriminator):
    """Hold or add what a method of transfer holds or adds.

    Args:
        method: one of METHODS, or CONTINUE.
        generator, discriminator: keras.Models.

    Returns:
        (generator, discriminator) to train: what is to stay as it is cannot be trained.
    """
    from animegan.gan.transfer_networks import append_blocks, freeze_below

    if method == "append":
        generator = append_blocks(generator, BLOCKS)
    elif method == "freeze-discriminator":
        freeze_below(discriminator, FROZEN_ABOVE)
    return generator, discriminator
