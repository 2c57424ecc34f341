"""Bytes to text, whatever the label on them says.

Labels of charsets in mail are often wrong, misspelt or missing. A label is read the way browsers do
(WHATWG Encoding: `iso-8859-1` means windows-1252, `gb2312` means GB 18030), and where it cannot be
right, the bytes themselves decide.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

_ALIASES = {
    "ansix341968": "ascii",
    "ansi": "cp1252",
    "ascii": "ascii",
    "big5": "big5hkscs",
    "cnbig5": "big5hkscs",
    "xxbig5": "big5hkscs",
    "chinesebig5": "big5hkscs",
    "csbig5": "big5hkscs",
    "gb2312": "gb18030",
    "gb231280": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "xeuccn": "gb18030",
    "euccn": "gb18030",
    "hzgb2312": "hz",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "ksc56011989": "cp949",
    "ksc5601": "cp949",
    "korean": "cp949",
    "windows949": "cp949",
    "shiftjis": "cp932",
    "xsjis": "cp932",
    "sjis": "cp932",
    "mskanji": "cp932",
    "windows31j": "cp932",
    "iso2022jp": "iso2022_jp_ext",
    "xeucjp": "euc_jp",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "l1": "cp1252",
    "iso885911": "cp874",
    "tis620": "cp874",
    "windows874": "cp874",
    "iso88596e": "iso8859_6",
    "iso88596i": "iso8859_6",
    "iso88598e": "iso8859_8",
    "iso88598i": "iso8859_8",
    "logical": "iso8859_8",
    "iso88599": "cp1254",
    "macintosh": "mac_roman",
    "xmacroman": "mac_roman",
    "xmaccyrillic": "mac_cyrillic",
    "koi8": "koi8_r",
    "unicode": "utf_16",
    "utf8mb4": "utf_8",
    "unicode11utf8": "utf_8",
    "unicode20utf8": "utf_8",
    "unicode11utf7": "utf_7",
    "utf8": "utf_8",
    "xunknown": "",
    "unknown": "",
    "unknown8bit": "",
    "8bit": "",
    "binary": "",
    "none": "",
    "defaultcharset": "",
}
_NOT_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs"}
_BOMS = (
    (codecs.BOM_UTF8, "utf_8_sig"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_META = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_MULTIBYTE = re.compile("[^\x00-\x7f\ufffd]")


@lru_cache(maxsize=256)
def codec_name(label: str) -> str:
    """The Python codec for a charset label, or empty when the label means nothing."""
    squeezed = re.sub(r"[^a-z0-9]", "", label.lower().replace("=3d", ""))
    if not squeezed:
        return ""
    if squeezed in _ALIASES:
        return _ALIASES[squeezed]
    tries = [label.strip().strip("\"'"), squeezed]
    numbered = re.fullmatch(r"(?:windows|cp|ibm|dos|x?cp|win|mswin)(\d{3,4})l?", squeezed)
    if numbered:
        tries.insert(0, "cp" + numbered.group(1))
    latin = re.fullmatch(r"(?:iso)?8859(\d{1,2})", squeezed)
    if latin:
        tries.insert(0, "iso8859_" + latin.group(1))
    for name in tries:
        try:
            found = codecs.lookup(name)
        except (LookupError, ValueError):  # ValueError: a NUL inside the label
            continue
        if getattr(found, "_is_text_encoding", True) and found.name not in _NOT_CHARSETS:
            return found.name
    return ""


def decode_text(data: bytes, label: str = "", *, html: bool = False) -> str:
    """Text from bytes; never fails.

    Args:
        data: The bytes after the transfer encoding is undone.
        label: What the message calls the charset; empty when it says nothing.
        html: Look into the document for a charset when the label is missing.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    codec = codec_name(label) if label else ""
    if html and not codec:
        found = _META.search(data[:4096])
        codec = codec_name(found.group(1).decode("ascii")) if found else ""
    if not codec or codec == "ascii":
        return guess_text(data)
    if codec.startswith(("utf_16", "utf-16", "utf_32", "utf-32")) and b"\x00" not in data[:200]:
        # A document that says utf-16 in letters one byte wide is not in utf-16.
        return guess_text(data)
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return _least_damage(data, codec)


def guess_text(data: bytes) -> str:
    """Text from bytes without a usable label: UTF-8, ISO-2022-JP or else windows-1252."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _least_damage(data, "utf_8")
    if "\x1b$" in text or "\x1b(J" in text:
        try:
            return data.decode("iso2022_jp_ext")
        except UnicodeDecodeError:
            return text
    return text


def _least_damage(data: bytes, codec: str) -> str:
    """Decode with replacement characters, or as UTF-8 or cp1252 when that loses less."""
    text = data.decode(codec, "replace")
    lost = text.count("\ufffd")
    if codec not in {"utf_8", "utf-8"}:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    # A cut character among many good ones is damage; mostly bad ones are another charset.
    if codec in {"utf_8", "utf-8"} and lost * 2 > sum(1 for _ in _MULTIBYTE.finditer(text)):
        return western(data)
    return text


def western(data: bytes) -> str:
    """Bytes as windows-1252, the five undefined ones as their control characters."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")
