import base64
import io

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.colors import to_rgb
from PIL import Image

from animegan import figures
from animegan.files import InputError


def pictures(count, height=20, width=30):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


def pixels(figure):
    return np.array(Image.open(io.BytesIO(figure._repr_png_())).convert("RGB"))


def all_kinds():
    image = pictures(1)[0]
    return {
        "show": figures.show(image, "a title"),
        "sheet": figures.show_sheet(pictures(7), columns=3),
        "boxes": figures.show_boxes([image], {"true": [[(2, 2, 9, 9)]]}),
        "bars": figures.show_bars({"hair": {"blonde": 3, "red": 1}}),
        "lines": figures.show_lines([1, 2, 3], {"recall": [3, 2, 1]}, "x", "y"),
        "rungs": figures.show_rungs({"first": 300, "last": 20}, {"first": (250, 400), "last": (20, 20)}, "x"),
    }


@pytest.mark.parametrize("kind", ["show", "sheet", "boxes", "bars", "lines", "rungs"])
def test_figures_are_png_on_opaque_white(kind):
    data = all_kinds()[kind]._repr_png_()
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG" and image.mode == "P" and "transparency" not in image.info
    assert np.array(image.convert("RGB"))[0, 0].tolist() == [255, 255, 255]


ALTS = {
    "show": "1 picture: a title",
    "sheet": "7 pictures in rows of 3",
    "boxes": "1 picture with boxes (true)",
    "bars": "Bars of pictures: hair: blonde (3), red (1)",
    "lines": "Lines of y, over x: recall",
    "rungs": "Points of x: first (300), last (20)",
}


@pytest.mark.parametrize("kind", ALTS)
def test_figures_have_words_for_those_who_do_not_see_them(kind):
    made = all_kinds()[kind]
    assert made.alt == ALTS[kind]
    data, metadata = DisplayFormatter().format(made)
    assert data["text/plain"] == metadata["image/png"]["alt"] == made.alt
    address = f"data:image/png;base64,{base64.b64encode(data['image/png']).decode()}"
    assert data["text/html"] == f'<img alt="{made.alt}" src="{address}">'


def test_words_can_be_added():
    assert figures.show(pictures(2), ["a", "b"], alt="Both").alt == "2 pictures: a; b. Both"
    assert figures.show_sheet(pictures(3), alt="Faces").alt == "3 pictures. Faces"
    assert figures.show_sheet(pictures(20), title="t").alt == "20 pictures in rows of 10: t"
    lines = figures.show_lines([1, 2], {"a": [1, 2], "b": [2, 1]}, "x", "y", "Two", alt="They cross").alt
    assert lines == "Two: lines of y, over x: a; b. They cross"
    rungs = figures.show_rungs({"a": 120}, {"a": (100, 130)}, "x", ("real", 5), alt="One").alt
    assert rungs == "Points of x: a (120); real (5). One"


def test_the_same_arrays_give_the_same_bytes():
    assert figures.to_png(all_kinds()["bars"]) == figures.to_png(all_kinds()["bars"])


def test_arguments_are_left_as_they_were():
    image, boxes = pictures(1)[0], {"true": [[(2, 2, 9, 9)]]}
    before = image.copy()
    figures.show_boxes([image], boxes)._repr_png_()
    assert np.array_equal(image, before) and boxes == {"true": [[(2, 2, 9, 9)]]}


def test_no_figure_stays_open():
    plt = pytest.importorskip("matplotlib.pyplot")
    all_kinds()
    assert plt.get_fignums() == []


def test_series_differ_in_colour_line_and_marker():
    for column in zip(*figures.SERIES, strict=True):
        assert len(set(column)) == len(figures.SERIES)


def test_series_stand_out_from_white():
    """A contrast of 3 to 1 is what the accessibility guidelines (WCAG 2.1) ask of lines in a chart."""
    for colour, _, _ in figures.SERIES:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
        assert 1.05 / (np.dot(linear, (0.2126, 0.7152, 0.0722)) + 0.05) >= 3, colour


def test_pictures_of_one_row_have_one_height():
    wide, square = pictures(1, 20, 60)[0], pictures(1, 20, 20)[0]
    made = figures.show([wide, square], ["a", "b"])
    made.draw_without_rendering()
    heights = [axes.get_window_extent().height for axes in made.axes]
    assert heights[0] == pytest.approx(heights[1], rel=0.02)
    assert [axes.get_title(loc="left") for axes in made.axes] == ["a", "b"]


def test_unused_places_of_the_last_row_are_empty():
    made = figures.show(list(pictures(5)), columns=3)
    assert [len(axes.images) for axes in made.axes] == [1, 1, 1, 1, 1, 0]
    assert not made.axes[-1].axison


def test_boxes_lie_where_they_belong():
    made = figures.show_boxes(list(pictures(2)), {"true": [[(2, 3, 9, 8)], []], "found": [[], [(1, 1, 5, 5)]]})
    first, second = made.axes
    (line,) = first.lines
    assert set(zip(*line.get_data(), strict=True)) == {(2, 3), (9, 3), (9, 8), (2, 8)}
    assert len(second.lines) == 1
    assert first.lines[0].get_color() != second.lines[0].get_color()
    assert first.lines[0].get_linestyle() != second.lines[0].get_linestyle()
    assert [label.get_text() for label in made.legends[0].get_texts()] == ["true", "found"]


def test_boxes_without_any_need_no_legend():
    assert not figures.show_boxes(list(pictures(1)), {"found": [[]]}).legends


def test_bars_keep_the_order_and_say_their_numbers():
    (axes,) = figures.show_bars({"hair": {"red": 1200, "blue": 30}}).axes
    assert [bar.get_width() for bar in axes.patches] == [1200, 30]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["red", "blue"]
    assert [label.get_text() for label in axes.texts] == ["1,200", "30"]
    bottom, top = axes.get_ylim()
    assert bottom > top  # the first on top


def test_bars_that_are_compared_share_a_scale():
    counts = {"must": {"hair": 23}, "did": {"hair": 6}}
    for shared in (False, True):
        ends = {axes.get_xlim() for axes in figures.show_bars(counts, shared=shared).axes[:2]}
        assert (len(ends) == 1) == shared
    assert min(end for _, end in ends) > 23


def test_rungs_stand_where_their_numbers_are():
    values, spans = {"first": 1300, "last": 20}, {"first": (1250, 1400), "last": (15, 22)}
    (axes,) = figures.show_rungs(values, spans, "distance", floor=("real", 5)).axes
    (points, _, (lines,)) = axes.containers[0]
    assert points.get_xdata().tolist() == [1300, 20]
    assert [segment[:, 0].tolist() for segment in lines.get_segments()] == [[1250, 1400], [15, 22]]
    assert axes.get_xscale() == "log" and axes.yaxis_inverted()
    assert [text.get_text() for text in axes.texts] == ["1,300", "20", "real"]


def test_rungs_near_each_other_have_ticks_between():
    (axes,) = figures.show_rungs({"a": 69, "b": 92}, {"a": (65, 73), "b": (89, 95)}, "x").axes
    axes.figure.canvas.draw()
    assert {"70", "80", "90"} <= {tick.get_text() for tick in axes.get_xticklabels()}
    assert not any(tick.get_text() for tick in axes.get_xticklabels(minor=True))


def test_lines_have_a_legend_only_if_there_are_several():
    (one,) = figures.show_lines([1, 2], {"a": [1, 2]}, "x", "y").axes
    (two,) = figures.show_lines([1, 2], {"a": [1, 2], "b": [2, 1]}, "x", "y", ylim=(0, 3)).axes
    assert one.get_legend() is None and two.get_legend() is not None
    assert two.get_ylim() == (0, 3)


def test_logarithmic_lines_are_all_in_sight():
    values = {"a": [82, 78, 63, 49], "b": [1153, 1085, 1648, 402]}  # a linear axis would begin below 0
    (axes,) = figures.show_lines([2.5, 5, 10, 20], values, "x", "y", log=True).axes
    bottom, top = axes.get_ylim()
    assert 30 < bottom < 49 and 1648 < top < 2500


def test_logarithmic_lines_have_a_tick_at_each_number():
    (one,) = figures.show_lines([2.5, 5, 40], {"a": [1000, 100, 10]}, "x", "y", log=True).axes
    assert (one.get_xscale(), one.get_yscale()) == ("log", "log")
    one.figure.canvas.draw()
    assert [tick.get_text() for tick in one.get_xticklabels()] == ["2.5", "5", "40"]
    assert {"10", "20", "50", "100", "1,000"} <= {tick.get_text() for tick in one.get_yticklabels()}
    assert not any(tick.get_text() for tick in one.get_yticklabels(minor=True))


@pytest.mark.parametrize("draw", [figures.show, figures.show_sheet])
def test_nothing_to_show_is_an_error(draw):
    with pytest.raises(InputError, match="at least one picture"):
        draw([])


def test_no_tag_is_an_error():
    with pytest.raises(InputError, match="at least one tag"):
        figures.show_bars({})


def test_text_stays_black():
    image = np.full((20, 30, 3), (250, 10, 200), np.uint8)
    darkest = pixels(figures.show(image, "MMMM")).max(axis=2).min()
    assert darkest < 20
