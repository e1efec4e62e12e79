"""One page on a sweep, in one file: it opens without a network and can be sent to anyone.

The page's policy allows two scripts, by their digests: plotly and the few lines that draw. Nothing is fetched, and no
text of a user's could run even if it were not escaped.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any, Protocol, cast

import pandas as pd
from pandas.api.types import is_numeric_dtype

from dashboards import reports, style
from dashboards.card import Card, NotYet
from tracking.leaderboard import entries
from tracking.records import State, SweepRecord

ROWS = 200


class Report(Protocol):
    """A file in `dashboards/reports`: its place on the page, its question, and its answer for a sweep."""

    ORDER: int
    QUESTION: str

    def report(self, sweep: SweepRecord) -> Card | NotYet:
        """Answer the question, or say why not yet."""


def write(sweep: SweepRecord, path: Path) -> Path:
    """Write the page to a file and hand its path back; the folder must exist."""
    path.write_text(render(sweep), encoding="utf-8")
    return path


def render(sweep: SweepRecord) -> str:
    """The page as HTML; a report that raises gets its error in its card, and the others are drawn."""
    return whole(sweep.name, _header(sweep), [_card(report, sweep) for report in found()])


def whole(title: str, header: str, cards: Iterable[str]) -> str:
    """A page of its own.

    Args:
        title: Plain text.
        header: HTML, above the cards.
        cards: What `section` gives.
    """
    plotly = _plotly_js()
    policy = (
        "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
        f"script-src {_digest(plotly)} {_digest(style.DRAW)}"
    )
    inside = "\n".join(cards)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{style.CSS}</style>
</head>
<body>
{header}
<main>
{inside}
</main>
<script>{plotly}</script>
<script>{style.DRAW}</script>
</body>
</html>
"""


def found() -> list[Report]:
    """The files in `dashboards/reports`, in the order that each asks for."""
    names = [module.name for module in pkgutil.iter_modules(reports.__path__)]
    modules = [cast(Report, importlib.import_module(f"{reports.__name__}.{name}")) for name in names]
    return sorted(modules, key=lambda module: (module.ORDER, module.QUESTION))


# --- the head of the page ---


def _header(sweep: SweepRecord) -> str:
    aim = "more is better" if sweep.objective.mode == "max" else "less is better"
    when = f" · begun {sweep.created:%Y-%m-%d %H:%M}" if sweep.created else ""
    tiles = "".join(_tile(label, value, note) for label, value, note in _facts(sweep))
    return f"""<header>
<h1>{escape(sweep.name)}</h1>
<p>{escape(sweep.objective.metric)}, {aim}{when}</p>
<dl>{tiles}</dl>
<p class="states">{_states(sweep)}</p>
</header>"""


def _facts(sweep: SweepRecord) -> Iterable[tuple[str, str, str]]:
    leader = next((entry for entry in entries(sweep) if entry.rank == 1), None)
    if leader:
        yield f"best {sweep.objective.metric}", style.shown(leader.value), f"trial {leader.trial}, epoch {leader.step}"
    else:
        yield f"best {sweep.objective.metric}", "none yet", ""
    epochs = sum(trial.epochs for trial in sweep.trials)
    yield "trials", f"{len(sweep.trials):,}", f"{style.counted(epochs, 'epoch')} trained"
    first, *others = _budget(sweep.spec.get("budget"))
    yield "budget", first, " · ".join(others)


def _budget(budget: object) -> list[str]:
    given = budget.items() if isinstance(budget, Mapping) else []
    amounts = [f"{style.shown(value)} {str(key).replace('_', ' ')}" for key, value in given if value is not None]
    return amounts or ["none given"]


def _tile(label: str, value: str, note: str) -> str:
    return f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd><dd class='note'>{escape(note)}</dd></div>"


def _states(sweep: SweepRecord) -> str:
    counts = Counter(trial.state for trial in sweep.trials)
    pill = '<span><i style="background:{colour}"></i>{count} {state}</span>'
    return "".join(
        pill.format(colour=style.STATE[state], count=f"{counts[state]:,}", state=style.named(state))
        for state in State
        if counts[state]
    )


# --- the cards ---


def _card(report: Report, sweep: SweepRecord) -> str:
    try:
        body = _body(report.report(sweep))
    except Exception as error:  # noqa: BLE001 - whatever a report raises, the page and the other cards are drawn
        body = f'<p class="error">{escape(_one_line(error))}</p>'
    return _section(report.QUESTION, body)


def section(card: Card) -> str:
    """A card as HTML."""
    return _section(card.question, _body(card))


def _section(question: str, body: str) -> str:
    return f"<section>\n<h2>{escape(question)}</h2>\n{body}\n</section>"


def _body(answer: Card | NotYet) -> str:
    if isinstance(answer, NotYet):
        return f'<p class="not-yet">Not yet, because {escape(answer.reason)}.</p>'
    return (
        f'<p class="caption">{escape(answer.caption)}</p>\n'
        f'<div class="figure"><div></div><script type="application/json">{_json(answer.figure)}</script></div>\n'
        f"<details><summary>The numbers</summary>{_table(answer.table)}</details>"
    )


def _one_line(error: Exception) -> str:
    return " ".join(f"This report failed: {type(error).__name__}: {error}".split())


def _json(figure: Any) -> str:
    return figure.to_json().replace("<", "\\u003c")


def _table(table: pd.DataFrame) -> str:
    kinds = ["number" if is_numeric_dtype(table[name]) else "text" for name in table]
    head = "".join(f'<th class="{kind}">{escape(str(name))}</th>' for kind, name in zip(kinds, table, strict=True))
    rows = "".join(_row(row, kinds) for row in table.head(ROWS).itertuples(index=False))
    more = f"<p>The first {ROWS} of {len(table):,} rows.</p>" if len(table) > ROWS else ""
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}'


def _row(values: Iterable[object], kinds: Iterable[str]) -> str:
    cells = (f'<td class="{kind}">{escape(style.shown(value))}</td>' for kind, value in zip(kinds, values, strict=True))
    return f"<tr>{''.join(cells)}</tr>"


# --- the two scripts ---


def _plotly_js() -> str:
    style.graph_objects()  # says how to install plotly where it is missing
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
