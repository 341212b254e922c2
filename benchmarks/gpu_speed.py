"""Training on a GPU: JAX in bfloat16, many steps a call, against PyTorch's DCGAN example, turn and turn about.

    python benchmarks/gpu_speed.py [--size 64] [--width 64] [--batch 64] [--steps 500] [--rounds 5] [--epochs 50]

    animegan    the package's networks and model on JAX, precision "mixed_bfloat16", through Keras's `fit`: the pictures
                lie on the device as bytes, a call trains as many steps as --steps says
    pytorch     the loop of PyTorch's DCGAN example with torch.compile, channels last and bfloat16 by autocast; its
                pictures lie on the device too, as ready floats (its sigmoid is part of the loss, as autocast asks)
    product     the product of two large bfloat16 matrices: the peak that the sides' arithmetic is a share of

Then the animegan side trains for as many epochs as --epochs says, which is timed whole. Without a GPU the same runs on
the processor, where torch.compile is left out: only to see that it works, with options as small as

    python benchmarks/gpu_speed.py --size 32 --width 4 --batch 4 --steps 3 --rounds 2 --pictures 24 --epochs 2

Needs jax and torch as they are built for the GPU (pip install "jax[cuda13]" torch).
"""

import argparse
import json
import statistics

import numpy as np
import operations
import rivals
import turns

FACES = 63_565  # in the anime face set on Kaggle that most tutorials take


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=500, help="a call, and a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=FACES, help="held on the device")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        turns.serve(*SIDES[options.side][0](options))
        return
    environments = {name: environment for name, (_, environment) in SIDES.items()}
    sides = {}
    for name in ("animegan", "pytorch", "product"):  # one after another: each looks for the fastest way when it starts
        sides |= turns.start({name: environments[name]})
    rates = turns.alternate(sides, options.rounds)
    facts = {name: side.facts for name, side in sides.items()}
    whole = turns.start({"epochs": environments["epochs"]})["epochs"]  # its first round, compiling included
    whole.finish()
    print(json.dumps(describe(options, rates, facts) | {"epochs_seconds": whole.facts["first_round_seconds"]}))


def steps_of(options):
    """Steps in the epochs asked for, in whole calls."""
    return max(1, round(options.epochs * (options.pictures // options.batch) / options.steps)) * options.steps


def describe(options, rates, facts):
    """The result: the machine, pictures a second, ratio, shares of the peak, and what the epochs should take."""
    trainers = ["animegan", "pytorch"]
    gflop = facts["animegan"]["gflop_a_picture"]
    result = vars(options) | {"facts": facts} | turns.medians(rates, trainers, "pictures")
    result |= turns.medians(rates, ["product"], "gflop") | turns.ratios(rates, "animegan", ["pytorch"])
    for name in trainers:
        share = turns.ratios(rates, name, ["product"], f"{name}_share_of_peak", gflop)
        result[f"{name}_share_of_peak"] = share[f"{name}_share_of_peak_a_second"]["product"]
    rate = statistics.median(turn[0] for turn in rates["animegan"])
    result["epochs_seconds_by_rate"] = round(options.epochs * options.pictures / rate, 2)
    return {name: value for name, value in result.items() if name != "side"}


def held_pictures(options):
    """As many random pictures as lie on the device, uint8."""
    shape = (options.pictures, options.size, options.size, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def animegan(options, calls=1):
    """The package's own model, which takes the row numbers of many batches a call."""
    from animegan.gan.batches import FaceBatches
    from animegan.gan.engine import describe_device, keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    from animegan.gan.dcgan import build_dcgan
    from animegan.gan.recipes import Recipe

    model = build_dcgan(options.size, Recipe(width=options.width, batch=options.batch))
    model.hold(held_pictures(options))
    batches = FaceBatches(np.arange(options.pictures, dtype=np.int32), options.batch)

    def calls_for_ever():
        for first in range(0, turns.FOR_EVER, options.steps):
            yield (np.stack([batches.pictures[batches.rows(first + step)] for step in range(options.steps)]),)

    facts = {
        "device": describe_device(),
        "gflop_a_picture": operations.gflop_a_picture(model.generator, model.discriminator),
    }
    work = turns.fit_in_rounds(model, calls_for_ever(), calls)
    return work, calls * options.steps * options.batch, facts


def epochs(options):
    """The same for all epochs, as one round."""
    return animegan(options, calls=steps_of(options) // options.steps)


def pytorch(options):
    """The example's step as its users would make it fast."""
    import torch
    from torch import nn

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    networks = []
    for network in rivals.pytorch_networks(options.size, options.width):
        network = network[:-1] if isinstance(network[-1], nn.Sigmoid) else network
        network = network.to(device, memory_format=torch.channels_last)
        networks.append(torch.compile(network) if device.type == "cuda" else network)
    generator, discriminator = networks
    criterion = nn.BCEWithLogitsLoss()
    adams = [
        torch.optim.Adam(net.parameters(), lr=rivals.RATE, betas=(rivals.BETA_1, 0.999))
        for net in (discriminator, generator)
    ]
    count = options.steps * options.batch
    some = torch.from_numpy(held_pictures(options)[np.arange(count) % options.pictures]).to(device)
    ready = some.permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)

    def judge(batch, label):
        with torch.autocast(device.type, torch.bfloat16):
            logits = discriminator(batch).view(-1)
            return criterion(logits, torch.full((len(batch),), label, device=device))

    def train():
        for real in ready.split(options.batch):
            discriminator.zero_grad()
            judge(real, 1.0).backward()
            with torch.autocast(device.type, torch.bfloat16):
                fake = generator(torch.randn(len(real), rivals.LATENTS, 1, 1, device=device))
            judge(fake.detach(), 0.0).backward()
            adams[0].step()
            generator.zero_grad()
            judge(fake, 1.0).backward()
            adams[1].step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return train, count, {"torch": torch.__version__, "compiled": device.type == "cuda"}


def product(options):
    return operations.matrix_product(half=True)


ON_JAX = {"KERAS_BACKEND": "jax", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}  # the sides share the card's memory
SIDES = {
    "animegan": (animegan, ON_JAX),
    "pytorch": (pytorch, {"KERAS_BACKEND": "torch"}),
    "product": (product, ON_JAX),
    "epochs": (epochs, ON_JAX),
}

if __name__ == "__main__":
    main()
