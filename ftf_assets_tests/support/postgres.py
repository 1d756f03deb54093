"""A PostgreSQL server of a test's own, on a free port of one address; it ends with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

USER = "ftf"
DATABASE = "dagster"
#: Found nowhere but where a test has planted it.
PASSWORD = "swordfish-6dK2vQ"


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs.

    Attributes
    ----------
    address, port
        Where it listens.
    certificate
        The certificate of whoever signed the server's, for ``sslrootcert``; None for a server without TLS.
    log
        What the server has written.
    """

    address: str
    port: int
    certificate: Path | None
    log: Path

    def url(self, database: str = DATABASE, password: str | None = PASSWORD, **options: object) -> str:
        """Write the address as ``dagster.yaml`` takes it; without a password libpq looks for it."""
        login = USER if password is None else f"{USER}:{password}"
        words = f"?{urlencode(options)}" if options else ""
        return f"postgresql+psycopg2://{login}@{self.address}:{self.port}/{database}{words}"

    def create_database(self, name: str) -> None:
        """Make an empty database."""
        self._run("postgres", f"CREATE DATABASE {name}")

    def rows(self, query: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Ask for rows."""
        return self._run(database, query)

    def _run(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        import psycopg2

        connection = psycopg2.connect(
            host=self.address, port=self.port, user=USER, password=PASSWORD, dbname=database
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@contextmanager
def postgres_server(address: str = "127.0.0.1", *, tls: bool = False) -> Iterator[PostgresServer]:
    """Start a server with an empty database ``dagster``; skip the test where there is no PostgreSQL.

    Parameters
    ----------
    address
        IP address to listen on, of loopback or of a network that the test has made. Whoever reaches it may
        log in with the password.
    tls
        Whether it takes encrypted connections only; its certificate is for ``address`` and self-made.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="ftf-postgres-"))
    try:
        data, plain = folder / "data", _plain_user()
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        certificate = _make_certificates(folder, address) if tls else None
        if plain:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, plain["user"], plain["group"])
        _call(
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                USER,
                "--auth=scram-sha-256",
                "--pwfile",
                folder / "password",
                "--no-sync",
                "--locale=C",
                "--encoding=UTF8",
            ],
            plain,
        )
        kind = "hostssl" if tls else "host"
        (data / "pg_hba.conf").write_text(f"{kind} all all all scram-sha-256\n", encoding="utf-8")
        port = _free_port(address)
        settings = {
            "listen_addresses": address,
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "32MB",
            "max_connections": 200,
            "ssl": "on" if tls else "off",
        }
        if tls:
            settings |= {"ssl_cert_file": folder / "server.crt", "ssl_key_file": folder / "server.key"}
        command = [programs / "postgres", "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        server = PostgresServer(address, port, certificate, folder / "server.log")
        with server.log.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **plain)
        try:
            _wait_for(server, process)
            server.create_database(DATABASE)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: it does not wait for clients
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Find the folder of the server's programs: Debian keeps them in one of each version."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    pytest.skip("no PostgreSQL server is installed here")


def _plain_user() -> Mapping[str, Any]:
    """Give the arguments that make a process a plain user's: the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    pytest.skip("no plain user to run a PostgreSQL server as")


def _call(command: list[Any], plain: Mapping[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **plain)
    assert done.returncode == 0, done.stderr


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _wait_for(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    import psycopg2

    deadline = time.monotonic() + 60
    while True:
        try:
            server.rows("SELECT 1", "postgres")
        except psycopg2.OperationalError:
            ended = process.poll() is not None or time.monotonic() > deadline
            assert not ended, server.log.read_text(encoding="utf-8", errors="replace")
            time.sleep(0.1)
        else:
            return


def _make_certificates(folder: Path, address: str) -> Path:
    """Make a certificate for the address, signed by an authority of the test's own; give the authority's."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make certificates with")

    def openssl(*words: object) -> None:
        _call(["openssl", *words], {})

    root, key, request = folder / "root.crt", folder / "root.key", folder / "server.csr"
    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(*new, "-x509", "-days", "2", "-subj", "/CN=test authority", "-keyout", key, "-out", root)
    openssl(*new, "-subj", f"/CN={address}", "-keyout", folder / "server.key", "-out", request)
    names = folder / "names"
    names.write_text(f"subjectAltName=IP:{address},DNS:localhost\n", encoding="utf-8")
    openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        root,
        "-CAkey",
        key,
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        names,
        "-out",
        folder / "server.crt",
    )
    (folder / "server.key").chmod(0o600)
    return root
