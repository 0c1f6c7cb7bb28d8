"""Moments as a user names them: a date, a time, a crawl id, or how long ago.

A moment is kept as a bound on run ids, which begin with the second at which a run was begun: a run
counts as `by then` if its id is not above the bound.
"""

import re
from datetime import UTC, date, datetime, time, timedelta

from infra.lake import Lake
from schemas.errors import InputError, LakeError
from schemas.ids import RUN_ID

_AGO = re.compile(r"(\d{1,6})\s*([hdw])(?:\s+ago)?")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_DAYS_BACK = {"today": 0, "yesterday": 1}
_ABOVE_ANY_ID = "~"


def bound(option: str, word: str, lake: Lake, now: datetime, *, end: bool = False) -> tuple[str, str]:
    """The highest run id that counts as by then, and the moment as it is told: an id, or ISO 8601 in UTC.

    word  `2026-11-01`, `2026-11-01T18:00+01:00`, `yesterday`, `3d`, `12h`, `2w`, or the id of a crawl; a
          time without zone is UTC
    end   whether a whole day means its last second and not its first
    Raises InputError where the word is none of these, LakeError for an id that is no crawl of the lake.
    """
    word = word.strip()
    if RUN_ID.fullmatch(word):
        run = lake.run(word)
        if run.kind != "crawl":
            raise LakeError(word, f"is a run of {run.flow}, not a crawl")
        return word, word
    try:
        moment = _moment(word.lower(), now.astimezone(UTC), end)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{option} {word}", "is no date, time, crawl id or time ago such as 3d") from error
    told = moment.isoformat(timespec="seconds")
    return re.sub("[-:]", "", told[:19]) + "Z" + _ABOVE_ANY_ID, told


def _moment(word: str, now: datetime, end: bool) -> datetime:
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
            moment = datetime.fromisoformat(word.upper())
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.combine(day, time(23, 59, 59) if end else time(), UTC)
