"""Arrays of a verified bundle's `.npz` file: those expected are in it, or the bundle is refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model_registry.errors import BundleRefused

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def read_arrays(content: bytes, file: str, axes: Mapping[str, int]) -> list[NDArray[np.floating]]:
    """The named arrays of floats, each with so many axes; `BundleRefused` names `file`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            arrays = [np.lib.format.read_array(archive.open(f"{name}.npy")) for name in axes]
    except _UNREADABLE as error:
        raise BundleRefused(f"{file} cannot be read ({error}): train again") from error
    for (name, count), array in zip(axes.items(), arrays, strict=True):
        if array.ndim != count or not np.issubdtype(array.dtype, np.floating):
            raise BundleRefused(f"{file}: {name} is not what this version writes: train again")
    return arrays
