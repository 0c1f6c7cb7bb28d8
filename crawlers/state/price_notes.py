"""What a crawl has to tell of its prices beside its tables: what stood where a price should, and is no amount."""

from collections.abc import Sequence

from crawlers.state.tables.crawl_state import CrawlState

_UNREAD = """
select count(*) as products, min(url) as url, unread
  from (select json_extract(facts, '$.unread_price') as unread, json_extract(facts, '$.url') as url,
               json_extract(facts, '$.price') as price from product)
 where unread <> '' and price is null
 group by unread order by products desc, unread
"""
_EXAMPLES = 3


def price_notes(state: CrawlState) -> Sequence[str]:
    """Word in one sentence how many products have no price because none can be read in what is stated as one."""
    rows = state.db.execute(_UNREAD).fetchall()
    if not rows:
        return ()
    examples = ", ".join(
        f"{row['unread']!r}{f' ({url})' if (url := row['url']) else ''}" for row in rows[:_EXAMPLES]
    )
    more = ", and others" if len(rows) > _EXAMPLES else ""
    products = sum(row["products"] for row in rows)
    number = "1 product" if products == 1 else f"{products:,} products"
    return (f"{number} without a price: what is stated as one is no amount, {examples}{more}",)
