"""The connection of a process to a Dask cluster, and the arrays that the cluster's workers hold.

``distributed`` is imported where it is called: it is an extra, and importing it takes a second.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import uuid
import warnings
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.storage.dask_worker import PackedFit, content_name, fit_packed, require_versions, versions
from ftf_assets.training.device import Device, is_gpu
from ftf_assets.training.fit_task import FitTask

if TYPE_CHECKING:
    import distributed

#: Seconds to reach a scheduler, and to wait for its first worker.
SECONDS_TO_CONNECT = 10.0
#: Arrays of so many cryptos stay on the workers.
ARRAYS_KEPT = 4


def require_scheduler(address: str, device: Device = "cpu") -> None:
    """Check that something listens at a scheduler's address; starts no thread, so the process may fork.

    Parameters
    ----------
    address
        ``dask://host:port`` or ``tls://host:port``.
    device
        Where the fits are asked to run.

    Raises
    ------
    InputError
        Nothing answers, or the extra that speaks to it is not installed, or the device is a GPU.
    """
    if is_gpu(device):
        raise input_error(
            "fits on a Dask cluster run on CPUs",
            found=f"run.fits {address} and training.device {device}",
            fix="Leave out --fits or --device.",
        )
    if find_spec("distributed") is None:
        raise input_error(
            "fits on a Dask cluster need the package distributed",
            found=address,
            fix="Install ftf-assets[dask].",
        )
    host, _, port = address.partition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from None


class DaskCluster:
    """A connection to a scheduler.

    Parameters
    ----------
    address
        ``dask://host:port`` or ``tls://host:port``.

    Raises
    ------
    InputError
        As :func:`require_scheduler`; or there is no worker, or a worker differs in a version that decides
        bits.

    Warnings
    --------
    Opens sockets and starts threads, so the process must not fork afterwards.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = _connect(address)
        self._arrays: OrderedDict[str, distributed.Future] = OrderedDict()
        self._lock = threading.Lock()
        try:
            self._require_same_versions()
        except BaseException:
            self._client.close()
            raise

    @property
    def connected(self) -> bool:
        """Whether the scheduler answers."""
        return bool(self._client.status == "running")

    @property
    def closed(self) -> bool:
        """Whether the connection is given up."""
        return bool(self._client.status == "closed")

    def threads(self) -> dict[str, int]:
        """Return the number of threads of each worker; empty where the scheduler does not answer."""
        if not self.connected:
            return {}
        try:
            found: dict[str, int] = self._client.sync(self._client.scheduler.ncores, callback_timeout=5)
        except Exception:  # noqa: BLE001  any failure to answer is the same answer
            return {}
        return found

    def send(self, task: FitTask, arrays: TrainingArrays) -> distributed.Future:
        """Send a fit. Of those that wait, workers take the one with most rows first."""
        return self._client.submit(
            fit_packed,
            PackedFit.of(task, arrays),
            self._sent(arrays),
            key=f"ftf-fit-{uuid.uuid4().hex}",
            priority=len(task.rows),
            pure=False,
        )

    def cancel(self, sent: list[distributed.Future]) -> None:
        """Take back what has not begun."""
        if sent and self.connected:
            with suppress(Exception):  # the cluster is gone, and with it what was to be cancelled
                self._client.cancel(sent)

    def forget(self, arrays: TrainingArrays) -> None:
        """Send arrays again with the next fit."""
        with self._lock:
            self._arrays.pop(content_name(arrays), None)

    def _sent(self, arrays: TrainingArrays) -> distributed.Future:
        """Return the workers' copy of arrays, which each worker gets once, whichever process sends them.

        Dask drops the copy of a worker that has nothing to do, and brings it again from another one.
        """
        name = content_name(arrays)
        with self._lock:
            if name not in self._arrays or self._arrays[name].status in ("lost", "cancelled"):
                self._arrays[name] = self._client.scatter({name: arrays}, broadcast=True)[name]
            self._arrays.move_to_end(name)
            while len(self._arrays) > ARRAYS_KEPT:
                self._arrays.popitem(last=False)
            return self._arrays[name]

    def _require_same_versions(self) -> None:
        found: dict[str, Any] = self._client.run(versions, on_error="return")
        for worker, theirs in sorted(found.items()):
            if not isinstance(theirs, dict):
                raise input_error(
                    f"the Dask worker {worker} cannot run fits: {type(theirs).__name__}: {theirs}",
                    fix="Start workers from the same environment as the client.",
                )
            require_versions(versions(), theirs, worker)


_clusters: dict[tuple[int, str], DaskCluster] = {}
_clusters_lock = threading.Lock()


def cluster_of(address: str) -> DaskCluster:
    """Return this process's connection. A fork has none of its parent's: sockets and threads stay behind."""
    with _clusters_lock:
        key = (os.getpid(), address)
        if key not in _clusters or _clusters[key].closed:
            _clusters[key] = DaskCluster(address)
        return _clusters[key]


def drop_cluster(address: str) -> None:
    """Connect anew the next time."""
    with _clusters_lock:
        _clusters.pop((os.getpid(), address), None)


def _connect(address: str) -> distributed.Client:
    require_scheduler(address)
    import distributed

    # Its lines about lost connections would run through the progress display; our own say what they mean.
    for name in [one for one in logging.root.manager.loggerDict if one.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    place = address.replace("dask://", "tcp://", 1)
    try:
        # A client that cannot connect hangs in its finaliser, so the connection is tried without one. The
        # thread is for callers whose own thread runs an event loop, as a notebook's does.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _try(place)).result()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared later, and more strictly
            client = distributed.Client(place, timeout=SECONDS_TO_CONNECT, set_as_default=False, name="ftf")
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise _unreachable(address, error) from None
    try:
        client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
    except Exception:  # noqa: BLE001  its type differs between versions
        client.close()
        raise input_error(
            f"the Dask scheduler {address} has no worker", fix="Start some with `dask worker`."
        ) from None
    return client


async def _try(place: str) -> None:
    import distributed
    from distributed.comm import connect

    arguments = distributed.Security().get_connection_args("client")
    comm = await connect(place, timeout=SECONDS_TO_CONNECT, **arguments)
    await comm.close()


def _unreachable(address: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return input_error(
        f"the Dask scheduler {address} cannot be reached: {reason}",
        fix="Start it with `dask scheduler`, or leave out --fits to fit on this machine.",
    )
