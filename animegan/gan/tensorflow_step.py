"""The training step in TensorFlow's own words: the generated batch is judged once instead of twice.

The common step judges it once for each player, and TensorFlow without XLA does not notice that the two are the same
pass. A persistent tape asks one pass for both gradients. A test holds the two equal.
"""

import tensorflow as tf

from animegan.gan.dcgan import DCGAN
from animegan.gan.engine import keras
from animegan.gan.losses import LOSSES
from animegan.gan.tensorflow_layers import quicken
from animegan.settings import has_gpu


class OneKernelAdam(keras.optimizers.Adam):
    """Keras's Adam, which passes over each weight a dozen times, as the one operation that TensorFlow has for it."""

    def update_step(self, gradient, variable, learning_rate):
        """Move a weight.

        Args:
            gradient: tensor.
            variable: tf.Variable of the same shape.
            learning_rate: float scalar.
        """
        step = tf.cast(self.iterations + 1, variable.dtype)
        place = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class TensorFlowDCGAN(DCGAN):
    """A DCGAN whose step shares the forward pass of both players, with the convolutions that suit a CPU."""

    def __init__(self, generator, discriminator, *settings):
        """Join two networks, as DCGAN does."""
        super().__init__(generator, discriminator, *settings)
        if not has_gpu():
            quicken(generator)
            quicken(discriminator)

    def train_step(self, data):
        """One step of both players on a batch, as `prepare` takes it. Returns the metrics so far."""
        real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        real = self.prepare(real)
        latents = self.latents(tf.shape(real)[0])
        with tf.GradientTape(persistent=True) as tape:
            fake = self.show(self.generator(latents, training=True))
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            loss_of_discriminator, loss_of_generator = LOSSES[self.recipe.loss](real_logits, fake_logits)
            penalised = sum([loss_of_discriminator, *self.penalties(real, real_logits, fake, fake_logits)])
        self.update_averages()
        weights = [*self.discriminator.trainable_weights, *self.generator.trainable_weights]
        count = len(self.discriminator.trainable_weights)
        values = [weight.value for weight in weights]
        gradients = [*tape.gradient(penalised, values[:count]), *tape.gradient(loss_of_generator, values[count:])]
        self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        self.track(loss_of_discriminator, loss_of_generator, real_logits, fake_logits)
        return self.get_metrics_result()
