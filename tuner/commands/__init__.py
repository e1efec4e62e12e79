"""The command line, one command a file. The folder is the list; what a command needs is imported inside it."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of all sweeps; TUNER_HOME or ./runs otherwise.", show_default=False),
]

AddressOption = Annotated[str | None, typer.Option("--address", help="A Ray cluster to run on: HOST:PORT.")]
InlineOption = Annotated[bool, typer.Option("--inline", help="One trial after another in this process, no Ray.")]
SearcherOption = Annotated[
    str | None, typer.Option("--searcher", help="In place of the spec's: `tuner list searchers`.", show_default=False)
]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", help="In place of the spec's: `tuner list schedulers`.", show_default=False)
]
AcceptOption = Annotated[
    bool, typer.Option("--accept-changes", help="Go on though code, packages or data are others than before.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]

_ORDER = (
    "sweep",
    "check",
    "status",
    "resume",
    "extend",
    "pause",
    "stop",
    "set",
    "enqueue",
    "leaderboard",
    "report",
    "list",
    "describe",
    "ui",
)


def app() -> typer.Typer:
    """The application with every command of this folder."""
    made = typer.Typer(
        help="Find the best network for a task, and keep every trial.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    names = {module.name for module in pkgutil.iter_modules(__path__)}
    for name in [*(name for name in _ORDER if name in names), *sorted(names.difference(_ORDER))]:
        made.command(name)(importlib.import_module(f"{__name__}.{name}").command)
    return made


def laid_over(overrides: list[str] | None, **options: str | None) -> list[str]:
    """The overrides of a command line, with those that have an option of their own last: they count."""
    return [*(overrides or []), *(f"{key}={value}" for key, value in options.items() if value is not None)]


def main() -> None:
    """Run the command line: 0 done, 1 every trial failed, 2 wrong usage, 130 interrupted."""
    sys.path.insert(0, str(Path.cwd()))  # a user's own modules lie where they work
    # Ray prints pages about every worker that dies to our standard output, among the JSON; read when it is imported.
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
    try:
        app()()
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(130)
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # noqa: BLE001 (what is not ours is raised again)
        sys.exit(_exit_code(error))


def _exit_code(error: Exception) -> int:
    from tracking import disk
    from tracking.lines import JournalError, LedgerError
    from tracking.registry import RegistryError
    from tuner import full_disk
    from tuner.errors import EveryTrialFailedError, TunerError

    if isinstance(error, OSError) and disk.is_full(error):
        _say(full_disk.in_words(Path(error.filename or "."), "then give the command again"))
        return 130
    if not isinstance(error, TunerError | LedgerError | JournalError | RegistryError):
        raise error
    _say(str(error))
    return 1 if isinstance(error, EveryTrialFailedError) else 2


def _say(text: str) -> None:
    for line in text.splitlines():
        typer.echo(f"error: {line}" if line != "interrupted" else line, err=True)
