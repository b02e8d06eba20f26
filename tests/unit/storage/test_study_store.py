"""Finding studies: each is found wherever it is, also one that moves on meanwhile."""

from collections.abc import Callable
from typing import BinaryIO
from uuid import UUID, uuid4

import pytest

from contracts.intake import StoredFile
from contracts.places import Place
from storage.layout import INTAKE, MARKERS, REPORT
from storage.memory_store import MemoryStore
from storage.port import Store
from storage.study_folder import StudyFolder
from storage.study_store import LOOKING_ORDER, StudyStore

STUDY = UUID("0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11")


def bring(studies: StudyStore, place: Place, study_id: UUID = STUDY, content: bytes = b"1") -> None:
    with studies.draft(place, study_id) as draft:
        with draft.create("000001.dcm") as file:
            file.write(content)
        draft.commit(MARKERS[place], lambda file: file.write(b"{}"))


@pytest.fixture
def studies(store: Store) -> StudyStore:
    return StudyStore(store)


@pytest.mark.parametrize(
    "places",
    [
        (),
        (Place.UPLOADS,),
        (Place.ARCHIVE,),
        (Place.QUARANTINE,),
        (Place.ARCHIVE, Place.QUARANTINE),
        tuple(LOOKING_ORDER),
    ],
    ids=lambda places: "+".join(places) or "nowhere",
)
def test_a_study_is_located_at_all_its_places(
    studies: StudyStore, places: tuple[Place, ...]
) -> None:
    for place in places:
        bring(studies, place)
    assert studies.locate(STUDY) == places
    assert [studies.at(place, STUDY).exists() for place in LOOKING_ORDER] == [
        place in places for place in LOOKING_ORDER
    ]


def test_a_study_is_read_at_the_first_place_that_has_it(studies: StudyStore) -> None:
    def place_of(folder: StudyFolder) -> Place:
        folder.marker.read()
        return folder.place

    assert studies.find(STUDY, place_of) is None
    for place in reversed(LOOKING_ORDER):
        bring(studies, place)
        assert studies.find(STUDY, place_of) is place


@pytest.mark.parametrize("target", [Place.ARCHIVE, Place.QUARANTINE])
def test_a_study_that_moves_on_while_it_is_read_is_found(target: Place) -> None:
    """It moves at each possible moment: before any access to the store."""
    accesses, found_late = 0, True
    while found_late:
        store = _MovingStore(after=accesses)
        studies = StudyStore(store)
        bring(studies, Place.UPLOADS)

        def move(studies: StudyStore = studies) -> None:
            studies.move(STUDY, Place.UPLOADS, target)

        store.then = move
        assert studies.find(STUDY, lambda folder: folder.file("000001.dcm").read()) == b"1"
        found_late = store.then is None
        accesses += 1
    assert accesses > 0


class _MovingStore(MemoryStore):
    """A store where a study moves on before a certain access."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.then: Callable[[], None] | None = None
        self._left = after

    def open(self, key: str) -> BinaryIO:
        if self.then:
            self._left -= 1
            if self._left < 0:
                then, self.then = self.then, None
                then()
        return super().open(key)


def test_all_studies_of_a_place_are_listed_and_nothing_else(studies: StudyStore) -> None:
    ids = {STUDY, uuid4()}
    for study_id in ids:
        bring(studies, Place.ARCHIVE, study_id)
    with studies.store.draft("archive/notes") as draft:
        draft.commit("read-me", lambda file: file.write(b""))
    studies.preview(STUDY).put(b"picture")
    assert {folder.study_id for folder in studies.all(Place.ARCHIVE)} == ids


def test_a_folder_holds_the_files_of_another_whatever_their_names(studies: StudyStore) -> None:
    bring(studies, Place.UPLOADS)
    bring(studies, Place.ARCHIVE)
    sha256 = studies.uploaded(STUDY).file("000001.dcm").sha256()
    file = StoredFile(name="000001.dcm", size_bytes=1, sha256=sha256)
    source = studies.uploaded(STUDY)
    assert studies.archived(STUDY).holds([file], source)
    assert not studies.quarantined(STUDY).holds([file], source)
    bring(studies, Place.QUARANTINE, content=b"2")
    assert not studies.quarantined(STUDY).holds([file], source)


async def test_a_local_copy_has_the_bytes(studies: StudyStore) -> None:
    bring(studies, Place.UPLOADS, content=b"12345")
    async with studies.uploaded(STUDY).file("000001.dcm").local() as path:
        assert path.read_bytes() == b"12345"
    assert studies.uploaded(STUDY).names() == {"000001.dcm", INTAKE}


def test_a_file_is_read_in_chunks_or_in_part(studies: StudyStore) -> None:
    bring(studies, Place.UPLOADS, content=b"0123456789")
    file = studies.uploaded(STUDY).file("000001.dcm")
    assert b"".join(file.chunks()) == b"0123456789"
    assert b"".join(file.chunks(2, 5)) == b"234"
    assert not studies.uploaded(STUDY).file(REPORT).exists()
