"""What can be done to a batch of images, [batch, channels, height, width]: drawn by lot, or with given amounts."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def flip(x: Tensor, share: float, axis: int) -> Tensor:
    """Mirror a share of the images along an axis: 3 swaps left and right, 2 top and bottom."""
    chosen = torch.rand(len(x), device=x.device) < share
    return torch.where(chosen.view(-1, 1, 1, 1), x.flip(axis), x)


def rotate(x: Tensor, degrees: float) -> Tensor:
    """Turn each image by an angle of its own, up to so many degrees either way."""
    return rotated(x, _either_way(x, math.radians(degrees)))


def rotated(x: Tensor, angles: Tensor) -> Tensor:
    """Turn each image counter-clockwise by its angle, [batch], in radians; corners that open up become 0."""
    cosine, sine, nothing = angles.cos(), angles.sin(), torch.zeros_like(angles)
    ratio = x.shape[2] / x.shape[3]
    rows = [torch.stack(row, 1) for row in ((cosine, -sine * ratio, nothing), (sine / ratio, cosine, nothing))]
    grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


def crop(x: Tensor, padding: int) -> Tensor:
    """Pad each image with 0 on all sides and cut a window of the old size out of it, by lot."""
    down, right = torch.randint(0, 2 * padding + 1, (2, len(x)), device=x.device)
    return cropped(x, padding, down, right)


def cropped(x: Tensor, padding: int, down: Tensor, right: Tensor) -> Tensor:
    """Pad each image with 0 on all sides and cut out the window that starts so far down and right, [batch] each."""
    rows = down.view(-1, 1, 1) + torch.arange(x.shape[2], device=x.device).view(1, -1, 1)
    columns = right.view(-1, 1, 1) + torch.arange(x.shape[3], device=x.device).view(1, 1, -1)
    images = torch.arange(len(x), device=x.device).view(-1, 1, 1)
    return F.pad(x, [padding] * 4)[images, :, rows, columns].movedim(-1, 1).contiguous()


def colour(x: Tensor, brightness: float, contrast: float, saturation: float) -> Tensor:
    """Change brightness, contrast and saturation of each image by amounts of its own, up to so much either way."""
    return coloured(x, _either_way(x, brightness), 1 + _either_way(x, contrast), 1 + _either_way(x, saturation))


def coloured(x: Tensor, shift: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """Pull colours from their grey and pixels from the image's mean by a factor, then shift all; [batch] each."""
    shift, contrast, saturation = (amount.view(-1, 1, 1, 1) for amount in (shift, contrast, saturation))
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * saturation
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * contrast + shift


def _either_way(x: Tensor, most: float) -> Tensor:
    return (2 * torch.rand(len(x), device=x.device) - 1) * most
