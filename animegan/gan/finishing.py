"""The generator to make faces with, out of the one that trains."""

from animegan.gan.dcgan import make_generator
from animegan.gan.engine import layers
from animegan.gan.generating import draw_latents
from animegan.gan.resizing import copy_weights
from animegan.gan.transfer_networks import append_blocks, appended_blocks

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
            self.generator = make_generator(model.generator.output_shape[1], recipe, stock=True)
            for layer in self.generator.layers:
                if isinstance(layer, layers.BatchNormalization):
                    layer.momentum = 0.0  # its statistics are those of the last batch alone
            if blocks := appended_blocks(model.generator):
                self.generator = append_blocks(self.generator, blocks)
            self.latents = draw_latents(STATISTICS, recipe.latent_width)

    def __call__(self):
        """The generator as it is now: keras.Model, the same object each time, with new weights.

        Batch norm's own averages belong to the weights of the last steps. Those of other weights are measured anew, on
        faces of fixed latents.
        """
        if self.copies:
            weights = self.model.generator.weights
            if self.model.averages:
                trained = [weight.path for weight in self.model.generator.trainable_variables]
                averages = dict(zip(trained, self.model.averages, strict=True))
                weights = [averages.get(weight.path, weight) for weight in weights]
            copy_weights(weights, self.generator.weights)
            self.generator(self.latents, training=True)  # where they are held, the statistics stay as they were
        return self.generator
