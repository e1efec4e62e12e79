"""docs/reliability.md from what was measured: its text stands in `reliability.md` beside this file."""

from __future__ import annotations

import ast
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from survival import campaign
from survival.campaign import Row

TEMPLATE = Path(__file__).with_name("reliability.md")
NOT_MEASURED = (
    ("The system's own clock is set", "nothing is noticed", "it would be set for everyone: `clock_jump` stands for it"),
    ("A GPU's memory runs out", "that trial is FAIL", "no GPU here: `cuda_out_of_memory` raises the same error"),
)


def write(measured: Path, document: Path) -> None:
    """Make the document."""
    rows = campaign.read(measured)
    text = TEMPLATE.read_text(encoding="utf-8")
    document.parent.mkdir(exist_ok=True)
    document.write_text(
        text.replace("{{table}}", table(rows)).replace("{{summary}}", summary(rows, campaign.history(measured))),
        encoding="utf-8",
    )


def table(rows: Sequence[Row]) -> str:
    """Fault, promise, how often it was injected and held; then what was not measured."""
    lines = ["| fault | promised | injected | held | median s |", "| --- | --- | --- | --- | --- |"]
    lines += [_line(name, [row for row in rows if row.fault == name]) for name in campaign.names()]
    lines += [f"| {fault} | {promised} | not measured: {why} | | |" for fault, promised, why in NOT_MEASURED]
    return "\n".join(lines)


def summary(rows: Sequence[Row], history: Sequence[Row]) -> str:
    """How many injections held, and which did not, or not at first."""
    held = sum(row.held for row in rows)
    days = sorted({row.date for row in rows})
    machines = "; ".join(sorted({row.machine for row in rows}))
    lines = [f"{held} of {len(rows)} injections held ({' to '.join(dict.fromkeys(days[:1] + days[-1:]))}; {machines})."]
    lines += ["", _codes(rows)]
    first = [row for row in history if not row.held and row not in rows]
    lines += _listed("Not held:", [row for row in rows if not row.held])
    return "\n".join([*lines, *_listed("Not held at first, and injected again after something was mended:", first)])


def _codes(rows: Sequence[Row]) -> str:
    """A campaign that goes on over days, or while the code changes, measures more than one."""
    found = Counter(row.code or "code that was not noted" for row in rows)
    return f"Injected into {', '.join(f'{code} ({count})' for code, count in sorted(found.items()))}; + for changes."


def _listed(title: str, rows: Sequence[Row]) -> list[str]:
    told = [f"- `{row.fault}` {row.number} (seed {row.seed}): {row.problem[:200]}" for row in rows]
    return ["", title, "", *told] if told else []


def _line(name: str, rows: Sequence[Row]) -> str:
    told, promised = _about(name)
    if not rows:
        return f"| `{name}`: {told} | {promised} | not yet | | |"
    middle = statistics.median(row.seconds for row in rows)
    return f"| `{name}`: {told} | {promised} | {len(rows)} | {sum(row.held for row in rows)} | {middle:.0f} |"


def _about(name: str) -> tuple[str, str]:
    """What a fault does and what is promised, read off its file: to import all of them takes seconds."""
    tree = ast.parse((Path(__file__).parent / "faults" / f"{name}.py").read_text(encoding="utf-8"))
    told = (ast.get_docstring(tree) or "").split("\n", maxsplit=1)[0].rstrip(".")
    values = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PROMISED"
    ]
    return told, str(ast.literal_eval(values[0]))
