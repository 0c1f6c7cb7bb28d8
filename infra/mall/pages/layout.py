"""The pages' looks: one plain, quiet style that all dialects share."""

from html import escape

from infra.mall.item import Item
from infra.mall.trade import Shop

STYLE = """
*{box-sizing:border-box}body{margin:0;
 font:15px/1.5 system-ui,sans-serif;color:#222;background:#fafaf8}
header{display:flex;gap:24px;align-items:baseline;flex-wrap:wrap;
 padding:18px 5vw;background:#fff;border-bottom:1px solid #e4e2dc}
header b{font-size:22px;letter-spacing:.06em}a{color:inherit;text-decoration:none}
nav{display:flex;gap:14px;flex-wrap:wrap;color:#666}
main{padding:24px 5vw;max-width:1300px;margin:auto}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:22px}
.card img,.gallery img{width:100%;background:#eee;border-radius:4px;display:block}
.card small{color:#777}.price{font-weight:600}
div.product{display:grid;grid-template-columns:minmax(0,3fr) minmax(240px,2fr);gap:36px}
.gallery{display:grid;grid-template-columns:1fr 1fr;gap:10px}
button{padding:12px 28px;border:0;background:#222;color:#fff;border-radius:3px}
.pages{display:flex;gap:16px;padding:28px 0}
footer{padding:30px 5vw;color:#999}@media(max-width:700px){div.product{grid-template-columns:1fr}}
"""
PHRASES = {
    "en": {
        "cart": "Add to bag",
        "sold": "Sold out",
        "next": "Next page",
        "previous": "Previous page",
        "reviews": "Photos by customers",
        "private": "My account",
        "footer": "A shop of the vitrine mall. Nothing here is for sale.",
    },
    "de": {
        "cart": "In den Warenkorb",
        "sold": "Ausverkauft",
        "next": "Nächste Seite",
        "previous": "Vorherige Seite",
        "reviews": "Fotos von Kundinnen und Kunden",
        "private": "Mein Konto",
        "footer": "Ein Laden der vitrine-Mall. Hier gibt es nichts zu kaufen.",
    },
}


def page(shop: Shop, title: str, body: str, menu: list[tuple[str, str]], head: str = "") -> str:
    """A whole HTML page. `menu` is (address, label)."""
    links = "".join(f'<a href="{escape(url)}">{escape(label)}</a>' for url, label in menu)
    return (
        f'<!doctype html><html lang="{shop.language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)} | {escape(shop.label)}</title>"
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>{head}</head><body>'
        f'<header><a href="/"><b>{escape(shop.label.upper())}</b></a><nav>{links}</nav></header>'
        f"<main>{body}</main>"
        f"<footer>{PHRASES[shop.language]['footer']}</footer></body></html>"
    )


def card(item: Item, url: str, image: str, shown_price: str = "") -> str:
    """One item in a grid."""
    return (
        f'<a class="card" href="{escape(url)}">'
        f'<img src="{escape(image)}" alt="{escape(item.title)}" loading="lazy">'
        f"{escape(item.title)}<br><small>{escape(item.brand)}</small> "
        f"{shown_price or price(item)}</a>"
    )


def price(item: Item) -> str:
    """The price as an element."""
    return f'<span class="price">{money(item)}</span>'


def money(item: Item) -> str:
    """Price and currency, empty when there is none."""
    return "" if item.price is None else f"{item.price:.2f} {item.currency}"


def shown(images: list[tuple[str, str]]) -> str:
    """Images of (address, alternative text)."""
    return "".join(f'<img src="{escape(u)}" alt="{escape(a)}" loading="lazy">' for u, a in images)


def product(
    shop: Shop,
    item: Item,
    images: list[tuple[str, str]],
    customers: list[tuple[str, str]],
    shown_price: str = "",
) -> str:
    """The body of a product page. Images are (address, alternative text)."""
    say = PHRASES[shop.language]
    sizes = "".join(f"<option>{escape(size)}</option>" for size in item.sizes)
    reviews = (
        f'<section><h2>{say["reviews"]}</h2><div class="gallery">{shown(customers)}</div></section>'
        if customers
        else ""
    )
    asked = f"<p>{shown_price}</p>" if shown_price else f'<p class="price">{money(item)}</p>'
    return (
        f'<div class="product"><div><div class="gallery">{shown(images)}</div>{reviews}</div><div>'
        f"<p>{' &rsaquo; '.join(map(escape, item.categories))}</p>"
        f"<h1>{escape(item.title)}</h1><p>{escape(item.brand)}</p>"
        f"{asked}<p><select>{sizes}</select></p>"
        f"<button>{say['cart'] if item.in_stock else say['sold']}</button>"
        f'<div class="description">{item.description_html}</div>'
        f"<p><small>SKU {escape(item.sku)}</small></p></div></div>"
    )
