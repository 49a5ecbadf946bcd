"""The account's data in one place: people, sessions and stories, and how they are found.

Starts from the seed and is changed by writes. It knows nothing of HTTP or of answers.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from fullstory_mcp.sandbox.world import timeline
from fullstory_mcp.sandbox.world.model import Moment, Person, Session, Story
from fullstory_mcp.sandbox.world.people import make_people
from fullstory_mcp.sandbox.world.sessions import ANCHOR, make_sessions

_STORIES_KEPT = 64


class World:
    """People and sessions by id; stories are told on demand and a few are kept."""

    def __init__(self, seed: int) -> None:
        """Make the index; the stories come later."""
        people = make_people(seed, ANCHOR)
        self.people = {person.id: person for person in people}
        self.sessions = {session.id: session for session in make_sessions(seed, people)}
        self._by_uid = {person.uid: person for person in people if person.uid}
        self._told = lru_cache(maxsize=_STORIES_KEPT)(lambda key: self._tell(seed, key))

    def by_uid(self, uid: str) -> Person | None:
        """Find a person by the customer's own id."""
        return self._by_uid.get(uid)

    def by_email(self, email: str) -> list[Person]:
        """Find everybody with this email."""
        return [person for person in self.people.values() if person.email == email]

    def add_person(self, person: Person) -> None:
        """Take in a person, or note that its uid changed."""
        self.people[person.id] = person
        if person.uid:
            self._by_uid[person.uid] = person

    def forget_uid(self, uid: str) -> None:
        """Let a uid lead nowhere, before its person takes another."""
        self._by_uid.pop(uid, None)

    def remove_person(self, person_id: str) -> None:
        """Remove a person with all sessions."""
        person = self.people.pop(person_id, None)
        if person is None:
            return
        self.forget_uid(person.uid)
        for session in self.sessions_of([person_id]):
            del self.sessions[session.id]

    def sessions_of(self, people: Iterable[str]) -> list[Session]:
        """Return the sessions of these people (by id), newest first."""
        wanted = set(people)
        found = [session for session in self.sessions.values() if session.person in wanted]
        return sorted(found, key=lambda session: session.start, reverse=True)

    def named_session(self, uid: str) -> Session | None:
        """Find the session that the customer gave this name."""
        return next((s for s in self.sessions.values() if s.uid == uid), None)

    def story(self, session: Session) -> Story:
        """Tell a session, with what was added to it since, in time order."""
        told: Story = self._told(session.id)
        if not session.added:
            return told
        added = [_placed(told, moment) for moment in session.added]
        moments = sorted([*told.moments, *added], key=lambda moment: moment.at)
        return replace(told, moments=tuple(moments))

    def is_full(self, session: Session) -> bool:
        """Tell whether a session takes no more events."""
        return len(self.story(session).moments) >= timeline.FULL

    def last_seen(self, session: Session) -> int:
        """Return the moment of a session's last event (its start when it has none)."""
        moments = self.story(session).moments
        return moments[-1].at if moments else session.start

    def _tell(self, seed: int, session_id: str) -> Story:
        return timeline.tell(seed, self.sessions[session_id])


def _placed(story: Story, moment: Moment) -> Moment:
    """Put an added event onto the page that was open at its time."""
    open_then = [number for number, page in enumerate(story.pages) if page.start <= moment.at]
    return replace(moment, page=open_then[-1] if open_then else 0)
