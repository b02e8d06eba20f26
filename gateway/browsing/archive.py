"""Finds what is archived of a study: its series, and the files of its instances."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from contracts.model import is_uid
from gateway.browsing.models import Series
from storage.layout import METADATA
from storage.study_folder import StudyFolder

_MOST_REMEMBERED = 8
"""Cached studies; one of 2,000 instances takes 1 MB, the largest, of 100,000, 50 MB."""


class ArchivedFile(NamedTuple):
    """The file of an instance."""

    name: str
    """Its path below the study's directory."""
    sha256: str


@dataclass(frozen=True)
class Holdings:
    """What is stored of a study, in the archive or in quarantine."""

    study_instance_uids: tuple[str, ...]
    series: tuple[Series, ...]
    instance_count: int
    size_bytes: int


@dataclass(frozen=True)
class ArchivedFiles:
    """A study in the archive."""

    instances: Mapping[str, ArchivedFile]
    """By SOP Instance UID."""
    files: tuple[str, ...]
    """All its files, below its directory; the metadata first."""
    archived_at: datetime
    holdings: Holdings


def find_archived(folder: StudyFolder) -> ArchivedFiles:
    """What is archived of a study. Blocks.

    Cached for the studies of the last requests: a viewer fetches the instances of a study one after
    the other.

    Args:
        folder: the study in the archive.

    Raises:
        FileNotFoundError: there is no such study.
    """
    return _read_archived(folder, folder.marker.stat().modified_ns)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _read_archived(folder: StudyFolder, _changed_at: int) -> ArchivedFiles:
    study = folder.metadata()
    modalities = {
        series.get("SeriesInstanceUID"): series.get("Modality") for series in study.series
    }
    return ArchivedFiles(
        instances={
            instance.sop_instance_uid: ArchivedFile(instance.file, instance.sha256)
            for instance in study.instances
        },
        files=(METADATA, *(instance.file for instance in study.instances)),
        archived_at=study.provenance.archived_at,
        holdings=_holdings(
            (
                instance.study_instance_uid,
                instance.series_instance_uid,
                modalities.get(instance.series_instance_uid),
                instance.size_bytes,
            )
            for instance in study.instances
        ),
    )


def quarantined_holdings(folder: StudyFolder) -> Holdings:
    """What is in quarantine of a study that failed. Blocks.

    Args:
        folder: the study in quarantine.

    Raises:
        FileNotFoundError: there is no such study.
    """
    report = folder.report()
    names = folder.names()
    return _holdings(
        (
            instance.identity.study_instance_uid,
            instance.identity.series_instance_uid,
            instance.identity.modality,
            instance.size_bytes,
        )
        for instance in report.instances
        if instance.file in names
    )


def _holdings(instances: Iterable[tuple[str, str, str | None, int]]) -> Holdings:
    """Sums up instances: Study and Series Instance UID, modality, size of each.

    Values that are not UIDs are left out; they are untrusted.
    """
    rows = list(instances)
    counts = Counter(series for _, series, _, _ in rows)
    modalities = {series: modality for _, series, modality, _ in reversed(rows)}
    return Holdings(
        study_instance_uids=tuple(dict.fromkeys(study for study, *_ in rows if is_uid(study))),
        series=tuple(
            Series(series_instance_uid=uid, modality=modalities[uid] or None, instance_count=count)
            for uid, count in counts.items()
            if is_uid(uid)
        ),
        instance_count=len(rows),
        size_bytes=sum(size for *_, size in rows),
    )
