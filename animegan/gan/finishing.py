"""The generator to make faces with, out of the one that trains."""

from animegan.gan.engine import layers
from animegan.gan.generating import draw_latents
from animegan.gan.networks import build_generator
from animegan.gan.resizing import build_resize_generator, copy_weights

STATISTICS = 512  # faces that batch norm's averages are measured on


class Finisher:
    """Makes the generator of a DCGAN ready for use: of stock layers only, and with averaged weights if it has some."""

    def __init__(self, model):
        """Prepare to finish.

        Args:
            model: animegan.gan.dcgan.DCGAN.
        """
        self.model, self.generator, recipe = model, model.generator, model.recipe
        self.copies = recipe.resize or bool(recipe.average)
        if self.copies:
            settings = (model.generator.output_shape[1], recipe.width, recipe.latent_width)
            stock = {"stock": True, "grows": model.halves is not None}
            self.generator = build_resize_generator(*settings, **stock) if recipe.resize else build_generator(*settings)
            for layer in self.generator.layers:
                if isinstance(layer, layers.BatchNormalization):
                    layer.momentum = 0.0  # its statistics are those of the last batch alone
            self.latents = draw_latents(STATISTICS, recipe.latent_width)

    def __call__(self):
        """The generator as it is now: keras.Model, the same object each time, with new weights.

        Batch norm's own averages belong to the weights of the last steps. Those of other weights are measured anew, on
        faces of fixed latents.
        """
        if self.copies:
            copy_weights(self.model.averages or self.model.generator.trainable_variables, self.generator)
            self.generator(self.latents, training=True)
        return self.generator
