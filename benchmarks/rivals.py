"""Training loops to compare with, written from their published settings for the networks of `classic`.

Each function takes the options (size, width, batch, steps) and gives (work, amount, facts) for `turns.serve`.
"""

import importlib
import itertools

import numpy as np

RATE, BETA_1, LATENTS = 2e-4, 0.5, 100


def pictures(options):
    """As many random pictures as a round takes, uint8."""
    shape = (options.steps * options.batch, options.size, options.size, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def scaled(options):
    """The same, float32 in [-1, 1], ready before the clock starts."""
    return (pictures(options) / 127.5 - 1).astype("float32")


def pytorch_networks(size, width):
    """Generator and discriminator of PyTorch's DCGAN example, with its initial weights, for any of our sizes."""
    from torch import nn

    from animegan.gan.networks import channels, stages

    start, doublings = stages(size)
    widths = channels(width, doublings)

    def initialise(module):
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)

    up = [nn.ConvTranspose2d(LATENTS, widths[0], start, 1, 0, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(True)]
    for before, after in itertools.pairwise(widths):
        up += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    generator = nn.Sequential(*up, nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1, bias=False), nn.Tanh())
    down = [nn.Conv2d(3, widths[-1], 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in itertools.pairwise(reversed(widths)):
        down += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2, inplace=True)]
    discriminator = nn.Sequential(*down, nn.Conv2d(widths[0], 1, start, 1, 0, bias=False), nn.Sigmoid())
    return generator.apply(initialise), discriminator.apply(initialise)


def pytorch(options):
    """PyTorch's DCGAN example: its losses and order of steps (lr 2e-4, β₁ 0.5, BCE). Its pictures are ready floats."""
    import torch
    from torch import nn

    generator, discriminator = pytorch_networks(options.size, options.width)
    criterion = nn.BCELoss()
    adams = [torch.optim.Adam(net.parameters(), lr=RATE, betas=(BETA_1, 0.999)) for net in (discriminator, generator)]
    ready = torch.from_numpy(scaled(options)).permute(0, 3, 1, 2).contiguous()

    def judge(batch, label):
        return criterion(discriminator(batch).view(-1), torch.full((len(batch),), label))

    def train():
        for real in ready.split(options.batch):
            discriminator.zero_grad()
            judge(real, 1.0).backward()
            fake = generator(torch.randn(len(real), LATENTS, 1, 1))
            judge(fake.detach(), 0.0).backward()
            adams[0].step()
            generator.zero_grad()
            judge(fake, 1.0).backward()
            adams[1].step()

    return train, len(ready), {}


def _keras(options):
    """Keras, and the stock networks of `classic`, with TensorFlow as this process's environment sets it.

    The package turns TensorFlow's oneDNN operations on where nobody has decided, which it must not do for code as it
    was published: TensorFlow reads the variable when it is loaded, so it is loaded first.
    """
    importlib.import_module("tensorflow")
    import keras

    from animegan.gan.networks import build_discriminator, build_generator

    networks = build_generator(options.size, options.width, LATENTS), build_discriminator(options.size, options.width)
    return keras, *networks


def tensorflow_tutorial(options):
    """The loop of TensorFlow's DCGAN tutorial: two tapes, two Adams, one tf.function, tf.data."""
    import tensorflow as tf

    keras, generator, discriminator = _keras(options)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    of_generator, of_discriminator = (keras.optimizers.Adam(RATE, beta_1=BETA_1) for _ in range(2))
    ready = scaled(options)
    dataset = tf.data.Dataset.from_tensor_slices(ready).shuffle(len(ready)).batch(options.batch)

    @tf.function
    def step(real):
        latents = tf.random.normal([options.batch, LATENTS])
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake = generator(latents, training=True)
            real_logits = discriminator(real, training=True)
            fake_logits = discriminator(fake, training=True)
            generator_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
            discriminator_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            discriminator_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        for tape, loss, network, adam in (
            (generator_tape, generator_loss, generator, of_generator),
            (discriminator_tape, discriminator_loss, discriminator, of_discriminator),
        ):
            weights = network.trainable_variables
            adam.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    def train():
        for real in dataset:
            step(real)

    return train, len(ready), {}


def train_on_batch(options):
    """The idiom of Keras-GAN: `predict` the fakes, then `train_on_batch` real, fake, and the combined model."""
    keras, generator, discriminator = _keras(options)
    combined, hold = combine(keras, generator, discriminator)
    real, fake = np.ones((options.batch, 1)), np.zeros((options.batch, 1))
    ready, random = scaled(options), np.random.default_rng(0)

    def train():
        for _ in range(options.steps):
            batch = ready[random.integers(0, len(ready), options.batch)]
            made = generator.predict(random.normal(size=(options.batch, LATENTS)), verbose=0)
            hold(False)
            discriminator.train_on_batch(batch, real)
            discriminator.train_on_batch(made, fake)
            hold(True)
            combined.train_on_batch(random.normal(size=(options.batch, LATENTS)), real)

    return train, len(ready), {}


def combine(keras, generator, discriminator):
    """Compile the discriminator, and the combined model that moves the generator while the discriminator is held.

    `discriminator.trainable = False`, as the idiom has it, would today make its batch norm use its averages instead of
    the batch. Here its weights are held one by one. Keras looks at that when it traces a model's first step.

    Returns:
        (combined keras.Model from latents to logits, function that holds the discriminator's weights or lets them go).
    """

    def settings():
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        return {"loss": loss, "optimizer": keras.optimizers.Adam(RATE, beta_1=BETA_1)}

    weights = discriminator.trainable_variables
    accuracy = keras.metrics.BinaryAccuracy(threshold=0.0)  # they report it: 0 is a logit's 50%
    discriminator.compile(**settings(), metrics=[accuracy])
    combined = keras.Model(generator.input, discriminator(generator.output))
    combined.compile(**settings())

    def hold(held):
        for weight in weights:
            weight.trainable = not held

    return combined, hold
