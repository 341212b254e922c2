"""The explorer's controls in a real browser, each alone on an empty page: no kernel, and a model that only stores."""

import base64
import hashlib

import numpy as np
import pytest
from browsing import bare_page

from animegan.controls import Pad, Picture, Sheet, Sliders
from animegan.pictures import encode

MODEL = """([source, state, names]) => {
    const listeners = {};
    for (const name of names) {
        state[name] = new DataView(Uint8Array.from(atob(state[name]), (letter) => letter.charCodeAt(0)).buffer);
    }
    window.model = {
        get: (name) => state[name],
        set: (name, value) => {
            state[name] = value;
            for (const listener of listeners[`change:${name}`] ?? []) listener();
        },
        on: (event, listener) => (listeners[event] ??= []).push(listener),
        off: () => {},
        save_changes: (callbacks) => { window.callbacks = callbacks; },
        send: (content) => window.sent.push(content),
        widget_manager: { callbacks: () => ({ iopub: { output: "theirs" } }) },
    };
    window.sent = [];
    document.body.replaceChildren();
    const code = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return import(code).then((module) => module.default.render({ model: window.model, el: document.body }) && null);
}"""


@pytest.fixture(scope="module")
def page():
    with bare_page() as (page, errors):
        yield page
        assert not errors


def put(page, control, **state):
    """Show a control. Bytes reach it as Jupyter hands them over, as a DataView."""
    names = [name for name, value in state.items() if isinstance(value, bytes)]
    state |= {name: base64.b64encode(state[name]).decode() for name in names}
    page.evaluate(MODEL, [control._esm, state, names])


@pytest.mark.parametrize("side", [8, 400, 1000])
def test_a_picture_of_any_size_is_shown(page, side):
    """More than about 120,000 bytes are more than one call takes as arguments."""
    data = encode(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))
    assert side == 8 or len(data) > 120_000
    put(page, Picture, value=data, words="noise", width="auto")
    picture = page.get_by_role("img", name="noise")
    picture.evaluate("picture => picture.decode()")
    assert picture.evaluate("picture => picture.naturalWidth") == side
    held = base64.b64decode(picture.get_attribute("src").partition(",")[2])
    assert hashlib.sha256(held).digest() == hashlib.sha256(data).digest()


def test_a_slider_says_what_was_moved_and_answers_once_when_the_kernel_is_busy(page):
    put(page, Sliders, names=["hair", "eyes"], values={}, moves={}, ranges={}, reach=[-4, 4, 0.1])
    page.get_by_role("slider", name="hair").press("ArrowRight")
    page.get_by_role("slider", name="eyes").press("ArrowRight")
    page.get_by_role("slider", name="eyes").press("ArrowRight")
    assert page.evaluate("[model.get('values'), model.get('moves')]") == [
        {"hair": 0.1, "eyes": 0.2},
        {"hair": 1, "eyes": 2},
    ]
    assert page.evaluate("callbacks.iopub.output") == "theirs"
    for state, answers in (("starting", []), ("busy", [{}]), ("idle", [{}])):
        page.evaluate("(state) => { callbacks.iopub.status({ content: { execution_state: state } }); }", state)
        assert page.evaluate("sent") == answers


def test_the_pad_counts_the_way_that_was_moved(page):
    put(page, Pad, names=["hair", "eyes"], place=[0, 1], moves={}, reach=4)
    page.locator(".animegan-pad").press("ArrowRight")
    assert page.evaluate("[model.get('place'), model.get('moves')]") == [[0.1, 1], {"hair": 1}]


def test_the_sheet_says_which_face_is_steered(page):
    put(page, Sheet, picture=encode(np.zeros((20, 30, 3), np.uint8)), count=6, columns=3, picked=[-1, 0], shown=1)
    pressed = page.get_by_role("button", pressed=True)
    assert [button.get_attribute("aria-label") for button in pressed.all()] == ["Face 2 of 6"]
    page.evaluate("model.set('shown', 5)")
    assert [button.get_attribute("aria-label") for button in pressed.all()] == ["Face 6 of 6"]
    page.evaluate("model.set('shown', -1)")
    assert pressed.count() == 0
