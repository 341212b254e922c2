"""Recipes: every setting that decides what a training run learns, as one frozen dataclass."""

from dataclasses import dataclass, fields, replace
from math import inf

from animegan.files import InputError

VALUES = {bool: {"true": True, "false": False}.__getitem__}  # of a setting, from a word; other kinds read it themselves
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
LOSSES = ("standard", "relativistic")  # by the names that animegan.gan.losses has them by, which takes Keras
RETIRED = {  # settings of old runs, by what says nothing
    "generator_rate": 1.0,
    "blocks": 0,
    "features": 0.0,
    "grow": 0,
    "penalty_after": 0,
    "shift": 0.0,
}
RANGES = (  # which values a setting may have, and what that is called
    (("latent_width", "width", "batch"), lambda value: value >= 1, "1 or more"),
    (
        ("generator_width", "decay", "fine_width", "full_width", "spectral", "scales", "penalty", "noise"),
        lambda value: 0 <= value < inf,
        "0 or more",
    ),
    (("learning_rate", "penalty_share"), lambda value: 0 < value < inf, "more than 0"),
    (("beta_1", "beta_2", "rare", "average"), lambda value: 0 <= value < 1, "0 or more, and less than 1"),
    (("loss",), lambda value: value in LOSSES, " or ".join(LOSSES)),
)


@dataclass(frozen=True)
class Recipe:
    """Settings of a training run. The defaults are `classic`: Radford, Metz & Chintala (2015), arXiv:1511.06434."""

    name: str = "classic"
    latent_width: int = 100  # numbers a face is made from; the paper's
    width: int = 64  # channels of the last hidden layer below full size and the discriminator's first; the paper's 128
    generator_width: int = 0  # in place of `width` for the generator alone; 0 takes `width`
    batch: int = 64  # pictures a step, of each kind; as in the published code (the text says 128)
    learning_rate: float = 2e-4  # Adam's; the paper found its usual 1e-3 too high
    beta_1: float = 0.5  # Adam's momentum; 0.9 made the paper's training oscillate
    beta_2: float = 0.999  # Adam's usual
    decay: int = 0  # pictures over which the learning rate falls to a quarter; 0 keeps it
    rare: float = 0.0  # share of the real pictures that are shown twice as often, those least like any others
    flip: bool = True  # mirror half of the real pictures: a face is as likely either way round
    resize: bool = False  # enlarge by resize-convolutions instead of transposed ones
    fine_width: int = 0  # the fewest channels that the generator's hidden layers below full size have; needs `resize`
    full_width: int = 0  # channels of a hidden layer of the generator at the pictures' full size; needs `resize`
    modulated: bool = False  # let the latents scale and shift each of the generator's hidden layers; needs `resize`
    deep: bool = False  # the generator looks at the maps of each size below full twice; needs `modulated`
    discriminator_norm: bool = True  # batch normalisation in the discriminator
    deviation: bool = False  # tell the discriminator how much its batch varies; where it has no batch normalisation
    deviations: bool = False  # tell it of each of its maps, place by place, in place of their mean
    spectral: float = 0.0  # norm of the discriminator's last layer, all others having 1; 0 leaves all as they are
    discriminator_deep: bool = False  # the discriminator looks at all its maps but the first twice, if not normalised
    scales: int = 0  # more judges, that see pictures at half their size, a quarter, …, as far as there is room
    loss: str = "standard"  # or "relativistic": real and generated pictures are judged in pairs
    penalty: float = 0.0  # weight γ of the gradient penalties R1 and R2
    penalty_share: float = 1.0  # of the batch, that the penalties are measured on
    augment: bool = False  # the discriminator sees all pictures shifted, recoloured and with a hole (DiffAugment)
    noise: float = 0.0  # standard deviation of the noise that all pictures have where the discriminator sees them
    average: float = 0.0  # momentum of the averaged generator, the one that is saved; 0 saves the last one

    def __post_init__(self):
        """Refuse what would not be what it says.

        Raises:
            InputError: settings that exclude each other, or have no meaning.
        """
        for names, allowed, words in RANGES:
            for name in names:
                if not allowed(getattr(self, name)):
                    raise InputError(f"{name} must be {words}. Received: {getattr(self, name)}")
        for name in ("deviation", "spectral", "discriminator_deep", "scales"):
            if getattr(self, name) and self.discriminator_norm:
                raise InputError(f"a recipe must have {name} or discriminator_norm, not both. Received: both")
        if self.deviations and not self.deviation:
            raise InputError("a recipe must have deviation where it has deviations. Received: deviations alone")
        if self.deviation and self.penalty and self.penalty_share < 1:  # a part of a batch varies otherwise
            raise InputError(f"penalty_share must be 1 with deviation. Received: {self.penalty_share}")
        if self.deep and not self.modulated:
            raise InputError("a recipe must have modulated where it has deep. Received: deep alone")
        for name in ("fine_width", "full_width", "modulated"):
            if getattr(self, name) and not self.resize:
                raise InputError(f"a recipe must have resize where it has {name}. Received: {name} alone")

    @classmethod
    def read(cls, settings):
        """The recipe of a run.

        Args:
            settings: dict from name to value, as config.json has them; what is missing has its default, and settings
                that there are no more may stand among them as long as they do nothing.

        Raises:
            InputError: there are settings among them that this version does not know.
        """
        settings = dict(settings)
        for name, value in RETIRED.items():
            if settings.get(name) == value:
                del settings[name]
        if unknown := settings.keys() - {field.name for field in fields(cls)}:
            names = ", ".join(sorted(unknown))
            raise InputError(f"a run must have settings that this version of animegan knows. Received: {names}")
        return cls(**settings)

    def set(self, *words):
        """The recipe with other settings.

        Args:
            words: str such as "spectral=4" or "learning_rate=4e-4", as the option `--set` takes them.

        Returns:
            Recipe.

        Raises:
            InputError: there is no such setting, or the value is none of its kind, or settings exclude each other.
        """
        kinds = {field.name: type(field.default) for field in fields(self) if field.name != "name"}
        found = {}
        for word in words:
            name, _, value = word.partition("=")
            if name not in kinds:
                raise InputError(f"a setting must be one of {', '.join(kinds)}. Received: {word}")
            try:
                found[name] = VALUES.get(kinds[name], kinds[name])(value)
            except (KeyError, ValueError):
                raise InputError(f"{name} must be {KINDS[kinds[name]]}. Received: {value}") from None
        return replace(self, **found)


CLASSIC = Recipe()
MODERN = Recipe(  # benchmarks/ladder.py measures what each setting is worth
    name="modern",
    width=16,  # many steps in little time; a GPU has the power for 64
    batch=32,  # likewise
    learning_rate=4e-4,
    resize=True,
    full_width=16,
    modulated=True,
    discriminator_norm=False,
    deviation=True,
    deviations=True,
    spectral=4.0,
    scales=2,
    average=0.999,
)
RECIPES = {recipe.name: recipe for recipe in (CLASSIC, MODERN)}


def recipe(name):
    """The recipe of that name.

    Raises:
        InputError: there is none.
    """
    if name not in RECIPES:
        raise InputError(f"recipe must be {' or '.join(RECIPES)}. Received: {name}")
    return RECIPES[name]
