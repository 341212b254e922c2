import json
import zipfile
from pathlib import Path

import animeface
import cv2
import numpy as np
import pytest

from animegan import pictures
from animegan.faces import colours, detecting
from animegan.faces.drawing import draw_face, random_character
from animegan.files import InputError

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data" / "scenes-with-face-boxes.zip"
PLAIN = (235, 235, 240)


def draw_row(count, size=160, gap=80, width=None):
    """A plain picture with drawn faces side by side, and their squares."""
    image = np.full((size + 2 * gap, width or gap + count * (size + gap), 3), PLAIN, np.uint8)
    squares = []
    for index in range(count):
        x = gap + index * (size + gap)
        image[gap : gap + size, x : x + size] = draw_face(random_character(np.random.default_rng(index)), size)
        squares.append((x, gap, x + size, gap + size))
    return image, squares


@pytest.fixture(scope="module")
def animeface_detector():
    return detecting.make_detector("animeface")


@pytest.fixture
def unchecked():
    """The check runs once a process: forget its result before and after."""
    detecting.check_animeface.cache_clear()
    yield
    detecting.check_animeface.cache_clear()


def holds_centre(square, box):
    return square[0] <= (box[0] + box[2]) / 2 < square[2] and square[1] <= (box[1] + box[3]) / 2 < square[3]


def test_drawn_faces_are_found_where_they_are(animeface_detector):
    image, squares = draw_row(3)
    found = animeface_detector.detect(image)
    assert len(found) == 3
    for square, face in zip(squares, found, strict=True):
        assert holds_centre(square, face.box)
        assert 0.85 <= face.likelihood <= 1
        assert face.hair in colours.HAIR and face.eyes in colours.EYES
        assert all(isinstance(side, int) for side in face.box)


def test_boxes_are_pixels_of_the_large_picture(animeface_detector):
    image, squares = draw_row(2, size=400, gap=300, width=1700)
    found = animeface_detector.detect(image)
    assert [holds_centre(square, face.box) for square, face in zip(squares, found, strict=True)] == [True, True]


def test_mirrored_picture_gives_mirrored_boxes(animeface_detector):
    image, _ = draw_row(2)
    width = image.shape[1]
    plain = animeface_detector.detect(image)
    mirror = animeface_detector.detect(np.ascontiguousarray(image[:, ::-1]))
    assert len(plain) == len(mirror) == 2
    for face, other in zip(plain, reversed(mirror), strict=True):
        x0, y0, x1, y1 = other.box
        assert detecting.overlap(face.box, (width - x1, y0, width - x0, y1)) > 0.8


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 900, 3), (240, 320, 3)])
def test_nothing_is_found_where_nothing_is(animeface_detector, shape):
    assert animeface_detector.detect(np.full(shape, 200, np.uint8)) == []


def test_grey_faces_are_found_and_blue_ones_are_not(animeface_detector):
    image, _ = draw_row(1)
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert len(animeface_detector.detect(grey)) == 1
    assert animeface_detector.detect(np.ascontiguousarray(image[..., ::-1])) == []


def test_a_silent_animeface_is_noticed(monkeypatch, unchecked):
    monkeypatch.setattr(animeface, "detect", lambda image: [])
    with pytest.raises(InputError, match=r'must find the face.*Pillow \d.*pip install "pillow<12"'):
        detecting.make_detector("animeface")


def test_the_check_runs_once_a_process(monkeypatch, unchecked):
    detecting.make_detector("animeface")
    monkeypatch.setattr(animeface, "detect", None)  # a second check would call it
    detecting.make_detector("animeface")


def test_colours_are_named_as_drawn(animeface_detector):
    agree = {"hair": 0, "eyes": 0}
    for seed in range(100, 124):
        character = random_character(np.random.default_rng(seed))
        scene = np.full((160, 160, 3), PLAIN, np.uint8)
        scene[32:128, 32:128] = draw_face(character, 96)
        for face in animeface_detector.detect(scene):
            agree["hair"] += face.hair == character.hair
            agree["eyes"] += face.eyes == character.eyes
    assert agree["hair"] >= 20 and agree["eyes"] >= 16


def test_the_same_picture_gives_the_same_answer(animeface_detector):
    image, _ = draw_row(2)
    assert len({tuple(animeface_detector.detect(image)) for _ in range(4)}) == 1


def face_at(x, likelihood, size=100):
    """What animeface would report: a face at x in a picture of any height."""
    result = dict.fromkeys(("skin_color", "hair_color", "left_eye_color", "right_eye_color"), (0, 0, 0))
    result |= {"left_eye_box": (60, 60, 30, 20), "right_eye_box": (10, 60, 30, 20), "mouth_box": (40, 110, 20, 10)}
    result |= {"likelihood": likelihood, "face_box": (x, 50, size, size), "nose_point": (0, 0), "chin_point": (0, 0)}
    return animeface.Face(result)


def test_two_unsure_looks_make_one_sure_find(monkeypatch):
    looks = iter([[face_at(100, 0.7), face_at(400, 0.7)], [face_at(1000 - 100 - 105, 0.8)]])
    monkeypatch.setattr(animeface, "detect", lambda image: next(looks))
    [face] = detecting.AnimefaceDetector(likelihood=0.85, longest=1000).detect(np.zeros((300, 1000, 3), np.uint8))
    assert face.likelihood == pytest.approx(0.94)
    assert face.box == (102, 50, 202, 150)  # the mean of both


def test_unknown_detector_and_likelihood():
    with pytest.raises(InputError, match="one of animeface, lbp"):
        detecting.make_detector("yolo")
    with pytest.raises(InputError, match=r"0 to 1\. Received: 1.5"):
        detecting.make_detector("animeface", likelihood=1.5)


def write_cascade(path, threshold):
    """A cascade of one LBP stage over 24×24 windows, which every window passes by 1 − `threshold`."""
    path.write_text(f"""<?xml version="1.0"?>
<opencv_storage><cascade type_id="opencv-cascade-classifier"><stageType>BOOST</stageType><featureType>LBP</featureType>
<height>24</height><width>24</width>
<stageParams><maxWeakCount>1</maxWeakCount></stageParams>
<featureParams><maxCatCount>256</maxCatCount></featureParams><stageNum>1</stageNum>
<stages><_><maxWeakCount>1</maxWeakCount><stageThreshold>{threshold}</stageThreshold>
<weakClassifiers><_><internalNodes>0 -1 0 -1 -1 -1 -1 -1 -1 -1 -1</internalNodes>
<leafValues>1. 1.</leafValues></_></weakClassifiers></_></stages>
<features><_><rect>0 0 8 8</rect></_></features></cascade></opencv_storage>
""")
    return path


def test_lbp_reads_a_cascade(tmp_path):
    image = np.zeros((48, 60, 3), np.uint8)
    everywhere = detecting.make_detector("lbp", write_cascade(tmp_path / "yes.xml", 0.5)).detect(image)
    assert everywhere and all(face.likelihood == 1 and face.hair == face.eyes == "" for face in everywhere)
    assert all(0 <= x0 < x1 <= 60 and 0 <= y0 < y1 <= 48 for x0, y0, x1, y1 in (face.box for face in everywhere))
    assert detecting.make_detector("lbp", write_cascade(tmp_path / "no.xml", 1.5)).detect(image) == []


def test_lbp_says_what_it_needs(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"lbpcascade_animeface.xml from https://.*Received: no cascade"):
        detecting.make_detector("lbp")
    with pytest.raises(InputError, match=r"gone\.xml"):
        detecting.make_detector("lbp", tmp_path / "gone.xml")
    for content in ("no xml at all", "<opencv_storage><other>1</other></opencv_storage>", ""):
        (tmp_path / "bad.xml").write_text(content)
        with pytest.raises(InputError, match=r"bad.xml, which is none"):
            detecting.make_detector("lbp", tmp_path / "bad.xml")
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(InputError, match=r"OpenCV with CascadeClassifier.*opencv-python-headless<5"):
        detecting.make_detector("lbp", tmp_path / "bad.xml")


def test_benchmark_counts_each_box_once(modules, tmp_path, animeface_detector):
    image, squares = draw_row(2)
    pictures.save(image, tmp_path / "scene.png")
    (tmp_path / "faces.json").write_text(json.dumps({"scene.png": [*squares, [0, 0, 9, 9]]}))
    figures = modules("detect_faces").measure(tmp_path, animeface_detector)
    assert (figures["faces"], figures["found"], figures["precision"]) == (3, 2, 1.0)
    assert figures["recall"] == pytest.approx(2 / 3, abs=1e-4)


@pytest.mark.skipif(not SHARED.exists(), reason=f"the real scenes are not here: {SHARED}")
def test_real_scenes(modules, tmp_path, animeface_detector):
    with zipfile.ZipFile(SHARED) as archive:
        archive.extractall(tmp_path)
    truth = json.loads((tmp_path / "faces.json").read_text())
    (tmp_path / "faces.json").write_text(json.dumps(dict(list(truth.items())[:6])))
    figures = modules("detect_faces").measure(tmp_path, animeface_detector)
    assert figures["recall"] >= 0.8 and figures["precision"] >= 0.9
