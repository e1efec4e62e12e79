from pathlib import Path

import pandas as pd
import pytest

from dashboards import regret, style

CURVES = pd.DataFrame(
    {
        "method": ["random + none"] * 2 + ["<b>tpe</b> + asha"] * 2,
        "trainings": [5.0, 10.0] * 2,
        "regret": [0.5, 0.4, 0.6, 0.1],
        "half": [0.1, 0.05, float("nan"), float("nan")],
    }
)


def test_a_line_a_method_and_its_interval_around_it():
    around, line, _, other = regret.draw(CURVES).data
    assert (list(line.x), list(line.y), line.name) == ([5, 10], [0.5, 0.4], "random + none")
    assert list(around.x) == [5, 10, 10, 5]
    assert list(around.y) == pytest.approx([0.6, 0.45, 0.35, 0.4])  # up along the upper ends, back along the lower
    assert other.name == "&lt;b&gt;tpe&lt;/b&gt; + asha"
    assert line.line.color != other.line.color


def test_more_methods_than_colours_differ_by_their_dash():
    many = pd.concat([CURVES.assign(method=f"method {i}") for i in range(len(regret.COLOURS) + 1)])
    lines = [trace.line for trace in regret.draw(many).data if trace.name]
    assert (lines[0].color, lines[-1].color) == (style.BLUE, style.BLUE)
    assert lines[0].dash != lines[-1].dash


def test_the_axis_ends_near_a_median_configuration_however_bad_the_first_values_are():
    assert regret.draw(CURVES).layout.yaxis.range == pytest.approx((0, 1.1 * 0.6))
    assert regret.draw(CURVES.assign(regret=[7.0, 0.4, 3.0, 0.1])).layout.yaxis.range == pytest.approx((0, 1.1))


def test_the_caption_names_the_nearest_at_the_end():
    assert regret.caption(CURVES).startswith("After 10 whole trainings <b>tpe</b> + asha is the nearest, with a mean")
    assert " regret of 0.1:" in regret.caption(CURVES)


def test_the_page_is_whole_and_says_what_was_compared(tmp_path: Path):
    text = regret.write(CURVES, CURVES, "2 tasks x 3 seeds <1 worker>", tmp_path / "page.html").read_text()
    assert "2 tasks x 3 seeds &lt;1 worker&gt;" in text
    assert "<b>tpe" not in text
    assert text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>")
