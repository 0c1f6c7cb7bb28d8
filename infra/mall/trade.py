"""The shops of a mall: their names, brands and languages, and how they are told apart."""

from dataclasses import dataclass, field, replace

from infra.mall.catalogue import Trade

TRADES: dict[str, Trade] = {
    "atelier": Trade(
        "atelier", ("Oakfield", "Maison Fleur", "Atelier Lumen", "Sable", "Camden & Sons", "Kaya & Co"), 0.92
    ),
    "nordlicht": Trade(
        "nordlicht",
        ("Nordwind", "Hafenkind", "Birkenhain", "Lindgrün", "Elbsegler", "Tönning"),
        0.10,
        reduced=False,
    ),
    "marktgasse": Trade(
        "marktgasse", ("Alpenrose", "Basler Tuch", "Sable", "Murten"), 0.35, "CHF", luxury=0.15
    ),
    "thread-and-co": Trade(
        "thread-and-co", ("Brixton Mill", "Pennine", "Oakfield", "Wren"), 1.0, "GBP", luxury=0.1
    ),
    "kontor": Trade("kontor", ("Speicherstadt", "Nordwind", "Deichgraf", "Moin"), 0.25, luxury=0.1),
    "saltbox": Trade("saltbox", ("Harbor Supply", "Juniper", "Sable", "Two Rivers"), 1.0, "USD", luxury=0.1),
}
HOME = {
    "shopify": "atelier",
    "structured": "nordlicht",
    "woocommerce": "thread-and-co",
    "microdata": "kontor",
    "opengraph": "saltbox",
    "plain": "marktgasse",
}  # who runs which dialect, as long as the name is free


@dataclass(frozen=True)
class Shop:
    """A shop's face to the web. `url` has no slash at its end."""

    name: str
    dialect: str
    url: str
    language: str = "en"
    currency: str = "EUR"
    products: int = 0

    @property
    def label(self) -> str:
        """The name as a headline."""
        return self.name.replace("-", " ").title()


@dataclass(frozen=True)
class MallSpec:
    """Everything that decides what a mall is; the same spec gives the same mall, but for its ports."""

    products: int = 600
    "items of all shops together; 0 with a catalogue file: all of them"
    seed: int = 1
    shops: tuple[str, ...] = ("shopify", "structured")
    "one dialect per shop"
    catalogue_file: str = ""
    "a Parquet or CSV file to serve instead of drawn items"
    mapping: dict[str, str] = field(default_factory=dict)
    "standard field -> column of the file"
    port: int = 0
    "of the first shop, the others follow; 0: any free ones"
    size: tuple[int, int] = (320, 400)
    "of drawn photos, pixels"
    draw_ahead: int = 0
    "processes that draw photos before they are asked for"
    faults: bool = False
    "whether the shops misbehave, as infra/mall/faults says; the default mall is well behaved"
    assortment: str = "even"
    "what the shops have more of: a name in infra.mall.garments.design.ASSORTMENTS"


def trades(dialects: tuple[str, ...], faults: bool = False, assortment: str = "even") -> list[Trade]:
    """One trade per shop, in order, each name once. With faults, every shop shows reductions."""
    free = dict(TRADES)
    chosen: list[Trade] = []
    for number, dialect in enumerate(dialects):
        name = HOME.get(dialect, "")
        if name not in free:
            name = next((n for n in free if n not in HOME.values()), next(iter(free), ""))
        chosen.append(free.pop(name) if name else Trade(f"shop-{number + 1}"))
    return [replace(trade, reduced=trade.reduced or faults, assortment=assortment) for trade in chosen]
