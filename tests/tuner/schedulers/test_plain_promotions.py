"""Asha, whose rungs are kept in order, against its rule written down plainly: sorted anew for each question."""

import random

import pytest

from tuner.rungs import levels
from tuner.schedulers.asha import Promotions


class Plainly:
    """Algorithm 2 of Li et al. (MLSys 2020) with everything sorted anew for every question."""

    def __init__(self, at, epochs, trials, factor):
        self.rungs = [(level, {}) for level in at]
        self.epochs, self.trials, self.factor = epochs, trials, factor
        self.entered, self.whole, self.gone = 0, False, set()

    def enter(self, number):
        self.entered += 1

    def leave(self, number):
        self.gone.add(number)

    def report(self, number, epoch, score):
        if epoch >= self.epochs:
            self.whole = True
            return "CONTINUE"
        scores = next((scores for level, scores in reversed(self.rungs) if level <= epoch), None)
        if scores is None or number in scores:
            return "CONTINUE"
        scores[number] = score
        return "CONTINUE" if number in self.best(scores) else "PAUSE"

    def promoted(self, paused, running):
        waiting, above = [], set()
        for _, scores in reversed(self.rungs):
            order = sorted(scores, key=lambda number: (-scores[number], number))
            waiting.append((scores, [number for number in order if number in paused and number not in above]))
            above |= set(scores)
        for scores, numbers in waiting:
            if earned := [number for number in numbers if number in self.best(scores)]:
                return earned[0]
        if running or self.whole or self.entered < self.trials:
            return None
        return next((numbers[0] for _, numbers in waiting if numbers), None)

    def best(self, scores):
        return sorted(scores, key=lambda number: (-scores[number], number))[: len(scores) // self.factor]


@pytest.mark.parametrize("seed", range(30))
def test_every_answer_is_that_of_the_rule(seed):
    draw = random.Random(seed)
    trials, workers, epochs = draw.choice([5, 40, 120]), draw.choice([1, 3, 25]), draw.choice([1, 4, 27])
    settings = levels(1, epochs, 3), epochs, trials, 3
    kept, plain = Promotions(*settings), Plainly(*settings)
    done, paused, working, questions = {}, set(), [], 0
    while True:
        while len(working) < workers:
            chosen = kept.promoted(paused, bool(working))
            assert chosen == plain.promoted(paused, bool(working))
            questions += 1
            if chosen is None and len(done) == trials:
                break
            if chosen is None:
                chosen = len(done)
                done[chosen] = 0
                kept.enter(chosen), plain.enter(chosen)
            paused.discard(chosen)
            working.append(chosen)
        if not working:
            break
        number = working.pop(draw.randrange(len(working)))
        done[number] += 1
        if draw.random() < 0.03:  # it fails
            kept.leave(number), plain.leave(number)
            continue
        score = draw.choice([draw.random(), draw.randrange(4) / 4])
        answer = kept.report(number, done[number], score)
        assert answer == plain.report(number, done[number], score)
        if done[number] == epochs:
            kept.leave(number), plain.leave(number)
        elif answer == "PAUSE":
            paused.add(number)
        else:
            working.append(number)
    assert questions >= trials and len(done) == trials
