"""A transformer."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from torch import Tensor, nn

from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.layers.attention import EncoderBlock, positions
from search_spaces.layers.forecast import around_last
from search_spaces.layers.sequences import Reader, max_of, mean_of, real_steps
from search_spaces.shape import Kind, Shape


class Transformer(Architecture):
    """Transformer encoder (Vaswani et al., NeurIPS 2017): every step looks at every other; wants much data."""

    fits: ClassVar[tuple[Kind, ...]] = ("text", "series")

    width: Annotated[int, Between(32, 256, step=32, shapes=True), Field(ge=1)] = 128
    """Features of a step; a multiple of heads."""
    heads: Annotated[int, Among(1, 2, 4, 8, shapes=True), Field(ge=1)] = 4
    """Attentions side by side in each block."""
    depth: Annotated[int, Between(1, 6, shapes=True), Field(ge=1)] = 2
    """Number of blocks."""
    feedforward: Annotated[int, Between(1, 4, shapes=True), Field(ge=1)] = 4
    """Hidden units of each block's two layers, as a multiple of width."""
    norm_first: Annotated[bool, Among(False, True)] = True
    """Normalise what enters each branch, which trains without a warm-up, instead of each sum as in the first paper."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "gelu", "swish")
    ] = "gelu"
    """What stands between the two layers of a block."""
    dropout: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.1
    """Share of features and attention weights that are silenced in each training step."""
    pooling: Annotated[Literal["mean", "max"], Among("mean", "max")] = "mean"
    """How all steps become one: the mean, or each feature's largest value."""
    relative: bool = False
    """For forecasts, read and predict differences from the window's last value (Zeng et al., AAAI 2023)."""

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if rest := self.width % self.heads:
            below, above = self.width - rest, self.width - rest + self.heads
            near = f"{below} or {above}" if below else f"{above}"
            raise ValueError(
                f"width must be a multiple of heads, got width={self.width}, heads={self.heads}; set width to {near}"
            )
        return self

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Words or steps with their positions, the blocks, pooling, a linear head; `inputs` is text or a series."""
        network = _Encoder(self, inputs, outputs)
        return around_last(network, inputs, outputs) if self.relative else network

    def block(self) -> EncoderBlock:
        """One block."""
        hidden = self.feedforward * self.width
        return EncoderBlock(self.width, self.heads, hidden, self.dropout, self.norm_first, self.activation)


class _Encoder(nn.Module):
    positions: Tensor

    def __init__(self, settings: Transformer, inputs: Shape, outputs: int) -> None:
        super().__init__()
        width = settings.width
        self.scale = (
            width**0.5 if inputs.kind == "text" else 1.0
        )  # words enter at the size of positions, as in the paper
        self.reader = Reader(inputs, width, project=True, deviation=1 / self.scale)
        self.register_buffer("positions", positions(inputs[0], width), persistent=False)
        self.dropout = nn.Dropout(settings.dropout)
        self.blocks = nn.ModuleList(settings.block() for _ in range(settings.depth))
        self.norm = nn.LayerNorm(width) if settings.norm_first else nn.Identity()
        self.pool = {"mean": mean_of, "max": max_of}[settings.pooling]
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        steps, lengths = self.reader(x)
        real = real_steps(lengths, steps.shape[1])
        steps = self.dropout(steps * self.scale + self.positions[: steps.shape[1]])
        for block in self.blocks:
            steps = block(steps, real)
        outputs: Tensor = self.head(self.pool(self.norm(steps), lengths))
        return outputs
