"""Where every wanted photo of an embedding went, in one line whose sum is checked."""

from dataclasses import dataclass

from schemas.errors import CountError
from schemas.manifest import Count


@dataclass(frozen=True)
class Receipt:
    """Each wanted photo counts in one of these.

    wanted    photos asked for
    reused    that have a vector in an earlier run
    embedded  that have one in this run, also from before it was interrupted
    rejected  that have none, by reason, also from earlier runs
    """

    wanted: int
    reused: int
    embedded: int
    rejected: dict[str, int]

    @property
    def lost(self) -> int:
        """Photos of which nobody can say where they went."""
        return self.wanted - self.reused - self.embedded - sum(self.rejected.values())

    def checked(self) -> "Receipt":
        """Return itself. Raises CountError unless nothing is lost, and nothing there twice."""
        if self.lost:
            refused = sum(self.rejected.values())
            raise CountError("embed", self.wanted, self.reused + self.embedded, refused)
        return self

    @property
    def count(self) -> Count:
        """The same as a manifest's count."""
        return Count(self.wanted, self.reused + self.embedded, self.rejected)

    def __str__(self) -> str:
        rejected = sum(self.rejected.values())
        return (
            f"{self.reused:,} reused, {self.embedded:,} embedded, {rejected:,} rejected, {self.lost:,} lost"
        )
