"""The address that a server listens on."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass

from ftf_assets.contracts.errors import InputError, input_error

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Listening:
    """An IP address of this machine and a port.

    Attributes
    ----------
    host
        The address; ``0.0.0.0`` and ``::`` are all addresses of the machine.
    port
        The port.
    """

    host: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int

    @classmethod
    def on(cls, host: str, port: int) -> Listening:
        """Read the address.

        Raises
        ------
        InputError
            A name, which could mean any address.
        """
        try:
            return cls(ipaddress.ip_address(host), port)
        except ValueError:
            raise input_error(
                "--host takes an IP address", found=repr(host), allowed=f"an address such as {LOOPBACK}"
            ) from None

    def __str__(self) -> str:
        """The address as people write it."""
        return f"{self.host_in_url}:{self.port}"

    @property
    def host_in_url(self) -> str:
        """The host as an address on the web has it."""
        return f"[{self.host}]" if self.host.version == 6 else str(self.host)

    @property
    def url_here(self) -> str:
        """The address of the server for a browser on this machine."""
        if not self.host.is_unspecified:
            return f"http://{self}"
        return f"http://{'[::1]' if self.host.version == 6 else LOOPBACK}:{self.port}"

    def open(self, flag: str) -> socket.socket:
        """Open a socket that listens.

        Parameters
        ----------
        flag
            The flag that names another port.

        Raises
        ------
        InputError
            The port is in use, or this machine does not have the address.
        """
        family = socket.AF_INET6 if self.host.version == 6 else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((str(self.host), self.port))
            opened.listen(128)
        except OSError as error:
            opened.close()
            if error.errno == errno.EADDRINUSE:
                raise InputError(
                    f"port {self.port} of {self.host} is in use by another program; "
                    f"choose another with {flag}"
                ) from None
            raise InputError(f"cannot listen on {self}: {error.strerror or error}") from None
        return opened
