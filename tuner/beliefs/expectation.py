"""What is hoped for from a training: expected improvement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_ndtr, ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FAR = -5.0
"""From so many standard deviations on the improvement is taken from its tail's series, for its digits cancel out."""


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """The logarithm of the expected improvement below `best`, for values that are to be small.

    With z = (best - mean) / deviation it is log(phi(z) + z Phi(z)) + log(deviation) (Jones et al., 1998, equation 15;
    the logarithm keeps its slope where the value itself is 0 in floating point: Ament et al., NeurIPS 2023).
    """
    z = (best - mean) / deviation
    density = -0.5 * z * z - 0.5 * np.log(2 * np.pi)
    near = np.maximum(z, FAR)
    sum_near = np.log(np.exp(-0.5 * near * near) / np.sqrt(2 * np.pi) + near * ndtr(near))
    far = np.minimum(z, FAR)
    # phi(z) + z Phi(z) = phi(z) (1 - |z| Phi(z) / phi(z)), about phi(z) / z^2 far out
    ratio = np.exp(log_ndtr(far) + 0.5 * far * far + 0.5 * np.log(2 * np.pi))
    rest = np.where(far < -1e3, 1 / (far * far), np.maximum(1 + far * ratio, 1e-300))
    return np.asarray(np.where(z > FAR, sum_near, density + np.log(rest)) + np.log(deviation))
