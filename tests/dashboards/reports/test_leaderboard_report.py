from dashboards.card import NotYet
from dashboards.reports.leaderboard import DRAWN, best, report
from tracking.leaderboard import leaderboard
from tracking.records import CheckpointRef, State


def test_the_best_are_drawn_and_all_are_in_the_table(a_sweep, a_trial):
    sweep = a_sweep(*(a_trial(number, {1: number}) for number in range(DRAWN + 3)))
    card = report(sweep)
    assert best(leaderboard(sweep))["trial"].tolist() == list(range(DRAWN + 2, 2, -1))
    assert len(card.table) == DRAWN + 3
    assert max(card.figure.data[0].x) == DRAWN + 2


def test_the_picture_has_a_trace_a_state(a_sweep, a_trial):
    sweep = a_sweep(a_trial(0, {1: 0.5}), a_trial(1, {1: 0.4}, State.PRUNED), a_trial(2, {1: 0.3}, State.FAIL))
    assert [trace.name for trace in report(sweep).figure.data] == ["complete", "pruned"]


def test_the_caption_tells_the_leader_its_lead_and_who_failed(a_sweep, a_trial):
    sweep = a_sweep(a_trial(0, {1: 0.5, 2: 0.75}), a_trial(1, {1: 0.5}), a_trial(2, {}, State.FAIL, cause="NaN"))
    # 0.75 - 0.5 = 0.25
    assert report(sweep).caption == (
        "Trial 0 leads with val/accuracy 0.75 at epoch 2, 0.25 ahead of the next. Failed and not ranked: 1 trial."
    )


def test_equal_leaders_are_level(a_sweep, a_trial):
    assert "level with the next" in report(a_sweep(a_trial(0, {1: 0.5}), a_trial(1, {1: 0.5}))).caption


def test_the_table_leaves_out_empty_columns_and_paths(a_sweep, a_trial):
    trial = a_trial(0, {1: 0.5}, checkpoint=CheckpointRef("runs/epoch-0001.ab.ckpt", 1, "ab"))
    assert {"checkpoint", "cause"}.isdisjoint(report(a_sweep(trial)).table)


def test_not_yet_without_a_ranked_trial(a_sweep, a_trial):
    answer = report(a_sweep(a_trial(0, {1: 0.5}, State.FAIL)))
    assert isinstance(answer, NotYet)
    assert answer.reason == "no trial that still counts has reported a finite val/accuracy"
