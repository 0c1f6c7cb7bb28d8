"""What applying did to things on a server, by name."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Applied:
    """Names of what was made, changed, kept as it stood, and removed."""

    made: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, list[str]]:
        """Return the names, those of each list sorted."""
        return {name: sorted(names) for name, names in vars(self).items()}


def surplus(there: Iterable[str], wanted: Iterable[str], prefix: str = "") -> list[str]:
    """Return the names that are there, begin with `prefix`, and are not wanted."""
    return sorted({name for name in there if name.startswith(prefix)} - set(wanted))
