"""How good a generator is: its faces against real ones that nobody trained on."""

import hashlib
from pathlib import Path

import numpy as np

from animegan.faces.packed import FaceSet
from animegan.files import InputError
from animegan.gan.damage import blur
from animegan.gan.distances import frechet_distance, kernel_distance, nearest, precision_recall
from animegan.gan.features import load_face_network, load_features
from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents, generate
from animegan.pictures import save, sheet

FEWEST = 50  # pictures on each side: with fewer every measure is noise
MOST = 5_000  # pictures on each side: more change little and cost minutes
BLUR = 1.5  # pixels: takes grain away, which networks trained on photographs weigh far above shape
PAIRS = 50  # samples that the sheet shows with their nearest training pictures


def evaluate(
    run,
    faces,
    count=None,
    seed=0,
    features="faces",
    unseen=False,
    nearest_out=None,
    trained_on=None,
    seen=None,
    truncation=1.0,
):
    """Measure a run's generator.

    All distances are between sets of N pictures: generated ones, real ones held out from training and, for the floor,
    other real ones. What a distance is worth can only be told from the floor at the same N.

    A run that learned from the pictures with some tags is measured against those with the same tags.

    Args:
        run: run folder, or the name of a pretrained generator.
        faces: packed file with real pictures of the generator's size.
        count: N; all held-out pictures, or half of `unseen` ones, 5,000 at most, if None.
        seed: of the latents and of the choice of pictures.
        features: "faces", the face network, or "inception", for the usual FID.
        unseen: the run trained on none of these pictures: half of all are measured against, the others give the floor.
        nearest_out: a picture file for a sheet of samples, each with its nearest training picture to its right.
        trained_on: packed file that the run was trained on, where that is another than `faces`.
        seen: a dict that keeps what the network saw in real pictures, for the next call that measures against them.
        truncation: times what the latents are; below 1 gives precision for recall, above 1 recall for precision.

    Returns:
        dict: n, features, truncation; reference and reference_sha256 (what was measured against); frechet, kid,
            kid_error, precision, recall; frechet_blurred, after a blur of 1.5 pixels on both sides; floor: the same
            numbers for real pictures; memorisation: the median distance of a sample to its nearest training picture,
            over that of a held-out picture (about 1 is right, near 0 means that training pictures are repeated),
            missing where the training pictures are not given; tagged, the share of the faces in which the face network
            sees the run's tags, missing where it has none or they are not among those that the network knows.

    Raises:
        InputError: run, pictures or features cannot be used; there are fewer than 50 pictures; `unseen` ones are those
            that the run was trained on.
    """
    run = find_run(run)
    generator, tags = run.load_generator(), run.config.get("tags", ())
    size = generator.output_shape[1]
    with FaceSet(faces) as data:
        if data.size != size:
            raise InputError(f"faces must have the generator's size, {size} pixels. Received: {data.size} in {faces}")
        known, reference = data.split(*tags)
        own = _is_data_of(run, data, known)
        if unseen and own:
            raise InputError(
                f"unseen pictures must be others than the run's. Received: {faces}, which it was trained on"
            )
        if nearest_out and not (own or trained_on):
            raise InputError(f"nearest training pictures need the file that the run was trained on. Received: {faces}")
        if unseen:
            order = np.random.default_rng(seed).permutation(data.select(*tags))
            known, reference = np.array_split(order, 2)
        n = min(count or MOST, len(reference), len(known))
        if n < FEWEST or (count and n < count):
            least = max(FEWEST, count or 0)
            raise InputError(
                f"faces must hold {least} pictures that were not trained on. Received: {n} in {faces}"
                f"{' with ' if tags else ''}{' and '.join(tags)}"
                f" ({'half of all' if unseen else 'one in ten is held out'})"
            )
        reference, others = data.pick(reference, n, seed), data.pick(known, n, seed)
        real, spare, digest = data.images(reference), data.images(others), data.fingerprint(np.sort(reference))
        trained = data.images(known) if own else None
    if trained_on:
        with FaceSet(trained_on) as data:
            known, _ = data.split(*tags)
            if not _is_data_of(run, data, known):
                raise InputError(f"trained_on must be the file that the run was trained on. Received: {trained_on}")
            trained = data.images(known)
    network, tagger = load_features(features), load_face_network() if tags else None
    tagger = tagger if tagger and tagger.knows(tags) else None
    fake = generate(generator, truncation * draw_latents(n, generator.input_shape[-1], seed))
    seen = {} if seen is None else seen

    def look(images):
        key = features, hashlib.sha256(images).digest()
        if key not in seen:
            seen[key] = network(images)
        return seen[key]

    reference = " with ".join([f"{'half' if unseen else 'held out'} of {Path(faces).name}", *tags])
    result = {"n": n, "features": features, "truncation": truncation}
    result |= {"reference": reference, "reference_sha256": digest}
    real_features, softened, fake_features = look(real), look(blur(real, BLUR)), network(fake)
    fakes, spares = (fake, fake_features, network(blur(fake, BLUR))), (spare, look(spare), look(blur(spare, BLUR)))
    for found, (images, values, soft) in ((result, fakes), (floor := {}, spares)):
        found |= _measures(real_features, values)
        found["frechet_blurred"] = frechet_distance(softened, soft)
        if tagger:
            found["tagged"] = float(tagger.shows(images, tags).mean())
    result["floor"] = floor
    if trained is not None:
        trained_features = look(trained)
        index, distance = nearest(fake_features, trained_features)
        _, usual = nearest(real_features, trained_features)
        result["memorisation"] = float(np.median(distance) / np.median(usual))
        if nearest_out:
            pairs = np.stack([fake, trained[index]], axis=1)[:PAIRS].reshape(-1, size, size, 3)
            save(sheet(pairs, columns=10), nearest_out)
    return result


def _is_data_of(run, data, rows):
    """Whether these rows of a FaceSet are the pictures that a run was trained on."""
    return data.fingerprint(rows) == run.config["data"]["sha256"]


def _measures(real, fake):
    kid, error = kernel_distance(real, fake)
    precision, recall = precision_recall(real, fake)
    return {
        "frechet": frechet_distance(real, fake),
        "kid": kid,
        "kid_error": error,
        "precision": precision,
        "recall": recall,
    }


def ratio(one, other, measure="frechet"):
    """How many times `other`'s distance `one`'s is.

    Args:
        one: what `evaluate` returned.
        other: likewise.
        measure: "frechet" or "frechet_blurred".

    Returns:
        float.

    Raises:
        InputError: the two were not measured alike, and so mean nothing beside each other.
    """
    for name in ("n", "features", "reference", "reference_sha256"):
        if one[name] != other[name]:
            raise InputError(f"two distances must have the same {name}. Received: {one[name]} and {other[name]}")
    return one[measure] / other[measure]
