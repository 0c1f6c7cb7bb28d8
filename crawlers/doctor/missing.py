"""What a crawl of a shop will not bring, and what it will cost to come back: one plain sentence for each."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from crawlers.doctor.observations import Observations
from crawlers.doctor.photo_findings import photo_sentences

WANTED = ("description", "brand", "categories", "colour", "price", "currency", "in_stock")
MOSTLY = 0.9  # share from which a field counts as stated


def missing(observations: Observations, result: dict[str, Any]) -> list[str]:
    """Say what a crawl will not bring, and what it will cost to come back, as sentences."""
    if observations.forbidden:
        return [f"everything: {observations.forbidden}"]
    refusals = list(_refusals(observations))
    if not observations.products:
        return [f"everything: {_why_nothing(observations)}", *refusals]
    covered = result["coverage"]
    gone = [name for name in WANTED if not covered[name]]
    some = [f"{name} ({covered[name]:.0%})" for name in WANTED if 0 < covered[name] < MOSTLY]
    told = [f"no product states: {', '.join(gone)}"] if gone else []
    told += [f"not every product states: {', '.join(some)}"] if some else []
    told += [*refusals, *photo_sentences(result, len(observations.products))]
    if not observations.photos:
        told.append("no photo of the sample could be fetched")
    if not result["validators"]["cheap"]:
        told.append("no answer says 304: every later crawl reads every page again")
    if not result["products"]["exact"]:
        told.append(f"the number of products is an estimate ({result['products']['basis']})")
    return told


def _why_nothing(observations: Observations) -> str:
    """Word why no product could be read at all."""
    pages = len(observations.pages)
    if observations.profile:
        return f"its profile reads none of {pages} sampled pages"
    if not pages and not observations.lists:
        return "no page could be sampled"
    why = observations.undrafted or "its pages could not be read"
    return f"no platform reads its products, and no profile could be drafted, since {why}"


def _refusals(observations: Observations) -> Iterator[str]:
    """Say what the shop, or the state of its pages, kept from us."""
    for reason, number in Counter(reject.reason for reject in observations.rejects).items():
        detail = next(reject.detail for reject in observations.rejects if reject.reason == reason)
        yield f"{number} of what was sampled is refused: {reason}{f' ({detail})' if detail else ''}"
    if observations.disallowed:
        yield f"robots.txt keeps us from {len(observations.disallowed)} of the addresses tried"
    for name, urls in observations.opt_outs.items():
        if urls:
            yield f"{name} is said on {len(urls)} answers, whose products or photos are left out"
    if observations.unreadable:
        yield f"{len(observations.unreadable)} answers could not be read, such as {observations.unreadable[0]}"
