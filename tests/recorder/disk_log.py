"""What is done to a folder, operation by operation; and what a power cut between two of them may leave of it.

The model is as strict as fsync(2), and stricter than ext4: data is safe once its file was synchronized, a name once its
folder was, and only below folders whose own names are safe. Of everything else, the disk may have all, some or nothing.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

Left = Literal["nothing", "half", "zeros", "all"]
"""How much is there of what is not safe. A file may have its new length before its data: zeros."""
PATCHED = ("open", "close", "write", "fsync", "fdatasync", "ftruncate", "rename", "mkdir", "unlink")


@dataclass(eq=False)
class _File:
    """An inode."""

    writes: list[tuple[int, int, bytes]] = field(default_factory=list)
    """Operation, position and data of each."""
    lengths: list[tuple[int, int]] = field(default_factory=list)
    """Operation and length of each truncation."""
    syncs: list[int] = field(default_factory=list)

    def content(self, cut: int, left: Left) -> bytes:
        """What the disk has of it after a cut."""
        safe = max((sync for sync in self.syncs if sync <= cut), default=0)
        data = bytearray()
        changes: list[tuple[int, int, bytes | None]] = [*self.writes, *((at, size, None) for at, size in self.lengths)]
        for operation, position, written in sorted(changes, key=lambda change: change[0]):
            if operation > cut or (operation > safe and left == "nothing"):
                continue
            if written is None:
                del data[position:]
                continue
            if operation > safe and left == "half":
                written = written[: len(written) // 2]
            elif operation > safe and left == "zeros":
                written = bytes(len(written))
            data[position : position + len(written)] = written
        return bytes(data)


@dataclass
class _Change:
    """Of a folder: a name for a file, for a folder (without a file), or a name less."""

    operation: int
    path: Path
    file: _File | None = None
    is_gone: bool = False


class DiskLog:
    """Notes what this process does to a folder; the real functions are called as well."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin. The folder itself is there, and safe."""
        self.operations = 0
        self._folder = folder
        self._changes: list[_Change] = []
        self._folder_syncs: list[tuple[int, Path]] = []
        self._open: dict[int, _File | Path] = {}
        self._files: dict[Path, _File] = {}
        for name in PATCHED:
            monkeypatch.setattr(os, name, self._noted(name, getattr(os, name)))

    def restore(self, cut: int, left: Left, folder: Path) -> None:
        """Make what a cut after so many operations leaves, in another folder."""
        names: dict[Path, _File | None] = {}
        for change in self._changes:
            if change.operation > cut or (left == "nothing" and not self._is_safe(change, cut)):
                continue
            if change.is_gone:
                names.pop(change.path, None)
            else:
                names[change.path] = change.file
        folder.mkdir()
        for path in sorted(names):
            file, place = names[path], folder / path.relative_to(self._folder)
            if not place.parent.is_dir():
                continue
            if file is None:
                place.mkdir()
            else:
                place.write_bytes(file.content(cut, left))

    def _is_safe(self, change: _Change, cut: int) -> bool:
        return any(change.operation < sync <= cut and path == change.path.parent for sync, path in self._folder_syncs)

    def _noted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        note = getattr(self, f"_note_{name}")

        def call(*arguments: Any, **named: Any) -> Any:
            if name == "close":
                self._open.pop(arguments[0], None)
            result = real(*arguments, **named)
            note(result, *arguments)
            return result

        return call

    def _within(self, path: Any) -> Path | None:
        found = Path(path) if isinstance(path, (str, os.PathLike)) else None
        return found if found is not None and found.is_relative_to(self._folder) else None

    def _next(self) -> int:
        self.operations += 1
        return self.operations

    def _note_open(self, descriptor: int, path: Any, flags: int, *_: Any) -> None:
        place = self._within(path)
        if place is None:
            return
        if flags & os.O_CREAT and place not in self._files:
            self._files[place] = _File()
            self._changes.append(_Change(self._next(), place, self._files[place]))
        self._open[descriptor] = self._files.get(place, place)

    def _note_close(self, _: None, descriptor: int) -> None:
        self._open.pop(descriptor, None)

    def _note_write(self, written: int, descriptor: int, data: Any) -> None:
        file = self._open.get(descriptor)
        if isinstance(file, _File):
            position = len(file.content(self.operations, "all"))
            file.writes.append((self._next(), position, bytes(data)[:written]))

    def _note_fsync(self, _: None, descriptor: int) -> None:
        found = self._open.get(descriptor)
        if isinstance(found, _File):
            found.syncs.append(self._next())
        elif found is not None:
            self._folder_syncs.append((self._next(), found))

    _note_fdatasync = _note_fsync

    def _note_ftruncate(self, _: None, descriptor: int, length: int) -> None:
        file = self._open.get(descriptor)
        if isinstance(file, _File):
            file.lengths.append((self._next(), length))

    def _note_rename(self, _: None, source: Any, target: Any) -> None:
        before, after = self._within(source), self._within(target)
        if before is None or after is None:
            return
        file = self._files[after] = self._files.pop(before)
        operation = self._next()  # one, as it is atomic
        self._changes += [_Change(operation, before, is_gone=True), _Change(operation, after, file)]

    def _note_mkdir(self, _: None, path: Any, *__: Any) -> None:
        place = self._within(path)
        if place is not None and place != self._folder:
            self._changes.append(_Change(self._next(), place))

    def _note_unlink(self, _: None, path: Any) -> None:
        place = self._within(path)
        if place is not None and self._files.pop(place, None) is not None:
            self._changes.append(_Change(self._next(), place, is_gone=True))
