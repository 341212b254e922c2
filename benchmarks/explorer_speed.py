"""How soon the explorer answers: from a key press to the new picture on the page, in a real Chromium.

    python benchmarks/explorer_speed.py [--run getchu-faces] [--presses 100] [--moved 6]

Six sliders have been moved before, each of which the face goes along anew. Also a drag of five seconds (whether a queue
grows: how far the kernel is behind when the finger stops), and the generator alone, warm, for one face and a strip of
eight.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from lab import Lab, missing
from nbformat.v4 import new_code_cell, new_notebook

# The page's own clock, from the key's event to the moment at which the picture that answers it is decoded.
WATCH = """() => {
    window.times = { face: [], strip: [] };
    let pressed = null;
    const slider = document.querySelector('.animegan-sliders input');
    slider.addEventListener('input', () => { pressed = performance.now(); }, true);
    document.querySelectorAll('img.animegan-picture').forEach((picture, index) => {
        picture.addEventListener('load', () => {
            if (pressed !== null) window.times[index ? 'strip' : 'face'].push(performance.now() - pressed);
        });
    });
}"""
# Moves the slider at each frame for some time, then waits for the picture of the last place.
DRAG = """async (seconds) => {
    const slider = document.querySelector('.animegan-sliders input');
    const face = document.querySelector('img.animegan-picture');
    let pictures = 0, last = 0;
    face.addEventListener('load', () => { pictures += 1; last = performance.now(); });
    const begun = performance.now();
    let moves = 0;
    while (performance.now() - begun < 1000 * seconds) {
        slider.value = 3 * Math.sin((performance.now() - begun) / 300);
        slider.dispatchEvent(new Event('input'));
        moves += 1;
        await new Promise(requestAnimationFrame);
    }
    const stopped = performance.now();
    await new Promise((done) => setTimeout(done, 3000));
    return { moves, pictures, behind_ms: last - stopped };
}"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="getchu-faces")
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--moved", type=int, default=6, help="sliders that have been moved before")
    parser.add_argument("--drag", type=float, default=5.0, help="seconds")
    options = parser.parse_args()
    result = {"generator_ms": warm_calls(options.run, options.presses)}
    result |= {"page": missing() or pages(options)}
    print(json.dumps(result, indent=1))


def warm_calls(run, count):
    from animegan.gan.finding import find_run
    from animegan.latent.fast import FastGenerator

    fast = FastGenerator(find_run(run).load_generator())
    latents = np.random.default_rng(0).standard_normal((count, 8, fast.width), np.float32)
    found = {}
    for name, faces in (("one_face", 1), ("strip_of_8", 8)):
        times = []
        for each in latents:
            started = time.perf_counter()
            fast(each[:faces])
            times.append(1e3 * (time.perf_counter() - started))
        found[name] = summary(times)
    return found


def pages(options):
    with tempfile.TemporaryDirectory() as scratch:
        served = Path(scratch, "served")
        served.mkdir()
        code = f"""from animegan.latent import explore
explorer = explore({options.run!r})
explorer.sliders.values = dict.fromkeys(explorer.sliders.names[: {options.moved}], 0.5)
explorer"""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(new_notebook(cells=[new_code_cell(code)], metadata=kernel), served / "explorer.ipynb")
        with Lab(served, scratch) as lab:
            lab.open("explorer.ipynb")
            lab.run_all()
            page = lab.page
            slider = page.locator(".animegan-sliders input").first
            slider.focus()
            page.wait_for_timeout(1000)
            page.evaluate(WATCH)
            for number in range(options.presses):
                page.keyboard.press("ArrowRight" if (number // 20) % 2 == 0 else "ArrowLeft")
                page.wait_for_function("(count) => window.times.strip.length >= count", arg=number + 1)
            times = page.evaluate("window.times")
            dragged = page.evaluate(DRAG, options.drag)
    return {"face_ms": summary(times["face"]), "strip_ms": summary(times["strip"]), "drag": dragged}


def summary(times):
    return {
        "median": round(float(np.median(times)), 2),
        "p90": round(float(np.percentile(times, 90)), 2),
        "n": len(times),
    }


if __name__ == "__main__":
    main()
