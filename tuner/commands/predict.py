"""`tuner predict`: what a registered model says of new samples."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    model: Annotated[str, typer.Argument(help="MODEL@champion, MODEL/3.")],
    data: Annotated[Path, typer.Argument(help="A table, an image or a folder of them, or .npy/.npz of samples.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The CSV file; standard output otherwise.", show_default=False)
    ] = None,
    trust_code: Annotated[bool, typer.Option("--trust-code", help="Run code that the model brings.")] = False,
    home: HomeOption = None,
) -> None:
    """Predict new samples with a registered model: classes with probabilities, labels, or numbers in their units."""
    from tuner.prediction import predict

    predicted = predict(model, data, out or sys.stdout, home=home, trust_code=trust_code)
    for remark, count in predicted.remarks.items():
        typer.echo(f"note: {remark} ({count} of {predicted.samples} samples)", err=True)
    where = f", see {out}" if out else ""
    typer.echo(f"{predicted.samples} samples predicted by {predicted.version}{where}", err=True)
