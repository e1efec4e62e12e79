"""Forecasting differences from where a series stands."""

from __future__ import annotations

from torch import Tensor, nn

from search_spaces.shape import Shape


class AroundLast(nn.Module):
    """A forecasting network that sees, and predicts, differences from the last value of its window.

    A series whose level drifts looks the same at every level (Zeng et al., AAAI 2023, "NLinear").

    Args:
        network: [batch, steps, channels] -> [batch, horizon * channels].
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """The forecast, [batch, horizon * channels]."""
        last = x[:, -1:, :]
        difference: Tensor = self.network(x - last)
        return (difference.unflatten(1, (-1, x.shape[2])) + last).flatten(1)


def around_last(network: nn.Module, inputs: Shape, outputs: int) -> AroundLast:
    """The network, wrapped; refused for anything but a forecast."""
    require_forecast("relative", inputs, outputs)
    return AroundLast(network)


def forecasts(inputs: Shape, outputs: int) -> bool:
    """Whether the outputs can be steps ahead of every channel of a series."""
    return inputs.kind == "series" and outputs % inputs[1] == 0


def require_forecast(setting: str, inputs: Shape, outputs: int) -> None:
    """Refuse a setting that means nothing but in a forecast."""
    if not forecasts(inputs, outputs):
        raise ValueError(
            f"{setting} needs a series whose channels are all forecast, got {inputs.kind} of shape {tuple(inputs)} "
            f"with {outputs} outputs; set {setting} to false"
        )
