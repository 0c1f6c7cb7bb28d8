"""Which shops are to be crawled, and how each: refused in one line before anything is started or asked."""

from crawlers.fetch.shop_names import shops_of
from crawlers.profiles import shop_profile
from flows.parameters.crawl import CrawlParameters
from flows.parameters.shops_file import read_shops
from schemas.errors import UsageError


def wanted_shops(parameters: CrawlParameters) -> list[tuple[str, str, CrawlParameters]]:
    """Read name, address and parameters of every shop, from the addresses given or the file of shops.

    Raises InputError for what cannot be crawled, before anything is asked.
    """
    if bool(parameters.urls) == bool(parameters.shops):
        raise UsageError("crawl", "no shop named; give an address, or --shops with a file of them, not both")
    if parameters.schedule and not parameters.shops:
        raise UsageError("--schedule", "goes together with --shops")
    listed = read_shops(parameters.shops, parameters.schedule) if parameters.shops else []
    given = list(parameters.urls or ()) or [f"{shop.name}={shop.address}" for shop in listed]
    profiles = {shop.name: shop.profile for shop in listed}
    shops = shops_of(given, parameters.contact)
    if len(shops) > 1 and (parameters.only or parameters.profile):
        raise UsageError("--only and --profile", "speak of one shop; name one")
    wanted = []
    for name, url in shops:
        profile = parameters.profile or profiles.get(name)
        if profile:
            shop_profile.load(profile)
        wanted.append((name, url, parameters.model_copy(update={"profile": profile})))
    return wanted
