"""The arrays a decision is made of: one entry per offer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
