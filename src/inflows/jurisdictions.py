"""Jurisdictions as people write them: `hk`, `Hong Kong`, `hong-kong`, `HKG`, `HK,SG`; stored by their code.

Codes are ISO 3166-1 alpha-2, names the English ones of that standard (by pycountry) and
the few below that people use in their stead.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

from inflows.contracts.names import UNATTRIBUTED
from inflows.errors import UsageError

_IN_USE: Final = {
    "uk": "GB", "great britain": "GB", "uae": "AE", "emirates": "AE", "us": "US", "u s": "US", "u s a": "US",
    "russia": "RU", "turkey": "TR", "macau": "MO", "south korea": "KR", "korea": "KR", "north korea": "KP",
    "ivory coast": "CI", "cape verde": "CV", "czech republic": "CZ", "swaziland": "SZ", "burma": "MM",
    "east timor": "TL", "holland": "NL", "vatican": "VA", "brunei": "BN", "palestine": "PS",
    "british virgin islands": "VG", "bvi": "VG", "us virgin islands": "VI", "hong kong sar": "HK",
    "macao sar": "MO", "st kitts and nevis": "KN", "st vincent and the grenadines": "VC", "st lucia": "LC",
    "unattributed": UNATTRIBUTED,
}  # fmt: skip
"""Names in use that the standard writes otherwise."""


def jurisdiction_code(text: str) -> str:
    """The code of a jurisdiction; UsageError where the words name none, with what may have been meant.

    Two letters are taken for a code whether or not it is in use: only who looks it up knows what there is.
    """
    name = _plain(text)
    if re.fullmatch(r"[a-z]{2}", name) and name not in _IN_USE:
        return name.upper()
    code = _codes().get(name)
    if code is not None:
        return code
    near = difflib.get_close_matches(name, _codes(), n=1, cutoff=0.75)
    meant = f"Did you mean {near[0].title()} ({_codes()[near[0]]})? " if near else ""
    raise UsageError(
        f"'{text}' is no jurisdiction.", f"{meant}Write its code (HK) or its English name (Hong Kong)."
    )


def jurisdiction_codes(texts: Iterable[str], *, each_once: bool = True) -> tuple[str, ...]:
    """The codes of jurisdictions that are given one by one or by commas, in their order."""
    texts = list(texts)
    if any(not re.sub(r"[\s,]", "", text) for text in texts):  # nothing named is not everything
        raise UsageError("A jurisdiction is empty.", "Write its code (HK) or its English name (Hong Kong).")
    codes = [
        jurisdiction_code(word)
        for text in texts
        for word in ([text] if "," not in text or _plain(text) in _codes() else text.split(","))
        if word.strip()
    ]
    return tuple(dict.fromkeys(codes) if each_once else codes)


def is_jurisdiction(code: str) -> bool:
    """Whether a code is in use: a country's, or ZZ."""
    return code == UNATTRIBUTED or code in _codes().values()


def name_of(code: str) -> str:
    """The name that people use for a code; the code itself where it has none."""
    if code == UNATTRIBUTED:
        return "unattributed"
    import pycountry

    country = pycountry.countries.get(alpha_2=code)
    return code if country is None else str(getattr(country, "common_name", country.name))


def _plain(text: str) -> str:
    """Words alone: no case, accents, hyphens or points."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    without_marks = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", without_marks))


@cache
def _codes() -> dict[str, str]:
    """Every name in plain words, with its code."""
    import pycountry  # late: it reads its lists from disk

    names = {
        _plain(str(name)): str(country.alpha_2)
        for country in pycountry.countries
        for attribute in ("alpha_2", "alpha_3", "name", "common_name", "official_name")
        if (name := getattr(country, attribute, None))
    }
    return {**names, **_IN_USE, UNATTRIBUTED.lower(): UNATTRIBUTED}
