"""Keep secrets out of what is shown: passwords inside URLs, and lines of a diff that look like keys."""

from __future__ import annotations

import re

MASK = "[redacted]"
_IN_URL = re.compile(r"(?<=://)[^/\s@'\"]+@")
_NAMED = re.compile(
    r"(?i)((?:(?:api|access|secret|private|auth)[_-]?(?:key|token)|passw(?:or)?d|passphrase)['\"]?\s*[:=]\s*).+"
    r"|((?:token|secret|credentials?)['\"]?\s*[:=]\s*)(?:'[^']+'|\"[^\"]+\")"  # `token = vocabulary[i]` is none
)
_SHAPED = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|hf_\w{20,}|sk-[\w-]{20,}|xox[abprs]-[\w-]{10,}|eyJ[\w-]{20,}\.\S+"
)
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def without_passwords(text: str) -> str:
    """The text, its URLs without the user and password before the host."""
    return _IN_URL.sub("", text)


def without_secrets(text: str) -> str:
    """The text without passwords in URLs, private keys, values named like a secret and well-known forms of tokens."""
    text = _KEY_BLOCK.sub(MASK, without_passwords(text))
    return _NAMED.sub(rf"\g<1>\g<2>{MASK}", _SHAPED.sub(MASK, text))
