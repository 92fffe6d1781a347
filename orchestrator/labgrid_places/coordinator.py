"""The coordinator of a labgrid lab, however often it restarts."""

import threading

from orchestrator.labgrid_places.place import Place
from orchestrator.labgrid_places.session import Session

DEFAULT_PORT = 20_408  # labgrid's own


class Coordinator:
    """Gives sessions, a new one where the last was lost.

    Args:
        address: `HOST[:PORT]`.
        host: of the agent; others of the lab see its places held by `<host>/mcutune`.
    """

    def __init__(self, address: str, host: str) -> None:
        self.address = address if ":" in address else f"{address}:{DEFAULT_PORT}"
        self.user_host, self.user_name = host.replace("/", "-"), "mcutune"
        self._lock = threading.Lock()
        self._session: Session | None = None

    @property
    def user(self) -> str:
        """By which the lab knows us."""
        return f"{self.user_host}/{self.user_name}"

    def session(self) -> Session:
        """Give the live session.

        Raises:
            CoordinatorLostError: no coordinator answers.
        """
        with self._lock:
            if self._session is not None and self._session.is_lost:
                self._session.close()
                self._session = None
            if self._session is None:
                self._session = Session(self.address, self.user)
            return self._session

    def places_with(self, tags: dict[str, str | None]) -> list[tuple[Place, str]]:
        """Give the places that have one of `tags`, each with the tag's value.

        Args:
            tags: the value that a tag must have; None: any.
        """
        return [
            (place, place.tags[key])
            for place in sorted(self.session().places(), key=lambda place: place.name)
            for key in tags
            if key in place.tags and tags[key] in (None, place.tags[key])
        ]

    def close(self) -> None:
        """End the session; closing twice is fine."""
        with self._lock:
            if self._session is not None:
                self._session.close()
            self._session = None
