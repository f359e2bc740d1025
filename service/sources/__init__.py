"""Sources: which offers might suit? One file and one line here each."""

from __future__ import annotations

from service.pipeline.stages import Source
from service.sources.whole_catalogue import WholeCatalogue

SOURCES: tuple[type[Source], ...] = (WholeCatalogue,)
