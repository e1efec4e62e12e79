"""`tuner confirm`: train the best configurations again with fresh seeds."""

from __future__ import annotations

from typing import Annotated

import typer

from tuner.commands import AddressOption, HomeOption, InlineOption, JsonOption


def command(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    top: Annotated[int, typer.Option(min=1, help="How many of the best configurations.")] = 3,
    seeds: Annotated[int, typer.Option(min=2, help="How often each is trained.")] = 5,
    home: HomeOption = None,
    address: AddressOption = None,
    inline: InlineOption = False,
    json: JsonOption = False,
) -> None:
    """Train the best configurations again with fresh seeds: is the best one better, or was it lucky?"""
    from tuner import confirmation, told, watching
    from tuner.sweep import Sweep

    child = confirmation.prepare(Sweep.open(name, home), top, seeds)
    observer = watching.JsonLines(child) if json else watching.Lines(child)
    how = child.resume if confirmation.begun(child) else child.run
    how(address=address, runner="inline" if inline else "ray", observer=observer)
    if child.interrupted:
        typer.echo(f"interrupted: go on with `tuner confirm {name} --top {top} --seeds {seeds}`", err=True)
        raise typer.Exit(130)
    told.confirmation(confirmation.read(child.record()), json=json)
