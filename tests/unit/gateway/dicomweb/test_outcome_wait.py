"""When the outcome of an upload is known, for events of its studies in any order."""

from uuid import UUID, uuid4

import pytest

from chassis.messaging.feed import ADDRESS_OF, Entry
from contracts.events import CloudEvent
from gateway.dicomweb.outcome_wait import OutcomeWaiters
from kit.events import archived, failed, not_processed, uploaded, validated

UPLOAD, SECOND, THIRD = uuid4(), uuid4(), uuid4()


def entries(*events: CloudEvent) -> list[Entry]:
    return [
        Entry(ADDRESS_OF[event.type], (number, 0), event.to_json())
        for number, event in enumerate(events)
    ]


@pytest.mark.parametrize(
    ("events", "in_archive"),
    [
        ([uploaded(UPLOAD), validated(UPLOAD), archived(UPLOAD)], {UPLOAD}),
        ([validated(UPLOAD), validated(UPLOAD), archived(UPLOAD)], {UPLOAD}),
        ([failed(UPLOAD)], set()),
        ([not_processed(UPLOAD)], set()),
        ([validated(UPLOAD), not_processed(UPLOAD)], set()),
        (
            [
                validated(UPLOAD, SECOND),
                archived(UPLOAD),
                validated(SECOND, of=UPLOAD),
                archived(SECOND),
            ],
            {UPLOAD, SECOND},
        ),
        # The second study is through before anybody has said that there is one.
        (
            [
                validated(SECOND, of=UPLOAD),
                archived(SECOND),
                validated(UPLOAD, SECOND),
                archived(UPLOAD),
            ],
            {UPLOAD, SECOND},
        ),
        (
            [
                validated(SECOND, of=UPLOAD),
                not_processed(SECOND),
                validated(THIRD, of=UPLOAD),
                validated(UPLOAD, SECOND, THIRD),
                archived(THIRD),
                archived(UPLOAD),
            ],
            {UPLOAD, THIRD},
        ),
    ],
)
def test_an_upload_is_over_when_the_last_of_its_studies_is(
    events: list[CloudEvent], in_archive: set[UUID]
) -> None:
    waiters = OutcomeWaiters()
    with waiters.awaiting(UPLOAD) as awaited:
        for entry in entries(*events[:-1]):
            waiters.hear([entry])
        assert not awaited.is_over
        waiters.hear(entries(events[-1]))
        assert awaited.is_over
        assert awaited.wake.is_set()
        assert awaited.archived == in_archive


def test_what_happens_to_others_and_what_is_no_event_changes_nothing() -> None:
    waiters = OutcomeWaiters()
    with waiters.awaiting(UPLOAD) as awaited:
        waiters.hear(entries(validated(SECOND, THIRD, of=THIRD), archived(SECOND), failed(THIRD)))
        waiters.hear([Entry("study.archived", (1, 0), b"garbage")])
        assert not awaited.is_over


def test_uploads_are_distinguished() -> None:
    waiters = OutcomeWaiters()
    with waiters.awaiting(UPLOAD) as one, waiters.awaiting(SECOND) as other:
        waiters.hear(entries(validated(SECOND), archived(SECOND)))
        assert other.is_over
        assert not one.is_over


def test_events_after_the_wait_are_ignored() -> None:
    waiters = OutcomeWaiters()
    with waiters.awaiting(UPLOAD) as awaited:
        waiters.hear(entries(validated(SECOND, of=UPLOAD)))
    waiters.hear(entries(failed(UPLOAD), archived(SECOND)))
    assert not awaited.archived
    assert not awaited.is_over


def test_who_still_waits_is_let_go_at_the_end() -> None:
    waiters = OutcomeWaiters()
    with waiters.awaiting(UPLOAD) as awaited:
        waiters.close()
        assert awaited.wake.is_set()
        assert not awaited.is_over
