"""Failure messages as clients may see them."""

import re

# A quoted path may contain spaces; others end at a space. A URL (`https://...`) or a fraction is not a path.
_PATH = re.compile(
    r"""(?P<quote>['"])(?:file://)?/[^'"\n]*?(?P<quoted>[^/'"\n]+)/?(?P=quote)"""
    r"""|(?:\bfile://|(?<![\w./~-]))/(?!/)(?:[^\s'"/:,;()]+/)*(?P<bare>[^\s'"/:,;()]+)/?"""
)


def without_paths(message: str) -> str:
    """Absolute paths are reduced to their last name: clients must not see where the server keeps its files."""
    return _PATH.sub(_last_name, message)


def _last_name(path: re.Match[str]) -> str:
    quote = path["quote"] or ""
    return f"{quote}{path['quoted'] or path['bare']}{quote}"
