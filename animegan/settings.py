"""The project's constants, and the profile that says how large the notebooks run."""

import functools
import os
import subprocess
import sys
import time
from dataclasses import dataclass

try:
    import resource
except ImportError:  # on Windows, where peaks are not kept by the standard library
    resource = None

from animegan.files import InputError

SIZES = (32, 64, 96, 128)  # sides in pixels that the networks are built for: powers of two from 4×4, 96 from 6×6
DEFAULT_SIZE = 64  # 20,000 faces fit in 246 MB, and a DCGAN learns them in minutes to hours


def check_size(size):
    """Return `size` if pictures of that side can be packed and trained on.

    Raises:
        InputError: it is none of SIZES.
    """
    if size not in SIZES:
        choices = ", ".join(str(choice) for choice in SIZES[:-1])
        raise InputError(f"size must be {choices} or {SIZES[-1]} pixels. Received: {size}")
    return size


@dataclass(frozen=True)
class Profile:
    """How large the notebooks run. Chosen by the environment variable ANIMEGAN_PROFILE."""

    name: str  # tiny, laptop or full
    point_rounds: int  # rounds that notebook 00 plays of each of its games
    scenes: int  # raw pictures that notebook 01 draws and crops
    faces: int  # faces that notebook 02 draws and packs
    size: int  # side of a packed face in pixels
    train_size: int  # side of the faces that notebook 03 trains on, in pixels
    width: int  # channels of the generator's last hidden layer
    train_images: int  # real pictures that the discriminator sees in notebook 03
    train_minutes: float  # at most, in notebook 03
    report_images: int  # pictures between two sample sheets in notebook 03
    fail_width: int  # channels of the networks of notebook 06
    fail_steps: int  # of each failure that notebook 06 makes; twice as many of the healthy run
    compare_minutes: float  # at most, for each of the two recipes of notebook 07
    base: str  # pretrained generator that notebook 04 transfers from
    transfer_images: int  # real pictures that each transfer of notebook 04 sees
    label_faces: int  # faces of random latents that notebook 05 has the face network name
    judge_faces: int  # faces that each direction of notebook 05 is measured on
    invert_faces: int  # held-out faces that notebook 05 looks for in the latent space
    invert_steps: int  # steps of that search


PROFILES = {
    "tiny": Profile(
        name="tiny",  # continuous integration: seconds a notebook
        point_rounds=60,  # six calls of the engine: enough to see that it runs
        scenes=2,  # one worker start-up and a few detections
        faces=600,  # enough to hold out fifty, the fewest that are measured against
        size=32,  # a quarter of the cost of 64
        train_size=32,  # the same
        width=8,  # the narrowest that still trains
        train_images=1_280,  # 20 batches of 64
        train_minutes=2,  # on the slowest machine
        report_images=640,  # two sample sheets
        fail_width=4,  # narrower still: what they learn is not looked at
        fail_steps=24,  # two a report
        compare_minutes=0.05,  # a few steps
        base="drawn-faces",  # the data are drawn, too
        transfer_images=32,  # a few steps
        label_faces=400,  # the first guess has 320 numbers to go by
        judge_faces=40,  # enough to see that it runs
        invert_faces=2,  # the same
        invert_steps=5,  # the same
    ),
    "laptop": Profile(
        name="laptop",  # two CPU cores: minutes a notebook
        point_rounds=3_000,  # some ten seconds each: by then the points lie where they belong
        scenes=12,  # half a second each
        faces=12_000,  # under a minute to draw
        size=64,  # the size of the Kaggle sets' networks
        train_size=32,  # at 64 two cores need an hour for the two thousand steps after which faces are faces
        width=32,  # half of `classic`: a quarter of its cost
        train_images=180_000,  # fifteen passes over the data, 2,800 steps
        train_minutes=6,  # so that the whole tutorial stays below twenty minutes
        report_images=10_000,  # eighteen sample sheets
        fail_width=16,  # half of notebook 03's: eight runs in five minutes
        fail_steps=1_500,  # the dots that every transposed convolution begins with have faded by then
        compare_minutes=2.5,  # some hundred steps of the classic recipe, more of the modern one
        base="drawn-faces",  # the data are drawn, too
        transfer_images=6_000,  # half a minute each
        label_faces=3_000,  # the face network names some three hundred a second
        judge_faces=500,  # a share is then known to within five hundredths
        invert_faces=20,  # two rows of a figure
        invert_steps=200,  # where the errors have become level
    ),
    "full": Profile(
        name="full",  # a GPU and real data
        point_rounds=3_000,  # as on a laptop: networks this small gain nothing from a GPU
        scenes=40,  # all that `animegan draw --scenes` makes by default
        faces=60_000,  # as many as the common Kaggle sets hold
        size=64,  # larger sizes cost four times as much
        train_size=64,  # the paper's
        width=64,  # that of `classic`
        train_images=3_000_000,  # fifty passes over 60,000
        train_minutes=60,  # at most; not yet timed on a GPU
        report_images=60_000,  # a sample sheet a pass
        fail_width=16,  # as on a laptop: the failures are the same
        fail_steps=1_500,  # likewise
        compare_minutes=20,  # not yet timed on a GPU
        base="getchu-faces",  # the data are real
        transfer_images=100_000,  # not yet timed on a GPU
        label_faces=20_000,  # seconds on a GPU
        judge_faces=500,  # as on a laptop, for the same figures
        invert_faces=20,  # as on a laptop
        invert_steps=400,  # seconds on a GPU
    ),
}


def core_count():
    """How many cores this process may use."""
    # Only Linux tells how many of the machine's are this process's.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def has_gpu():
    """Whether an NVIDIA driver lists a GPU; found without importing an engine, which takes seconds."""
    try:
        listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listing.returncode == 0 and "GPU" in listing.stdout


@functools.cache
def profile():
    """The Profile that ANIMEGAN_PROFILE names; unset: full where there is a GPU, else laptop.

    Raises:
        InputError: the variable holds another word.
    """
    name = os.environ.get("ANIMEGAN_PROFILE") or ("full" if has_gpu() else "laptop")
    if name not in PROFILES:
        raise InputError(f"ANIMEGAN_PROFILE must be {', '.join(PROFILES)} or unset. Received: {name}")
    return PROFILES[name]


def describe_cost(started):
    """What a notebook has cost so far.

    Args:
        started: `time.perf_counter()` at its beginning.

    Returns:
        str such as "3.1 minutes and 1.2 GB of memory, with the profile laptop": the most memory that the process has
        held at a time, without that of the processes it started; no memory on Windows.
    """
    cost = f"{(time.perf_counter() - started) / 60:.1f} minutes"
    if resource:
        unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
        cost += f" and {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9:.1f} GB of memory"
    return f"{cost}, with the profile {profile().name}"
