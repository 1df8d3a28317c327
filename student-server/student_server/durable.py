"""Files that are there whole or not at all, whatever is killed when."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What a killed writer left behind starts with this and is swept at the next start.
UNFINISHED = ".unfinished-"


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def folder_at_once(target: Path) -> Iterator[Path]:
    """Gives a scratch folder that becomes `target` at the end. All that is written so is a function of its name, so a
    `target` that is there already, or that another process was faster to make, is kept."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f"{UNFINISHED}{target.name}-{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
        for path in sorted(scratch.rglob("*")):
            sync(path)
        sync(scratch)
        try:
            scratch.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        sync(target.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def file_at_once(target: Path) -> Iterator[Path]:
    """Gives a scratch file that takes the place of `target` at the end; until then the old one is there, whole."""
    scratch = target.with_name(f"{UNFINISHED}{target.name}-{os.getpid()}")
    try:
        yield scratch
        sync(scratch)
        scratch.replace(target)
        sync(target.parent)
    finally:
        scratch.unlink(missing_ok=True)


def sweep(folder: Path, name: str = "") -> None:
    """Removes what killed writers of `name`, or of anything, left in a folder. Only for who is alone with it."""
    for path in folder.glob(f"{UNFINISHED}{name}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def bytes_in(folder: Path) -> int:
    """Size of a file, or of all files below a folder; what vanishes meanwhile, or is not there, counts as nothing."""
    total = 0
    for path in (folder, *folder.rglob("*")):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
