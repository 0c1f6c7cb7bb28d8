"""Bounds in time as a user names them: a date, a time, a crawl id, or how long ago.

Each is kept as a bound on run ids, which begin with the second at which a run was begun: a run
counts as `by then` if its id is not above the bound.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from infra.lake import Lake
from schemas.errors import LakeError, UsageError
from schemas.ids import RUN_ID

_AGO = re.compile(r"(\d{1,6})\s*([hdw])(?:\s+ago)?")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_DAYS_BACK = {"today": 0, "yesterday": 1}
_ABOVE_ANY_ID = "~"


class TimeBound(NamedTuple):
    """A moment as a bound on run ids.

    highest_id  the highest id that a run by then can have
    shown       the moment as a user reads it: the id of a crawl, or ISO 8601 in UTC
    """

    highest_id: str
    shown: str


def time_bound(option: str, word: str, lake: Lake, now: datetime, *, end: bool = False) -> TimeBound:
    """Read a moment as a user names it.

    option  the option it was written behind, for refusals
    word    `2026-11-01`, `2026-11-01T18:00+01:00`, `yesterday`, `3d`, `12h`, `2w`, or the id of a crawl; a
            time without zone is UTC
    end     whether a whole day means its last second and not its first
    Raises UsageError where the word is none of these, LakeError for an id that is no crawl of the lake.
    """
    word = word.strip()
    if RUN_ID.fullmatch(word):
        run = lake.run(word)
        if run.kind != "crawl":
            raise LakeError(word, f"is a run of {run.flow}, not a crawl")
        return TimeBound(word, word)
    try:
        time_named = _time(word.lower(), now.astimezone(UTC), end)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} {word}", "is no date, time, crawl id or time ago such as 3d") from error
    shown = time_named.isoformat(timespec="seconds")
    return TimeBound(re.sub("[-:]", "", shown[:19]) + "Z" + _ABOVE_ANY_ID, shown)


def _time(word: str, now: datetime, end: bool) -> datetime:
    if word == "now":
        return now
    if ago := _AGO.fullmatch(word):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    if word in _DAYS_BACK:
        day = now.date() - timedelta(days=_DAYS_BACK[word])
    else:
        try:
            day = date.fromisoformat(word)
        except ValueError:
            instant = datetime.fromisoformat(word.upper())
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    return datetime.combine(day, time(23, 59, 59) if end else time(), UTC)
