import re
import sys
from types import SimpleNamespace

import pytest

from dashboards import page, reports
from dashboards.card import MissingExtra, NotYet
from dashboards.reports import leaderboard, parameter_importance
from tracking.records import State

INJECTED = "</script><script>alert('hi')</script>"
QUESTIONS = [
    "Which trials are best?",
    "How fast did the search find it?",
    "How did the trials learn?",
    "What matters?",
    "What does one objective cost in another?",
]


def without_plotly(html):
    """The page less its longest script, which is plotly's own."""
    return html.replace(max(re.findall(r"<script>.*?</script>", html, re.DOTALL), key=len), "")


def a_good_sweep(a_sweep, a_trial, **facts):
    trials = [a_trial(number, {1: 0.2, 2: number / 20}, params={"optimizer.sgd.lr": number}) for number in range(12)]
    return a_sweep(*trials, budget={"trials": 12, "epochs": 2, "minutes": None}, **facts)


def test_the_page_has_a_card_for_every_report_in_order(a_sweep, a_trial):
    html = without_plotly(page.render(a_good_sweep(a_sweep, a_trial)))
    assert re.findall(r"<h2>(.*?)</h2>", html) == QUESTIONS
    assert html.count('<div class="figure">') == html.count("<details>") == 4
    assert html.count("Not yet, because val/accuracy is the sweep&#x27;s only objective.") == 1


def test_the_header_tells_the_name_the_objective_the_best_value_and_the_budget(a_sweep, a_trial):
    html = without_plotly(page.render(a_good_sweep(a_sweep, a_trial)))
    head = html[html.index("<header>") : html.index("</header>")]
    text = " ".join(re.sub(r"<[^>]+>", " ", head).split())
    assert text == (
        "digits val/accuracy, more is better · begun 2026-01-02 03:04 "
        "best val/accuracy 0.55 trial 11, epoch 2 trials 12 24 epochs trained budget 12 trials 2 epochs 12 complete"
    )


def test_a_sweep_without_trials_renders_with_the_reasons(a_sweep):
    html = page.render(a_sweep())
    assert html.count("Not yet, because") == len(QUESTIONS)
    assert "none yet" in html


def test_a_sweep_of_failed_trials_renders_with_their_curves(a_sweep, a_trial):
    sweep = a_sweep(a_trial(0, {1: 0.5}, State.FAIL, cause="CUDA out of memory"), a_trial(1, {}, State.FAIL))
    html = without_plotly(page.render(sweep))
    assert "2 failed" in html
    assert html.count('<div class="figure">') == 1


def test_a_report_that_raises_shows_its_error_and_the_others_are_drawn(a_sweep, a_trial, monkeypatch):
    def fails(sweep):
        raise ValueError("no such\n<b>column</b>")

    monkeypatch.setattr(leaderboard, "report", fails)
    html = without_plotly(page.render(a_good_sweep(a_sweep, a_trial)))
    assert "This report failed: ValueError: no such &lt;b&gt;column&lt;/b&gt;" in html
    assert re.findall(r"<h2>(.*?)</h2>", html) == QUESTIONS
    assert html.count('<div class="figure">') == 3


def test_a_figure_that_cannot_be_written_is_an_error_in_its_card(a_sweep, monkeypatch):
    unfinished = SimpleNamespace(ORDER=1, QUESTION="Why?", report=lambda sweep: SimpleNamespace(caption="", table=None))
    monkeypatch.setattr(page, "found", lambda: [unfinished])
    assert "This report failed: AttributeError" in page.render(a_sweep())


def test_whatever_a_user_wrote_is_escaped(a_sweep, a_trial):
    params = {f"optimizer.{INJECTED}": INJECTED}
    trials = [a_trial(number, {1: number / 20}, params=params) for number in range(12)]
    failed = a_trial(12, {1: 0.5}, State.FAIL, cause=INJECTED)
    html = page.render(a_sweep(*trials, failed, name=INJECTED, budget={INJECTED: INJECTED}))
    assert "alert(" in html
    assert "<script>alert" not in html
    assert html.count("<script>") == 2  # plotly, and the lines that draw


def test_a_reason_is_escaped(a_sweep, monkeypatch):
    monkeypatch.setattr(parameter_importance, "report", lambda sweep: NotYet("What matters?", "<i>"))
    assert "Not yet, because &lt;i&gt;." in page.render(a_sweep())


def test_the_page_fetches_nothing(a_sweep, a_trial):
    html = without_plotly(page.render(a_good_sweep(a_sweep, a_trial)))
    assert "http://" not in html
    assert "https://" not in html
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=", html)
    assert "default-src 'none'" in html


def test_the_policy_names_the_two_scripts_by_their_digests(a_sweep):
    html = page.render(a_sweep())
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert policy.endswith("script-src " + " ".join(page._digest(script) for script in scripts))


def test_a_long_table_says_that_it_was_cut(a_sweep, a_trial):
    sweep = a_sweep(*(a_trial(number, {1: number}) for number in range(page.ROWS + 1)))
    html = page.render(sweep)
    assert f"The first {page.ROWS} of {page.ROWS + 1} rows." in html


def test_the_page_is_written_as_one_file(a_sweep, tmp_path):
    path = page.write(a_sweep(name="größe"), tmp_path / "page.html")
    assert path == tmp_path / "page.html"
    assert "<h1>größe</h1>" in path.read_text(encoding="utf-8")


def test_without_plotly_the_error_says_what_to_install(a_sweep, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingExtra, match=r'pip install "sweepforge\[viz\]"'):
        page.render(a_sweep())


@pytest.mark.parametrize("report", page.found(), ids=lambda report: report.__name__.rpartition(".")[2])
def test_every_report_answers_the_question_it_declares(report, a_sweep, a_trial):
    assert report.__name__.startswith(reports.__name__)
    assert report.report(a_sweep()).question == report.QUESTION
    assert report.report(a_good_sweep(a_sweep, a_trial)).question == report.QUESTION
