"""What a single value of the catalogue format may be: every number has a least and a most, so that
whatever is read can be computed with.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

# `\Z`, not `$`: the latter lets a newline through at the end.
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z",
        max_length=64,
        description="of letters, digits, dots, hyphens and underscores",
    ),
]
Place = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]*\Z",
        max_length=128,
        description="such as home_feed or mobile_app/home_feed",
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=2_000)]
Instant = Annotated[datetime, Meta(tz=True)]
Factor = Annotated[float, Meta(ge=0.01, le=100)]
"""A lever or a weight: what they make together is clipped, but each must be a number."""
Version = Annotated[int, Meta(ge=1, le=10**15)]
Worth = Annotated[float, Meta(ge=0, le=1e12)]
Limit = Annotated[int, Meta(ge=1, le=20)]
Rating = Annotated[int, Meta(ge=1, le=5)]
Issue = Literal["acquire", "grow", "retain", "serve"]
Lane = Literal["mandatory", "service", "marketing"]
InvestorClass = Literal["retail", "professional", "institutional"]
Span = Annotated[
    str,
    Meta(pattern=r"^[1-9][0-9]{0,4}[hd]\Z", description="such as 90d or 24h, from 1h to 731d"),
]
Window = Annotated[
    str,
    Meta(
        pattern=r"^([1-9][0-9]{0,4}[hd]|day|week|month)\Z",
        description="such as 7d or 24h, from 1h to 731d, or day, week, month",
    ),
]
TimeOfDay = Annotated[
    str,
    Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="from 00:00 to 23:59"),
]
