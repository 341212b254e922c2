"""Networks beyond `classic`: generators that enlarge by resize-convolutions, discriminators without batch norm."""

from animegan.gan.engine import keras, layers, ops
from animegan.gan.networks import batch_norm, channels, initializer, stages
from animegan.gan.spectral import Gate, SpectralConvolution, SpectralDense
from animegan.gan.variety import MinibatchDeviation, MinibatchDeviations

SLOPE = 0.2  # of all activations below 0: no unit of either network is ever dead
STEER = "modulation"  # how the names of the layers begin by which the latents steer all hidden layers
STEERING = 32  # width of the one hidden layer that all of them share
DEEP = "deep"  # how the names of the layers begin by which maps are looked at once more, in both networks
FEWEST_HALVINGS = 2  # of a judge: to see more than single pixels of a picture that it sees made smaller


@keras.saving.register_keras_serializable("animegan")
class ResizeConvolution(layers.Conv2DTranspose):
    """Repeat each pixel twice both ways, then convolve with kernel 3 (Odena et al. 2016, doi:10.23915/distill.00003).

    The two steps together are one transposed convolution of stride 2, whose kernel of 4×4 is the kernel of 3×3 spread
    over 2×2 places. Computed so, each new pixel costs 4 products a channel instead of 9.
    """

    def __init__(self, filters, **settings):
        """Prepare the layer: as Conv2DTranspose, of kernel 3 and stride 2."""
        super().__init__(filters, **settings | {"kernel_size": 3, "strides": 2, "padding": "same"})

    def call(self, inputs):
        """Enlarge maps (N, H, W, C) to (N, 2·H, 2·W, filters)."""
        outputs = ops.conv_transpose(inputs, widen(self.kernel), strides=2, padding="same")
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)


def widen(kernel):
    """The kernel (4, 4, F, C) of the one transposed convolution that a ResizeConvolution's (3, 3, F, C) stands for."""
    places = [(row, column) for row in (0, 1) for column in (0, 1)]
    return sum(ops.pad(kernel, ((row, 1 - row), (column, 1 - column), (0, 0), (0, 0))) for row, column in places)


def build_resize_generator(
    size=64, width=32, latent_width=100, seed=0, stock=False, fine_width=0, full_width=0, modulated=False, deep=False
):
    """Build the generator.

    Args:
        size: side of the pictures in pixels, one of SIZES.
        width: channels of the last hidden layer below the pictures' full size.
        latent_width: numbers in a latent.
        seed: of the initial weights.
        stock: build it of Keras's own layers, with the wide kernels, to be given weights by `copy_weights`.
        fine_width: the fewest channels that a hidden layer below the pictures' full size has.
        full_width: channels of one more hidden layer, at the pictures' full size; 0 for none.
        modulated: let the latents scale and shift the maps of every hidden layer (Chen et al. 2018, arXiv:1810.01365),
            so that the first one need not pass on all that they have to say. One small hidden layer serves them all,
            where the paper has one each, and batch normalisation keeps its own factors.
        deep: add to the maps of each size below the full one what a convolution more, with a modulation of its own,
            finds in them (He et al. 2015, arXiv:1512.03385). The modulation begins at zero (Bachlechner et al. 2020,
            arXiv:2003.04887): before training, the generator makes the faces that it would make without. Needs
            `modulated`.

    Returns:
        keras.Model: float32 latents (N, latent_width), drawn from N(0, 1), to float32 pictures (N, size, size, 3) in
        [-1, 1].
    """
    start, doublings = stages(size)
    first, *rest = (max(filters, fine_width) for filters in channels(width, doublings))
    seeds, seeds_of_steering, seeds_of_depth = (iter(range(seed + n, seed + n + 100)) for n in (0, 700, 800))
    latents, steering = keras.Input((latent_width,), name="latents"), None

    def enlarge(filters, **settings):
        settings = {"kernel_initializer": initializer(next(seeds)), "use_bias": filters == 3} | settings
        if stock:
            return layers.Conv2DTranspose(filters, 4, strides=2, padding="same", **settings)
        return ResizeConvolution(filters, **settings)

    def modulate(maps, name, factor, shift):  # by numbers that begin so
        filters, starts = maps.shape[-1], {"factor": factor, "shift": shift}
        factors, shifts = (
            layers.Reshape((1, 1, filters))(layers.Dense(filters, name=f"{name}_{kind}", **begin)(steering))
            for kind, begin in starts.items()
        )
        return layers.Add()([layers.Multiply()([maps, factors]), shifts])

    def activate(x):
        x = batch_norm()(x)
        if modulated:
            factor, shift = ({"kernel_initializer": initializer(next(seeds_of_steering))} for _ in range(2))
            x = modulate(x, f"{STEER}_{x.shape[1]}", factor | {"bias_initializer": "ones"}, shift)
        x = layers.LeakyReLU(negative_slope=SLOPE)(x)
        return look_again(x) if deep and x.shape[1] < size else x

    def look_again(x):
        name, he = f"{DEEP}_{x.shape[1]}", keras.initializers.HeNormal(seed=next(seeds_of_depth))
        settings = {"padding": "same", "use_bias": False, "kernel_initializer": he, "name": f"{name}_convolution"}
        found = batch_norm(name=f"{name}_normalisation")(layers.Conv2D(x.shape[-1], 3, **settings)(x))
        found = modulate(found, name, *2 * [{"kernel_initializer": "zeros"}])
        return layers.Add()([x, layers.LeakyReLU(negative_slope=SLOPE)(found)])

    x = layers.Dense(start * start * first, use_bias=False, kernel_initializer=initializer(next(seeds)))(latents)
    if modulated:
        he = keras.initializers.HeNormal(seed=next(seeds_of_steering))
        steering = layers.Dense(STEERING, "leaky_relu", kernel_initializer=he, name=STEER)(latents)
    x = activate(layers.Reshape((start, start, first))(x))
    for filters in rest:
        # 4×4×256 → 8×8×128 → 16×16×64 → 32×32×32 (at 64 px, width 32)
        x = activate(enlarge(filters)(x))
    if full_width:  # 32×32×32 → 64×64×full_width → 64×64×3
        x = activate(enlarge(full_width)(x))
        pictures = layers.Conv2D(3, 3, padding="same", kernel_initializer=initializer(next(seeds)))(x)
    else:  # 32×32×32 → 64×64×3
        pictures = enlarge(3)(x)
    return keras.Model(latents, layers.Activation("tanh")(pictures), name="generator")


def narrow(kernel):
    """The kernel (3, 3, F, C) that `widen` makes this one (4, 4, F, C) of."""

    def solve(one, two, three, four):  # along one side, widen makes (k, l, m) to (k, k + l, l + m, m)
        return one, two - one, four

    rows = solve(*(kernel[row] for row in range(4)))
    return ops.stack([ops.stack(solve(*(row[column] for column in range(4)))) for row in rows])


def copy_weights(values, weights):
    """Give a network the weights of another one, whose convolutions may be ResizeConvolutions where its own are not.

    Args:
        values: tensors or variables.
        weights: variables of the same shapes; where a kernel is 3×3 on one side alone, it is widened or narrowed.
    """
    for weight, value in zip(weights, values, strict=True):
        weight.assign(as_kernel_of(value, weight))


def as_kernel_of(value, weight):
    """A tensor that a weight can be given: widened or narrowed, where it is the kernel of the other kind of layer."""
    changes = {(3, 3, 4, 4): widen, (4, 4, 3, 3): narrow}
    change = changes.get((*value.shape[:2], *weight.shape[:2]), ops.copy)
    return change(ops.convert_to_tensor(value))  # a new one: JAX overwrites in place, and none may share memory


def build_plain_discriminator(
    size=64, width=32, seed=0, deviation=False, deviations=False, spectral=0.0, scales=0, deep=False
):
    """Build the discriminator: that of `classic` without batch norm; beside it, if asked for, smaller ones.

    A judge with batch norm sees a batch as a whole, not a picture, and has no gradient of its own at a picture, which
    the penalties need. Weights begin larger (He et al. 2015, arXiv:1502.01852): nothing else keeps the signal from
    fading.

    A judge that sees the whole of a picture can tell the generated ones by their fine detail alone, and has nothing to
    say of the rest. One that sees it smaller has to look at the rest (Wang et al. 2018, arXiv:1711.11585).

    Args:
        size: side of the pictures in pixels, one of SIZES.
        width: channels of the first hidden layer.
        seed: of the initial weights.
        deviation: tell it how much the batch varies, before the last convolution.
        deviations: tell it of each map, place by place, in place of their mean.
        spectral: divide its kernels by their spectral norms, and give the last layer this one; 0 does neither.
        scales: how many judges more there are: of the pictures at half their size, at a quarter, and so on, as far as
            there is room to halve them twice more.
        deep: let each judge add to its maps, behind all its convolutions but the first, what one more finds in them
            (He et al. 2015, arXiv:1512.03385), through a gate that is closed at first.

    Returns:
        keras.Model: float32 pictures (N, size, size, 3) in [-1, 1] to float32 logits (N, judges).
    """
    pictures, doublings = keras.Input((size, size, 3), name="pictures"), stages(size)[1]
    logits = []
    for scale in range(1 + min(scales, doublings - FEWEST_HALVINGS)):
        seen = layers.AveragePooling2D(2**scale)(pictures) if scale else pictures
        widths = channels(width, doublings - scale)[::-1]
        logits.append(_judge(seen, widths, seed + 1000 * scale, deviation, deviations, spectral, deep))
    return keras.Model(pictures, layers.Concatenate()(logits) if len(logits) > 1 else logits[0], name="discriminator")


def _judge(pictures, widths, seed, deviation, deviations, spectral, deep):
    """Logits (N, 1) of pictures (N, S, S, 3), by one judge whose convolutions have these widths."""
    seeds, seeds_of_depth = (
        (keras.initializers.HeNormal(seed=number) for number in range(seed + n, seed + n + 100)) for n in (100, 800)
    )
    convolution, dense = (SpectralConvolution, SpectralDense) if spectral else (layers.Conv2D, layers.Dense)
    x = pictures
    for number, filters in enumerate(widths, start=1):  # 64×64×3 → 32×32×32 → 16×16×64 → 8×8×128 → 4×4×256 → 1
        if deviation and number == len(widths):
            x = (MinibatchDeviations if deviations else MinibatchDeviation)()(x)
        x = convolution(filters, 4, strides=2, padding="same", kernel_initializer=next(seeds))(x)
        x = layers.LeakyReLU(negative_slope=SLOPE)(x)
        if deep and number > 1:
            name = f"{DEEP}_{pictures.shape[1]}_{x.shape[1]}"  # of the judge and the maps
            settings = {"padding": "same", "kernel_initializer": next(seeds_of_depth), "name": f"{name}_convolution"}
            found = layers.LeakyReLU(negative_slope=SLOPE)(convolution(filters, 3, **settings)(x))
            x = layers.Add()([x, Gate(name=f"{name}_gate")(found)])
    norm = {"norm": spectral} if spectral else {}
    return dense(1, kernel_initializer=next(seeds), **norm)(layers.Flatten()(x))
