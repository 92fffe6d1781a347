"""A connection to a labgrid coordinator as one of its users: what it tells is followed, places are taken and given."""

import logging
import threading
from queue import SimpleQueue
from typing import Any

import grpc

from orchestrator.labgrid_places.messages import CoordinatorMethods
from orchestrator.labgrid_places.place import (
    CoordinatorLostError,
    Match,
    Place,
    PlaceBusyError,
    PlaceUnusableError,
    Resource,
)

logger = logging.getLogger(__name__)

ANSWER_S = 10.0
ACQUIRE_S = 30.0
"""The coordinator asks each exporter in turn, which may start a ser2net."""

# A dead peer is noticed after some 20 s. A pool of our own keeps a new session from using an old one's connection: the
# coordinator knows its users by their connections.
_OPTIONS = [
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.use_local_subchannel_pool", 1),
]


class Session:
    """One connection, for several threads; once lost it stays lost.

    Every method may raise `CoordinatorLostError`.

    Args:
        address: `HOST:PORT`.
        user: `<host>/<user>`, by which others of the lab see who holds a place.
    """

    def __init__(self, address: str, user: str) -> None:
        self._address = address
        self._user = user
        self._changed = threading.Condition()
        self._places: dict[str, Place] = {}
        self._resources: dict[tuple[str, str, str], Resource] = {}
        self._synced = self._syncs = 0
        self._lost: Exception | None = None
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._sent: SimpleQueue[Any] = SimpleQueue()
        try:
            self._methods = CoordinatorMethods(self._channel)
            self._begin()
        except (grpc.RpcError, KeyError) as error:
            self._channel.close()
            raise self._no_coordinator(error) from error

    def _begin(self) -> None:
        open_stream, self._message = self._methods.stream("ClientStream")
        for fields in (
            {"startup": {"version": "mcutune", "name": self._user}},
            {"subscribe": {"all_places": True}},
            {"subscribe": {"all_resources": True}},
        ):
            self._sent.put(self._message(**fields))
        self._stream = open_stream(iter(self._sent.get, None))
        threading.Thread(target=self._follow, name="labgrid", daemon=True).start()
        self.catch_up()

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone for good."""
        return self._lost is not None

    def places(self) -> list[Place]:
        """Give all places, as last told."""
        with self._changed:
            return list(self._places.values())

    def place(self, name: str) -> Place:
        """Give one place, as last told.

        Raises:
            PlaceUnusableError: there is none of this name any more.
        """
        with self._changed:
            if name not in self._places:
                raise PlaceUnusableError(f"place {name}: was deleted from the coordinator at {self._address}")
            return self._places[name]

    def resources(self) -> list[Resource]:
        """Give all resources, as last told."""
        with self._changed:
            return list(self._resources.values())

    def acquire(self, name: str) -> None:
        """Take a place for our user, and know what this changed.

        Raises:
            PlaceBusyError: somebody else holds or has reserved it.
            PlaceUnusableError: the coordinator refuses for another reason; the text is its own.
        """
        self._call("AcquirePlace", placename=name)
        self.catch_up()

    def release(self, name: str) -> None:
        """Give a place back, if it is our user's."""
        self._call("ReleasePlace", placename=name, fromuser=self._user)
        self.catch_up()

    def catch_up(self) -> None:
        """Wait until everything is known that the coordinator knew at the time of the call."""
        with self._changed:
            self._syncs += 1
            number = self._syncs
            self._sent.put(self._message(sync={"id": number}))
            done = self._changed.wait_for(lambda: self._synced >= number or self.is_lost, ANSWER_S)
        if self._lost is not None:
            raise self._no_coordinator(self._lost) from self._lost
        if not done:
            raise CoordinatorLostError(f"the labgrid coordinator at {self._address} was silent for {ANSWER_S:g} s")

    def close(self) -> None:
        """End the connection; what is held stays held."""
        self._sent.put(None)
        self._stream.cancel()
        self._channel.close()

    def _call(self, method: str, **fields: object) -> None:
        try:
            self._methods.call(method, ACQUIRE_S, **fields)
        except grpc.RpcError as error:
            raise self._refusal(error, str(fields["placename"])) from error

    def _refusal(self, error: Any, name: str) -> PlaceBusyError | PlaceUnusableError | CoordinatorLostError:
        text = f"place {name}: {error.details()}"
        if error.code() is grpc.StatusCode.PERMISSION_DENIED:
            return PlaceBusyError(text)
        if error.code() in (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT):
            return PlaceBusyError(text) if "already acquired" in error.details() else PlaceUnusableError(text)
        return self._no_coordinator(error)

    def _no_coordinator(self, error: Any) -> CoordinatorLostError:
        said = error.details() if isinstance(error, grpc.Call) else repr(error)
        return CoordinatorLostError(f"no labgrid coordinator (25.0 or later) answers at {self._address}: {said}")

    def _follow(self) -> None:
        try:
            for message in self._stream:
                with self._changed:
                    self._take(message)
                    self._changed.notify_all()
            self._end(ConnectionError("it ended the session"))
        except grpc.RpcError as error:
            self._end(error)

    def _end(self, error: Exception) -> None:
        with self._changed:
            self._lost = error
            self._changed.notify_all()

    def _take(self, message: Any) -> None:
        for update in message.updates:
            kind = update.WhichOneof("kind")
            if kind == "place":
                self._places[update.place.name] = _place(update.place)
            elif kind == "del_place":
                self._places.pop(update.del_place, None)
            elif kind == "resource":
                self._resources[_path(update.resource.path)] = _resource(update.resource)
            elif kind == "del_resource":
                self._resources.pop(_path(update.del_resource), None)
        if message.HasField("sync"):
            self._synced = message.sync.id


def _path(path: Any) -> tuple[str, str, str]:
    return path.exporter_name, path.group_name, path.resource_name


def _place(told: Any) -> Place:
    matches = tuple(Match(one.exporter, one.group, one.cls, one.name, one.rename) for one in told.matches)
    return Place(told.name, dict(told.tags), matches, told.acquired)


def _resource(told: Any) -> Resource:
    exporter, group, name = _path(told.path)
    params, extra = ({key: _value(value) for key, value in found.items()} for found in (told.params, told.extra))
    return Resource(exporter, group, told.cls, name, params, extra, told.acquired, told.avail)


def _value(value: Any) -> object:
    kind = value.WhichOneof("kind")
    return None if kind is None else getattr(value, kind)
