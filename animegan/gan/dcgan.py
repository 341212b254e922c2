"""The GAN as one keras.Model for the stock `fit`, on any engine.

`call` computes all logits and `compute_loss` adds the two players' losses. Which weights each loss may move is settled
by stopping gradients, so that one backward pass and one Adam serve both: Adam keeps its averages weight by weight, so
it does exactly what two with equal settings would.
"""

from animegan.gan.augmentation import augment, random_flip, rescale
from animegan.gan.engine import keras, ops
from animegan.gan.losses import LOSSES, PENALTY_STEP, steepness
from animegan.gan.networks import build_discriminator, build_generator
from animegan.gan.recipes import CLASSIC
from animegan.gan.resizing import build_plain_discriminator, build_resize_generator

LEAST_RATE = 0.25  # of the learning rate, at the end of a recipe's decay


class DCGAN(keras.Model):
    """A generator and a discriminator that train each other.

    `fit` takes batches of uint8 pictures (N, S, S, 3); or of row numbers (N,) into the pictures that `hold` was given.
    """

    def __init__(self, generator, discriminator, recipe=CLASSIC, seed=0):
        """Join two networks.

        Args:
            generator: keras.Model from latents (N, L) to pictures (N, S, S, 3) in [-1, 1].
            discriminator: keras.Model from such pictures to logits (N, 1); by a recipe with scales more.
            recipe: animegan.gan.recipes.Recipe: loss, penalties, averaging and flips.
            seed: of all that is drawn at random while training.
        """
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.latent_width = generator.input_shape[-1]
        self.recipe = recipe
        self.seeds = keras.random.SeedGenerator(seed)
        names = ("discriminator_loss", "generator_loss", "real_score", "fake_score")
        self.trackers = {name: keras.metrics.Mean(name) for name in names}
        self.averages, self.held = [], None
        if recipe.average:
            self.averaged_steps = self._state("averaged_steps", 0.0)
            # Copies, since JAX overwrites weights in place: no two variables may share memory.
            self.averages = [self._state("average", ops.copy(weight)) for weight in generator.trainable_variables]
        self.built = True  # both networks are

    def _state(self, name, value):
        """A variable that no gradient moves and that checkpoints hold."""
        shape = getattr(value, "shape", ())
        variable = self.add_weight(shape=shape, initializer="zeros", trainable=False, name=name)
        variable.assign(value)
        return variable

    @property
    def metrics(self):
        """The two losses, and the discriminator's mean probability of "real" for each kind of picture."""
        return list(self.trackers.values())

    def hold(self, pictures):
        """Keep the pictures to train on where the networks are, so that only row numbers travel at each step.

        Args:
            pictures: uint8 array (M, S, S, 3).
        """
        self.held = self.add_weight(
            shape=pictures.shape, initializer=lambda *_, **__: pictures, dtype="uint8", trainable=False, name="pictures"
        )

    def prepare(self, real):
        """Real pictures as the discriminator sees them, float32 [-1, 1], mirrored at random.

        Args:
            real: uint8 tensor (N, S, S, 3) in [0, 255], or integers (N,): rows of the held pictures.
        """
        real = rescale(ops.take(self.held, real, axis=0) if len(real.shape) == 1 else real)
        return self.show(random_flip(real, self.seeds) if self.recipe.flip else real)

    def show(self, pictures):
        """Pictures, real or generated, as the discriminator is shown them: augmented, noisy, as the recipe says.

        Noise (Arjovsky & Bottou 2017, arXiv:1701.04862) hides marks too faint for the eye by which all generated
        pictures could be told: a judge that goes by those has nothing to say of the faces.
        """
        pictures = augment(pictures, self.seeds) if self.recipe.augment else pictures
        if not self.recipe.noise:
            return pictures
        return pictures + self.recipe.noise * keras.random.normal(ops.shape(pictures), seed=self.seeds)

    def latents(self, count):
        """Latents to train on: float tensor (count, latent_width) from N(0, 1)."""
        return keras.random.normal((count, self.latent_width), seed=self.seeds)

    def call(self, real, training=False):
        """Judge a batch of real pictures and as many generated ones.

        Args:
            real: what `prepare` takes.

        Returns:
            three float tensors (N, judges): logits of the real pictures and of the generated ones, which may move the
            discriminator only; and logits of the same generated ones, which may move the generator only. A recipe with
            penalties adds them, a float scalar for the discriminator.
        """
        generator, discriminator = self.generator, self.discriminator
        real = self.prepare(real)
        fake = self.show(generator(self.latents(ops.shape(real)[0]), training=training))
        real_logits = discriminator(real, training=training)
        fake_logits = discriminator(ops.stop_gradient(fake), training=training)
        held = [ops.stop_gradient(weight.value) for weight in discriminator.trainable_variables]
        state = [weight.value for weight in discriminator.non_trainable_variables]
        judged_logits, _ = discriminator.stateless_call(held, state, fake, training=training)
        logits = real_logits, fake_logits, judged_logits
        if not training:
            return logits
        self.update_averages()
        return (*logits, *self.penalties(real, real_logits, fake, fake_logits))

    def penalties(self, real, real_logits, fake, fake_logits):
        """γ/2 · (R1 + R2), which keep the discriminator from growing steep: [float scalar], [] where there are none."""
        if not self.recipe.penalty:
            return []
        count = max(1, round(self.recipe.batch * self.recipe.penalty_share))
        steep = 0.0
        for pictures, logits in ((real, real_logits), (ops.stop_gradient(fake), fake_logits)):
            pictures = pictures[:count]
            step = PENALTY_STEP * keras.random.normal(ops.shape(pictures), seed=self.seeds)
            steep += steepness(logits[:count], self.discriminator(pictures + step, training=True)) / 2
        return [self.recipe.penalty * steep]

    def update_averages(self):
        """Move the generator's averages a little towards its weights (exponential moving average)."""
        if not self.averages:
            return
        steps = self.averaged_steps + 1.0
        self.averaged_steps.assign(steps)
        momentum = ops.minimum(self.recipe.average, steps / (steps + 9.0))  # the untrained weights are soon forgotten
        for average, weight in zip(self.averages, self.generator.trainable_variables, strict=True):
            average.assign(momentum * average + (1.0 - momentum) * ops.stop_gradient(weight.value))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Sum of both players' losses and the penalties, from what `call` returns."""
        real_logits, fake_logits, judged_logits, *penalties = y_pred
        losses = LOSSES[self.recipe.loss]
        of_discriminator, _ = losses(real_logits, fake_logits)
        _, of_generator = losses(ops.stop_gradient(real_logits), judged_logits)
        self.track(of_discriminator, of_generator, real_logits, fake_logits)
        return sum([of_discriminator, of_generator, *penalties])

    def track(self, loss_of_discriminator, loss_of_generator, real_logits, fake_logits):
        """Add a batch to the running means that `fit` reports."""
        self.trackers["discriminator_loss"].update_state(loss_of_discriminator)
        self.trackers["generator_loss"].update_state(loss_of_generator)
        self.trackers["real_score"].update_state(ops.sigmoid(real_logits))
        self.trackers["fake_score"].update_state(ops.sigmoid(fake_logits))


def build_dcgan(size, recipe, seed=0, start=None):
    """Build and compile a DCGAN.

    Args:
        size: side of the pictures in pixels, one of SIZES.
        recipe: animegan.gan.recipes.Recipe.
        seed: of the initial weights, latents and flips.
        start: animegan.gan.transfer.Start, or None: function from the two new networks to those to train.

    Returns:
        DCGAN ready for `fit`, in the form that is fastest on the engine in use.
    """
    seed %= 2**31  # the most that every engine's random numbers take
    generator, discriminator = build_networks(size, recipe, seed)
    if start:
        generator, discriminator = start(generator, discriminator)
    kind, adam = DCGAN, keras.optimizers.Adam
    if keras.backend.backend() == "tensorflow":
        from animegan.gan.tensorflow_step import OneKernelAdam, TensorFlowDCGAN

        kind, adam = TensorFlowDCGAN, OneKernelAdam
    elif keras.backend.backend() == "jax":
        from animegan.gan.jax_step import JaxDCGAN

        kind = JaxDCGAN
    model = kind(generator, discriminator, recipe, seed)

    rate = recipe.learning_rate
    if recipe.decay:
        rate = keras.optimizers.schedules.CosineDecay(rate, max(1, recipe.decay // recipe.batch), LEAST_RATE)
    optimizer = adam(rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2)
    model.compile(optimizer=optimizer)  # Keras takes XLA on JAX, and on TensorFlow with a GPU
    return model


def build_networks(size, recipe, seed=0):
    """The networks of a recipe.

    Args:
        size: side of the pictures in pixels, one of SIZES.
        recipe: animegan.gan.recipes.Recipe.
        seed: of the initial weights.

    Returns:
        generator, discriminator: keras.Models.
    """
    generator, settings = make_generator(size, recipe, seed), (size, recipe.width, seed)
    if recipe.discriminator_norm:
        return generator, build_discriminator(*settings)
    told = {name: getattr(recipe, name) for name in ("deviation", "deviations", "spectral", "scales")}
    return generator, build_plain_discriminator(*settings, **told, deep=recipe.discriminator_deep)


def make_generator(size, recipe, seed=0, stock=False):
    """The generator of a recipe.

    Args:
        size, recipe, seed: as `build_networks` takes them.
        stock: build it of Keras's own layers.

    Returns:
        keras.Model.
    """
    settings = size, recipe.generator_width or recipe.width, recipe.latent_width, seed
    if not recipe.resize:
        return build_generator(*settings)
    shape = {name: getattr(recipe, name) for name in ("fine_width", "full_width", "modulated", "deep")}
    return build_resize_generator(*settings, stock=stock, **shape)
