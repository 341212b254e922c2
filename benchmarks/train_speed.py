"""Pictures a second of `animegan train` against the training loop of PyTorch's DCGAN example, turn and turn about.

    python benchmarks/train_speed.py [--size 64] [--width 64] [--batch 64] [--steps 12] [--rounds 7]

Networks, batch, precision and number of threads are the same on both sides. Each side is a process of its own that
trains while the other waits, so that neither disturbs the other and a change of the machine's speed meets both; the
figure to quote is the median of the rounds' ratios. Ours is all of it: shuffled uint8 batches, rescaling and flips,
through Keras's `fit`. PyTorch's gets float tensors that are ready, and does nothing but train. Needs the extra `torch`.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=12, help="a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        serve(SIDES[options.side](options), options)
        return
    sides = {name: Side(name) for name in SIDES}
    rates = {name: [] for name in SIDES}
    for _ in range(options.rounds):
        for name, side in sides.items():
            rates[name].append(side.turn())
    shares = [side.finish() for side in sides.values()]
    result = {"size": options.size, "width": options.width, "batch": options.batch}
    for place, kind in enumerate(("second", "cpu_second")):
        mine, theirs = ([turn[place] for turn in rates[name]] for name in SIDES)
        ratios = [ours / other for ours, other in zip(mine, theirs, strict=True)]
        result[f"pictures_a_{kind}"] = dict(
            zip(SIDES, [round(statistics.median(r), 1) for r in (mine, theirs)], strict=True)
        )
        result[f"ratio_a_{kind}"] = round(statistics.median(ratios), 3)
        result[f"ratios_a_{kind}"] = [round(ratio, 3) for ratio in sorted(ratios)]
    print(json.dumps(result | {"input_share_of_time": shares[0]}))


class Side:
    """One side of a benchmark in its own process: it trains a round when it is sent a line."""

    def __init__(self, name, script=__file__, **variables):
        words = [sys.executable, script, *sys.argv[1:], "--side", name]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(words, env=os.environ | variables, **pipes)
        self.receive()  # warmed up

    def turn(self):
        return self.ask("turn")

    def finish(self):
        share = self.ask("finish")
        self.process.wait()
        return share

    def ask(self, word):
        print(word, file=self.process.stdin, flush=True)
        return self.receive()

    def receive(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"a side must answer. Received: its end, with exit code {self.process.wait()}")
        return json.loads(line)


def serve(side, options):
    """Answer "turn" with a round's pictures a second and a CPU second, "finish" with what the side has to say."""
    train, last_word = side
    train()  # compile and warm up
    print(json.dumps("ready"), flush=True)
    for word in sys.stdin:
        if word.strip() == "finish":
            print(json.dumps(last_word()), flush=True)
            return
        started, cpu = time.perf_counter(), time.process_time()
        train()
        count = options.steps * options.batch
        print(json.dumps([count / (time.perf_counter() - started), count / (time.process_time() - cpu)]), flush=True)


def pictures(options):
    """As many random pictures as a round takes, uint8."""
    shape = (options.steps * options.batch, options.size, options.size, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def animegan_side(options):
    from animegan.gan.batches import FaceBatches
    from animegan.gan.dcgan import build_dcgan
    from animegan.gan.engine import ops
    from animegan.gan.recipes import Recipe

    model = build_dcgan(options.size, Recipe(width=options.width, batch=options.batch))
    batches = FaceBatches(pictures(options), options.batch)

    def train():
        model.fit(batches.for_fit(), verbose=0, shuffle=False)

    def input_share():
        """Share of a round's time to make its batches and hand them to the engine, which `fit` does meanwhile."""
        started = time.perf_counter()
        train()
        trained = time.perf_counter()
        for index in range(len(batches)):
            ops.convert_to_tensor(batches[index][0])
        return round((time.perf_counter() - trained) / (trained - started), 4)

    return train, input_share


def pytorch_side(options):
    """The example's networks, losses and order of steps, with its settings (lr 2e-4, β₁ 0.5, batch norm, BCE)."""
    import torch
    from torch import nn

    from animegan.gan.networks import channels, stages

    start, doublings = stages(options.size)
    widths = channels(options.width, doublings)

    def initialise(module):
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)

    up = [nn.ConvTranspose2d(100, widths[0], start, 1, 0, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(True)]
    for before, after in itertools.pairwise(widths):
        up += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    generator = nn.Sequential(*up, nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1, bias=False), nn.Tanh())
    down = [nn.Conv2d(3, widths[-1], 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in itertools.pairwise(reversed(widths)):
        down += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2, inplace=True)]
    discriminator = nn.Sequential(*down, nn.Conv2d(widths[0], 1, start, 1, 0, bias=False), nn.Sigmoid())
    generator.apply(initialise)
    discriminator.apply(initialise)
    criterion = nn.BCELoss()
    adams = [torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (discriminator, generator)]
    real_pictures = torch.from_numpy(pictures(options)).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()

    def judge(batch, label):
        return criterion(discriminator(batch).view(-1), torch.full((len(batch),), label))

    def train():
        for real in real_pictures.split(options.batch):
            discriminator.zero_grad()
            judge(real, 1.0).backward()
            fake = generator(torch.randn(len(real), 100, 1, 1))
            judge(fake.detach(), 0.0).backward()
            adams[0].step()
            generator.zero_grad()
            judge(fake, 1.0).backward()
            adams[1].step()

    return train, lambda: 0.0


SIDES = {"animegan": animegan_side, "pytorch": pytorch_side}

if __name__ == "__main__":
    main()
