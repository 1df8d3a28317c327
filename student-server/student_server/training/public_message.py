"""What clients may read of a failure on this machine."""

import re

# In quotes a path may hold spaces; elsewhere it ends with them. An address (`https://...`) or a fraction is no path.
_PATH = re.compile(
    r"""(?P<quote>['"])(?:file://)?/[^'"\n]*?(?P<quoted>[^/'"\n]+)/?(?P=quote)"""
    r"""|(?:\bfile://|(?<![\w./~-]))/(?!/)(?:[^\s'"/:,;()]+/)*(?P<bare>[^\s'"/:,;()]+)/?"""
)


def without_paths(message: str) -> str:
    """Of absolute paths the last name stays: where the server keeps its files is nobody's business."""
    return _PATH.sub(_last_name, message)


def _last_name(path: re.Match[str]) -> str:
    quote = path["quote"] or ""
    return f"{quote}{path['quoted'] or path['bare']}{quote}"
