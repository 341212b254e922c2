"""The GAN as one keras.Model for the stock `fit`, on any engine.

`call` computes all logits and `compute_loss` adds the two players' losses. Which weights each loss may move is settled
by stopping gradients, so that one backward pass and one Adam serve both: Adam keeps its averages weight by weight, so
it does exactly what two with equal settings would.
"""

from animegan.gan.augmentation import random_flip, rescale
from animegan.gan.engine import keras, ops
from animegan.gan.losses import discriminator_loss, generator_loss
from animegan.gan.networks import build_discriminator, build_generator
from animegan.settings import has_gpu


class DCGAN(keras.Model):
    """A generator and a discriminator that train each other.

    `fit` takes batches of uint8 pictures (N, S, S, 3).
    """

    def __init__(self, generator, discriminator, flip=True, seed=0):
        """Join two networks.

        Args:
            generator: keras.Model from latents (N, L) to pictures (N, S, S, 3) in [-1, 1].
            discriminator: keras.Model from such pictures to logits (N, 1).
            flip: mirror half of the real pictures.
            seed: of the latents and flips drawn while training.
        """
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.latent_width = generator.input_shape[-1]
        self.flip = flip
        self.seeds = keras.random.SeedGenerator(seed)
        names = ("discriminator_loss", "generator_loss", "real_score", "fake_score")
        self.trackers = {name: keras.metrics.Mean(name) for name in names}
        self.built = True  # both networks are

    @property
    def metrics(self):
        """The two losses, and the discriminator's mean probability of "real" for each kind of picture."""
        return list(self.trackers.values())

    def prepare(self, real):
        """Real pictures as the discriminator sees them: uint8 [0, 255] to float32 [-1, 1], mirrored at random."""
        real = rescale(real)
        return random_flip(real, self.seeds) if self.flip else real

    def latents(self, count):
        """Latents to train on: float tensor (count, latent_width) from N(0, 1)."""
        return keras.random.normal((count, self.latent_width), seed=self.seeds)

    def call(self, real, training=False):
        """Judge a batch of real pictures and as many generated ones.

        Args:
            real: uint8 tensor (N, S, S, 3).

        Returns:
            three float tensors (N, 1): logits of the real pictures and of the generated ones, which may move the
            discriminator only; and logits of the same generated ones, which may move the generator only.
        """
        real = self.prepare(real)
        fake = self.generator(self.latents(ops.shape(real)[0]), training=training)
        real_logits = self.discriminator(real, training=training)
        fake_logits = self.discriminator(ops.stop_gradient(fake), training=training)
        held = [ops.stop_gradient(weight.value) for weight in self.discriminator.trainable_variables]
        state = [weight.value for weight in self.discriminator.non_trainable_variables]
        judged_logits, _ = self.discriminator.stateless_call(held, state, fake, training=training)
        return real_logits, fake_logits, judged_logits

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Sum of both players' losses, from the three logits that `call` returns."""
        real_logits, fake_logits, judged_logits = y_pred
        losses = discriminator_loss(real_logits, fake_logits), generator_loss(judged_logits)
        self.track(*losses, real_logits, fake_logits)
        return sum(losses)

    def track(self, loss_of_discriminator, loss_of_generator, real_logits, fake_logits):
        """Add a batch to the running means that `fit` reports."""
        self.trackers["discriminator_loss"].update_state(loss_of_discriminator)
        self.trackers["generator_loss"].update_state(loss_of_generator)
        self.trackers["real_score"].update_state(ops.sigmoid(real_logits))
        self.trackers["fake_score"].update_state(ops.sigmoid(fake_logits))


def build_dcgan(size, recipe, seed=0):
    """Build and compile a DCGAN.

    Args:
        size: side of the pictures in pixels, one of SIZES.
        recipe: animegan.gan.recipes.Recipe.
        seed: of the initial weights, latents and flips.

    Returns:
        DCGAN ready for `fit`, in the form that is fastest on the engine in use.
    """
    networks = (
        build_generator(size, recipe.width, recipe.latent_width, seed),
        build_discriminator(size, recipe.width, seed),
    )
    kind = DCGAN
    if keras.backend.backend() == "tensorflow":
        from animegan.gan.tensorflow_step import TensorFlowDCGAN

        kind = TensorFlowDCGAN
    model = kind(*networks, flip=recipe.flip, seed=seed)
    adam = keras.optimizers.Adam(recipe.learning_rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2)
    # XLA gains nothing with TensorFlow on a CPU, and compiles for a minute first.
    model.compile(optimizer=adam, jit_compile=False if kind is not DCGAN and not has_gpu() else "auto")
    return model
