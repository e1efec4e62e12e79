"""`tuner export`: a registered model as a file that others run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuner.commands import HomeOption


def command(
    model: Annotated[str, typer.Argument(help="MODEL@champion, MODEL/3.")],
    onnx: Annotated[Path | None, typer.Option(help="Write ONNX to this file.", show_default=False)] = None,
    pt2: Annotated[Path | None, typer.Option(help="Write torch.export's archive.", show_default=False)] = None,
    torchscript: Annotated[Path | None, typer.Option(help="Write TorchScript.", show_default=False)] = None,
    int8: Annotated[
        Path | None, typer.Option(help="Write ONNX with weights of 8 bits; says what it costs.", show_default=False)
    ] = None,
    trust_code: Annotated[bool, typer.Option("--trust-code", help="Run code that the model brings.")] = False,
    home: HomeOption = None,
) -> None:
    """Write a registered model as ONNX, pt2 or TorchScript, compared with the network itself on real samples."""
    from tuner.errors import UsageError
    from tuner.exporting import export

    asked = {"onnx": onnx, "pt2": pt2, "torchscript": torchscript, "int8": int8}
    files = {kind: file for kind, file in asked.items() if file is not None}
    if not files:
        raise UsageError("say what to write: --onnx FILE, --pt2 FILE, --torchscript FILE or --int8 FILE")
    for written in export(model, files, home=home, trust_code=trust_code):
        typer.echo(str(written))
