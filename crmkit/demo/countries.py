"""The countries of the shop's customers, as ISO 3166 has them, and the language to greet in where that is plain."""

from __future__ import annotations

REGIONS = {
    "Argentina": "AR", "Australia": "AU", "Austria": "AT", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Chile": "CL", "Czech Republic": "CZ", "Denmark": "DK", "Finland": "FI", "France": "FR", "Germany": "DE",
    "Hungary": "HU", "India": "IN", "Ireland": "IE", "Italy": "IT", "Netherlands": "NL", "Norway": "NO",
    "Poland": "PL", "Portugal": "PT", "Spain": "ES", "Sweden": "SE", "USA": "US", "United Kingdom": "GB",
}  # fmt: skip
LANGUAGES = {
    "AR": "es", "AT": "de", "AU": "en", "BR": "pt-BR", "CL": "es", "CZ": "cs", "DE": "de", "DK": "da", "ES": "es",
    "FR": "fr", "GB": "en", "HU": "hu", "IE": "en", "IT": "it", "NL": "nl", "NO": "no", "PL": "pl", "PT": "pt",
    "SE": "sv", "US": "en",
}  # fmt: skip
