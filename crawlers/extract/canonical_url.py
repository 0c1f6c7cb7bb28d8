"""The identity of a page's address: two addresses with one `canonical` form are one page, asked once.

What is fetched is the address as the shop wrote it; the canonical form is only compared and stored.
RFC 3986 says what may be normalised without asking the server: case of scheme and host, the usual
port, dot segments, percent-encoding. Beyond it go what only a browser or an advertiser reads (the
fragment, tracking parameters), what names a visit and not a page (session ids), and the order of
parameters.
"""

import re
from urllib.parse import SplitResult, unquote_plus, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

SCHEMES = {"http": 80, "https": 443}
TRACKING = frozenset(
    # Advertising networks: the click that led here.
    "gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid fbclid msclkid yclid ysclid twclid ttclid"
    " igshid igsh li_fat_id epik irclickid irgwc s_kwcid ef_id rb_clickid wickedid srsltid cjevent awc"
    # Mail and analytics: the letter, the visitor.
    " mc_cid mc_eid mkt_tok _ga _gl _hsenc _hsmi __hssc __hstc __hsfp hsctatracking vero_id vero_conv"
    " oly_anon_id oly_enc_id _openstat _kx"
    # Shopify: the search or the recommendation that led here.
    " _pos _psq _ss _fid pr_prod_strat pr_rec_id pr_rec_pid pr_ref_pid pr_seq"
    # Sessions.
    " phpsessid jsessionid sid _sid sessionid session_id sessid oscsid zenid cfid cftoken".split()
)
_TRACKING_FAMILIES = ("utm_", "mtm_", "pk_", "piwik_", "matomo_", "aspsessionid")
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?#]*", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
_MOST_PASSES = 4  # a dot may be written as %2e, and only the next pass sees the segment it makes


def canonical(url: str) -> str:
    """Give the one spelling of an absolute http(s) address; "" for anything else. Never raises.

    Without a user name: such an address is not fetched (see crawlers.fetch.guard), so it has no identity.
    """
    try:
        parts = urlsplit(url.strip())
        if parts.scheme not in SCHEMES or not parts.hostname or "@" in parts.netloc:
            return ""
        spelling, last_spelling = urlunsplit(_without_visit(parts)), ""
        for _ in range(_MOST_PASSES):
            if spelling == last_spelling:
                break
            last_spelling, spelling = spelling, canonicalize_url(spelling)
        parts = urlsplit(spelling)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
        host = f"[{host}]" if ":" in host else host
        if not _HOST.fullmatch(host) or "@" in parts.netloc:
            return ""
        usual = port is None or port == SCHEMES[parts.scheme]
        return urlunsplit(parts._replace(netloc=host if usual else f"{host}:{port}"))
    except ValueError:  # what urlsplit and the codecs below it raise, UnicodeError included
        return ""


def is_fetchable(url: str) -> bool:
    """Whether an address is an absolute http(s) one with a host, a port that exists and no user name."""
    return canonical(url) != ""


def _without_visit(parts: SplitResult) -> SplitResult:
    """Give the address without fragment, tracking parameters and session ids."""
    pairs = [pair for pair in parts.query.split("&") if pair and not _names_visit(pair)]
    path = _SESSION_IN_PATH.sub("", parts.path)
    return parts._replace(path=path, query="&".join(pairs), fragment="")


def _names_visit(pair: str) -> bool:
    name = unquote_plus(pair.partition("=")[0]).strip().lower()
    return name in TRACKING or name.startswith(_TRACKING_FAMILIES)
