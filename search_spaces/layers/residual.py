"""A branch beside a shortcut."""

from __future__ import annotations

from torch import Tensor, nn


class Residual(nn.Module):
    """branch(x) + shortcut(x) (He et al., CVPR 2016).

    Args:
        branch: What learns the difference.
        shortcut: x itself if not given; needed where the branch changes the shape.
    """

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both."""
        total: Tensor = self.branch(x) + self.shortcut(x)
        return total
