"""One thing that was looked at: what was found, and where that is a fault, what cures it."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

CLOCK_S = 10.0  # by which clocks may differ: run ids of several machines are in the order of their clocks


class Finding(NamedTuple):
    """What was looked at, what was found in a few words, and the cure in one line; empty where all is well."""

    what: str
    found: str
    cure: str = ""


def versions(what: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> Finding:
    """Compare the versions that something else has with this machine's; a name that one of both lacks is left out."""
    both = {name: (theirs[name], ours[name]) for name in theirs if theirs[name] and ours.get(name)}
    other = {name: pair for name, pair in both.items() if pair[0] != pair[1]}
    if not other:
        return Finding(
            what, ", ".join(f"{name} {pair[0]}" for name, pair in both.items()) or "says no version"
        )
    found = ", ".join(f"{name} {there}, here {here}" for name, (there, here) in other.items())
    wanted = " ".join(f"{name}=={here}" for name, (_, here) in other.items())
    return Finding(what, found, f"install the same on both: {wanted}, or theirs here")


def clock(what: str, theirs: datetime, ours: datetime) -> Finding:
    """Compare a clock with this machine's."""
    off = (theirs - ours).total_seconds()
    if abs(off) < CLOCK_S:
        return Finding(what, f"within {CLOCK_S:.0f} s of this machine's")
    way = "ahead of" if off > 0 else "behind"
    return Finding(
        what, f"{abs(off):,.0f} s {way} this machine's", "let NTP set both, such as timedatectl set-ntp true"
    )
