"""Recall and precision of a face detector on scenes whose face boxes are known.

    python benchmarks/detect_faces.py SCENES [--detector animeface] [--cascade FILE] [--likelihood 0.85]

SCENES is a folder with a faces.json, {"scenes/x.jpg": [[x0, y0, x1, y1], ...], ...}, such as `animegan draw --scenes`
makes. A detection counts when its centre lies in a box that no surer detection has taken. Prints one JSON object; the
seconds are those of one core.
"""

import argparse
import json
import time
from pathlib import Path

import cv2

from animegan import pictures
from animegan.faces.detecting import DETECTORS, LIKELIHOOD, make_detector, match


def measure(folder, detector):
    """Run the detector on all scenes; a dict of the figures."""
    truth = json.loads((Path(folder) / "faces.json").read_text(encoding="utf-8"))
    faces = found = hits = 0
    seconds = 0.0
    for name, boxes in truth.items():
        image = pictures.decode((Path(folder) / name).read_bytes())
        start = time.process_time()
        detections = detector.detect(image)
        seconds += time.process_time() - start
        hits += sum(index is not None for index in match(detections, boxes))
        faces, found = faces + len(boxes), found + len(detections)
    return {
        "scenes": len(truth),
        "faces": faces,
        "found": found,
        "recall": round(hits / max(1, faces), 4),
        "precision": round(hits / max(1, found), 4),
        "seconds_per_scene": round(seconds / max(1, len(truth)), 3),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes")
    parser.add_argument("--detector", choices=DETECTORS, default="animeface")
    parser.add_argument("--cascade", help="the cascade's XML file, for lbp")
    parser.add_argument("--likelihood", type=float, default=LIKELIHOOD)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    detector = make_detector(options.detector, options.cascade, options.likelihood)
    print(json.dumps({"detector": options.detector, **measure(options.scenes, detector)}))


if __name__ == "__main__":
    main()
