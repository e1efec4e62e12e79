"""`tuner set`: change how a sweep is driven."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    settings: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="workers=4: trials at once.")],
    home: HomeOption = None,
) -> None:
    """Change how many trials of a sweep run at once, from now on."""
    from search_spaces import plugins
    from tuner.errors import UsageError
    from tuner.reading import assigned
    from tuner.sweep import Sweep

    given = assigned(settings)
    for key in given:
        if key != "workers":
            raise UsageError(f"{key!r} cannot be set while a sweep is driven{plugins.suggestion(key, ['workers'])}")
    typer.echo(Sweep.open(name, home).set(**given))
