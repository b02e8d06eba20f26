"""The instances of a validated study: which go to the archive, and under which names."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from contracts.intake import Intake, StoredFile
from contracts.model import is_uid
from contracts.report import Identity, InstanceReport, Outcome, StudyReport
from storage.layout import ORIGINAL, ORIGINALS
from storage.study_folder import StudyFolder


@dataclass(frozen=True)
class Instance:
    """A valid instance on its way to the archive."""

    file: str
    """Its name in the archive, below the study's directory."""
    stored: StoredFile
    """The file as it arrived."""
    report: InstanceReport
    """The validator's report on it."""
    is_known: bool = False
    """Whether it came before, in another upload: the archive may have its bytes. Its SOP Instance
    UID is then valid, and so a safe file name."""

    @property
    def identity(self) -> Identity:
        """Its UIDs and modality, as the file has them."""
        return self.report.identity


@dataclass(frozen=True)
class ValidatedStudy:
    """A study among the uploads, with its report."""

    folder: StudyFolder
    intake: Intake
    report: StudyReport

    @property
    def study_id(self) -> UUID:
        """Its id."""
        return self.folder.study_id

    def outcome(self, file: StoredFile) -> Outcome:
        """The outcome of a file; one that the report does not know counts as rejected."""
        report = self._reports.get(file.name)
        return report.outcome if report else Outcome.REJECTED

    def content(self, file: StoredFile) -> str:
        """The digest of the instance in a valid file."""
        return self._reports[file.name].content

    @cached_property
    def rejected(self) -> tuple[StoredFile, ...]:
        """The files that go to quarantine."""
        return tuple(file for file in self.intake.files if self.outcome(file) is Outcome.REJECTED)

    @cached_property
    def elsewhere(self) -> dict[str, UUID]:
        """The studies that the upload was divided into, by the digest of each instance of theirs.

        A file that repeats one of them belongs there as well.
        """
        return {
            report.content: report.study_id
            for file in self._valid
            if (report := self._reports[file.name]).study_id
        }

    @cached_property
    def divided(self) -> dict[UUID, list[StoredFile]]:
        """The files of the studies that the upload was divided into."""
        files: dict[UUID, list[StoredFile]] = {}
        for file in self._valid:
            if study_id := self._reports[file.name].study_id:
                files.setdefault(study_id, []).append(file)
        return files

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """The instances of this study in the order of their arrival, each under its own name.

        The same instance sent twice is archived once. The name is the SOP Instance UID; an instance
        whose UID is taken by another, or is not valid, keeps the name given by the gateway.
        """
        files = {self.content(file): file for file in reversed(self._valid)}
        own = [file for content, file in files.items() if content not in self.elsewhere]
        new = {self.content(file) for file in self._valid if self.outcome(file) is Outcome.ACCEPTED}
        taken: set[str] = set()
        instances = []
        for file in sorted(own, key=lambda file: file.name):
            report = self._reports[file.name]
            has_uid = is_uid(report.identity.sop_instance_uid)
            name = f"{report.identity.sop_instance_uid}.dcm"
            if not has_uid or name in taken:
                name = file.name
            taken.add(name)
            instances.append(
                Instance(
                    file=ORIGINAL if len(own) == 1 else f"{ORIGINALS}/{name}",
                    stored=file,
                    report=report,
                    is_known=has_uid and report.content not in new,
                )
            )
        return tuple(instances)

    @cached_property
    def _reports(self) -> dict[str, InstanceReport]:
        return {report.file: report for report in self.report.instances}

    @cached_property
    def _valid(self) -> tuple[StoredFile, ...]:
        return tuple(
            file for file in self.intake.files if self.outcome(file) is not Outcome.REJECTED
        )
