"""Failures made on purpose, for notebook 6 and the tests of animegan.gan.diagnosis. Nobody should want them otherwise.

A `Fault` is given to `train(…, start=…)`, which lets it exchange the networks before the first step.
"""

from dataclasses import dataclass

from animegan.faces.packed import FaceSet, FaceWriter
from animegan.gan.engine import keras, layers
from animegan.gan.networks import build_generator


@dataclass(frozen=True)
class Fault:
    """A change of the networks that makes a run fail."""

    name: str  # as it stands in the run's config.json
    change: object  # function from (generator, discriminator) to those to train

    @property
    def config(self):
        """What config.json says: such a run cannot be taken for one of another fault, or of none."""
        return {"method": self.name}

    def __call__(self, generator, discriminator):
        """Exchange the networks."""
        return self.change(generator, discriminator)


def frozen_batch_norm():
    """The generator's batch normalisation is held, as `trainable = False` on a model of an old combined kind does.

    A held layer uses its moving statistics, which are still those it was built with, and never moves them.
    """

    def freeze(generator, discriminator):
        for layer in generator.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.trainable = False
        return generator, discriminator

    return Fault("frozen batch norm", freeze)


def uneven_kernel(kernel=5):
    """The generator's transposed convolutions get a kernel that their stride of 2 does not divide.

    Args:
        kernel: side of the kernel in pixels.
    """

    def widen(layer):
        settings = layer.get_config()
        if isinstance(layer, layers.Conv2DTranspose):
            settings["kernel_size"] = kernel
        return type(layer).from_config(settings)

    def exchange(generator, discriminator):
        return keras.models.clone_model(generator, clone_function=widen), discriminator

    return Fault(f"kernel {kernel}", exchange)


def narrow_generator(width):
    """The generator gets fewer channels than the discriminator.

    Args:
        width: channels of its last hidden layer.
    """

    def exchange(generator, discriminator):
        return build_generator(generator.output_shape[1], width, generator.input_shape[-1]), discriminator

    return Fault(f"generator of width {width}", exchange)


def repeat_pictures(faces, out, count, times, seed=0):
    """Pack a few pictures many times over.

    Args:
        faces: packed file to choose from, among those to train on.
        out: the .h5 file to write.
        count: how many pictures.
        times: how often each of them is there.
        seed: of the choice.

    Returns:
        dict: pictures, distinct.
    """
    with FaceSet(faces) as data:
        images = data.images(data.pick(data.split()[0], count, seed))
    with FaceWriter(out, images.shape[1], {"command": "repeat", "times": times}, drop_duplicates=False) as writer:
        for turn in range(times):
            writer.add(images, [f"{turn}/{index}" for index in range(len(images))], [{}] * len(images))
    return {"pictures": len(images) * times, "distinct": len(images)}
