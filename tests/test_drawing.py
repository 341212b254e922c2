"""The drawn faces and scenes: reproducible, true to their tags, found by the detector."""

import collections
import colorsys
import dataclasses
import hashlib
import subprocess
import sys

import animeface
import cv2
import numpy as np
import pytest
from PIL import Image

from animegan.faces.drawing import (
    TAGS,
    Character,
    draw_face,
    draw_faces,
    draw_many,
    draw_scene,
    draw_scenes,
    random_character,
)
from animegan.files import InputError

PLAIN = Character(fringe="between eyes", accessory="none", glasses="none", background="white", seed=5)


def colour_word(rgb):
    """What a person would call a colour; written apart from the package's own table of colours."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(float(c) / 255 for c in rgb))
    hue *= 360
    if value < 0.36 and saturation < 0.5:
        return "black"
    if saturation < 0.14:
        return "white" if value > 0.72 else "gray"
    if hue < 10 or hue >= 310:
        return "pink" if 310 <= hue < 346 or (310 <= hue < 353 and value > 0.8 and saturation < 0.7) else "red"
    if hue < 37:
        return "orange" if value > 0.7 else "brown"
    for word, end in (("blonde", 64), ("green", 165), ("aqua", 197), ("blue", 247), ("purple", 310)):
        if hue < end:
            return word


@pytest.mark.parametrize("size", [32, 64, 96, 128])
def test_face_is_rgb_of_the_size_asked_for(size):
    image = draw_face(PLAIN, size)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8
    assert image.min() < 90 and image.max() == 255


@pytest.mark.parametrize("size", [7, 31, 1025])
def test_bad_size_says_what_must_hold(size):
    with pytest.raises(InputError, match=f"size must be 32 to 1024. Received: {size}"):
        draw_face(PLAIN, size)


def test_faces_depend_on_seed_and_index_alone():
    first = [(image.tobytes(), tags) for image, tags in draw_faces(4, seed=3)]
    again = [(image.tobytes(), tags) for image, tags in draw_faces(6, seed=3)]
    other = [(image.tobytes(), tags) for image, tags in draw_faces(4, seed=4)]
    assert first == again[:4]
    assert not {image for image, _ in first} & {image for image, _ in other}
    assert len({image for image, _ in again}) == 6


def test_faces_are_the_same_in_another_process():
    code = (
        "import hashlib; from animegan.faces.drawing import draw_faces;"
        "print(hashlib.sha256(b''.join(i.tobytes() for i, _ in draw_faces(3, 32, 8))).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert there == hashlib.sha256(b"".join(i.tobytes() for i, _ in draw_faces(3, 32, 8))).hexdigest()


def test_result_does_not_depend_on_workers():
    alone = list(draw_many(70, 32, 1, workers=1))
    shared = list(draw_many(70, 32, 1, workers=2))
    assert [len(images) for images, _ in shared] == [64, 6]
    for (images, tags), (same_images, same_tags) in zip(alone, shared, strict=True):
        np.testing.assert_array_equal(images, same_images)
        assert tags == same_tags
    for (image, _), single in zip(draw_faces(2, 32, 1), alone[0][0], strict=False):
        np.testing.assert_array_equal(image, single)


def test_no_faces():
    assert list(draw_many(0)) == []


def test_every_word_occurs_and_no_other():
    rng = np.random.default_rng(0)
    seen = collections.defaultdict(collections.Counter)
    for _ in range(2500):
        for name, word in random_character(rng).tags.items():
            seen[name][word] += 1
    assert {name: tuple(sorted(words)) for name, words in seen.items()} == TAGS
    assert seen["hair"]["brown"] > seen["hair"]["white"]
    assert len(TAGS) >= 10


@pytest.mark.parametrize("hair", TAGS["hair"])
def test_hair_has_the_colour_of_its_tag(hair):
    rng = np.random.default_rng(1)
    for _ in range(6):
        jitter = tuple(rng.random(3))
        image = draw_face(dataclasses.replace(PLAIN, hair=hair, hair_jitter=jitter), 64)
        crown = image[14:24, 22:42].reshape(-1, 3)
        assert colour_word(np.median(crown, 0)) == hair


@pytest.mark.parametrize("eyes", TAGS["eyes"])
def test_eyes_have_the_colour_of_their_tag(eyes):
    rng = np.random.default_rng(2)
    plain = dataclasses.replace(PLAIN, eye_height=0.34)
    for _ in range(3):
        image = draw_face(dataclasses.replace(plain, eyes=eyes, eye_jitter=tuple(rng.random(3))), 192)
        other = draw_face(dataclasses.replace(plain, eyes="aqua" if eyes == "black" else "black"), 192)
        iris = image[np.abs(image.astype(int) - other).max(2) > 12]
        assert len(iris) > 300
        word = colour_word(np.percentile(iris, 72, axis=0))
        assert {"blonde": "yellow"}.get(word, word) == eyes


@pytest.mark.parametrize("name", TAGS)
def test_each_tag_changes_the_picture(name):
    field = name.replace(" ", "_")
    pictures = {draw_face(dataclasses.replace(PLAIN, **{field: word}), 64).tobytes() for word in TAGS[name]}
    assert len(pictures) == len(TAGS[name])


@pytest.mark.parametrize(
    "change", [{"yaw": 0.3}, {"roll": 0.1}, {"scale": 1.1}, {"light": 0.7}, {"seed": 6}, {"shift": (0.03, 0)}]
)
def test_each_number_changes_the_picture(change):
    assert draw_face(PLAIN, 64).tobytes() != draw_face(dataclasses.replace(PLAIN, **change), 64).tobytes()


def test_boxes_lie_in_the_scene_apart_and_on_faces():
    for image, boxes in draw_scenes(4, seed=11):
        height, width = image.shape[:2]
        assert 1 <= len(boxes) <= 3
        taken = np.zeros((height, width), int)
        for x0, y0, x1, y1 in boxes:
            assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
            taken[y0:y1, x0:x1] += 1
            cheeks = image[
                y0 + (y1 - y0) * 11 // 20 : y0 + (y1 - y0) * 17 // 20, (3 * x0 + x1) // 4 : (x0 + 3 * x1) // 4
            ]
            red, _, blue = np.median(cheeks.reshape(-1, 3), 0)
            assert red > 150 and red >= blue  # skin
        assert taken.max() == 1


def test_scenes_repeat_and_take_a_count():
    image, boxes = draw_scene(5, characters=0)
    assert boxes == [] and image.shape == (720, 1280, 3)
    assert len(draw_scene(5, 640, 360, characters=3)[1]) == 3
    np.testing.assert_array_equal(draw_scene(7)[0], draw_scene(np.random.default_rng(7))[0])
    with pytest.raises(InputError, match=r"characters must be 0 to 3\. Received: 4"):
        draw_scene(5, characters=4)
    with pytest.raises(InputError, match="a scene must be at least"):
        draw_scene(5, 100, 100)


def test_detector_finds_the_faces():
    found = total = false = 0
    for image, boxes in draw_scenes(6, seed=2):
        small = cv2.resize(image, (960, 540), interpolation=cv2.INTER_AREA)
        left = list(boxes)
        total += len(left)
        for face in animeface.detect(Image.fromarray(small)):
            if face.likelihood < 0.9:
                continue
            x, y = (
                (face.face.pos.x + face.face.pos.width / 2) * 4 / 3,
                (face.face.pos.y + face.face.pos.height / 2) * 4 / 3,
            )
            hit = next((box for box in left if box[0] <= x <= box[2] and box[1] <= y <= box[3]), None)
            if hit:
                left.remove(hit)
                found += 1
            else:
                false += 1
    assert found >= 0.9 * total
    assert false <= 1
