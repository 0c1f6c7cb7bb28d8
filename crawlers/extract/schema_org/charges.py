"""Which words say that an amount is paid beside a price, or as a part of it: shipping, a deposit, an instalment."""

import re

# In the type or the name of a specification: what is paid beside the price, or as a part of it.
_CHARGE = re.compile(
    r"\b(?:delivery|payment|shipping|deposit|down ?payment|instal?lment|versand|pfand|anzahlung|raten"
    r"|livraison|acompte|caution|consigne|mensualit|env[ií]o|cuota|parcela|frete|spedizione|verzend)",
    re.I,
)
# In front of such a word, and behind it: the amount is the price, whether or not the charge is in it.
_NO_CHARGE = re.compile(
    r"(?:(?:\b(?:zzgl|zuzüglich|exkl|exklusive|excl|exclusive|excluding|exclusief|exclus|ekskl|hors|sans|plus|without"
    r"|ohne|sin|sem|senza|esclus[aeio]|zonder|utan|uden|inkl|inklusive|incl|including|inclusive|inclusief|y compris)\b"
    r"|\+)[^;:|]{0,40}|\b(?:free|kostenlos\w*|gratis|versandkostenfrei\w*)\s+)$",
    re.I,
)
_CHARGE_SETTLED = re.compile(
    r"\w*(?:(?:kosten)?frei\b|[\s(]+(?:(?:costs?|charges?|is|are|not|non)\s+)*(?:free|kostenlos|gratis|grátis"
    r"|gratuite?s?|gratuit[oa]|offerte?s?|included|excluded|extra|inbegriffen|comprise?s?|incluse?s?|inclus[oa]"
    r"|incluid[oa]s?|incluíd[oa]s?|esclus[aeio]|exclue?s?)\b)",
    re.I,
)


def names_charge(text: str, *, is_type: bool = False) -> bool:
    """Whether a specification of this name, or of these types, states a charge and no price.

    A name may say that the charge is in the price, or comes to it ("incl. shipping"): a type cannot.
    """
    if is_type:
        return bool(_CHARGE.search(text))
    return any(
        not _NO_CHARGE.search(text[: word.start()]) and not _CHARGE_SETTLED.match(text, word.end())
        for word in _CHARGE.finditer(text)
    )
