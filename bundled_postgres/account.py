"""The operating-system user PostgreSQL runs as: ourselves, or an unprivileged one when we are root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from bundled_postgres.errors import EmbeddedPostgresError


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user and its group; `is_switch` says that they are not the ones of this process."""

    uid: int
    gid: int
    is_switch: bool

    @classmethod
    def for_server(cls, data: Path) -> "Account":
        """Choose ourselves; as root the owner of the existing cluster, else `postgres`, else `nobody`."""
        if os.geteuid() != 0:
            return cls(uid=os.geteuid(), gid=os.getegid(), is_switch=False)
        if data.is_dir() and (owner := data.stat()).st_uid != 0:
            return cls(uid=owner.st_uid, gid=owner.st_gid, is_switch=True)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(uid=entry.pw_uid, gid=entry.pw_gid, is_switch=True)
        raise EmbeddedPostgresError("PostgreSQL does not run as root and there is no user `postgres`: useradd postgres")

    def may_enter(self, folder: Path) -> bool:
        """Whether the permissions of the folder and of all above it let this account pass."""
        if not self.is_switch:
            return True
        folder = folder.resolve()
        return all(self._may_pass(parent.stat()) for parent in (folder, *folder.parents) if parent.exists())

    def _may_pass(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)

    def own(self, path: Path) -> None:
        """Give one of our own files or folders to the account."""
        if self.is_switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def make_private_folder(self, path: Path) -> None:
        """Make a folder of mode 0700 that belongs to the account; one that others can enter or own is refused."""
        path.mkdir(mode=0o700, exist_ok=True)
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.geteuid(), self.uid):
            raise EmbeddedPostgresError(f"{path} belongs to somebody else; remove it")
        path.chmod(0o700)
        self.own(path)
