"""What transfer learning does to networks: new blocks for a generator that is held, and layers to hold."""

from animegan.gan.engine import keras, layers
from animegan.gan.resizing import SLOPE

APPENDED = "appended"  # how the new layers' names begin
HIDDEN = 64  # channels inside a new block: four times those of `modern`'s last hidden layer


def append_blocks(generator, count, seed=0):
    """Hold a generator, and put new residual blocks before the last step that enlarges its maps.

    What a block adds begins at zero: before training, the generator makes the faces that it made.

    Args:
        generator: keras.Model of build_generator or build_resize_generator; its layers can no longer be trained.
        count: of blocks.
        seed: of the initial weights.

    Returns:
        keras.Model with the same input and output, of the same layers and the new ones.
    """
    generator.trainable = False
    *_, enlarges = (layer for layer in generator.layers if isinstance(layer, layers.Conv2DTranspose))

    def with_blocks(layer, *inputs, **settings):
        if layer is enlarges:
            (maps,) = inputs
            for index in range(count):
                maps = residual_block(maps, f"{APPENDED}_{index}", seed + 200 + index)
            inputs = (maps,)
        return layer(*inputs, **settings)

    return keras.models.clone_model(generator, clone_function=lambda layer: layer, call_function=with_blocks)


def residual_block(maps, name, seed):
    """Add to maps (N, H, W, C) what two convolutions find in them (He et al. 2015, arXiv:1512.03385).

    Args:
        maps: Keras tensor.
        name: what the new layers' names begin with.
        seed: of the initial weights.

    Returns:
        Keras tensor of the same shape; the same numbers, until the second convolution's weights have left zero.
    """
    start = keras.initializers.HeNormal(seed=seed)
    found = layers.Conv2D(HIDDEN, 3, padding="same", kernel_initializer=start, name=f"{name}_in")(maps)
    found = layers.LeakyReLU(negative_slope=SLOPE, name=f"{name}_activation")(found)
    found = layers.Conv2D(maps.shape[-1], 3, padding="same", kernel_initializer="zeros", name=f"{name}_out")(found)
    return layers.Add(name=f"{name}_sum")([maps, found])


def appended_blocks(generator):
    """How many blocks `append_blocks` has put into a generator."""
    return sum(layer.name.startswith(APPENDED) and layer.name.endswith("sum") for layer in generator.layers)


def freeze_below(discriminator, side):
    """Hold the discriminator's lower convolutions, which know what any picture is made of (Mo et al. 2020,
    arXiv:2002.10964).

    Args:
        discriminator: keras.Model of build_discriminator and its like.
        side: in pixels; a convolution whose maps are larger is held.
    """
    for layer in discriminator.layers:
        if isinstance(layer, layers.Conv2D) and layer.output.shape[1] > side:
            layer.trainable = False
