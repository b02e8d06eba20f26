"""The names of everything that is stored beside the files of studies. Names only, no I/O."""

from contracts.places import Place

INCOMING = ".incoming"
"""Directory of a volume for what is being written; a crash leaves rubbish here, and only here."""
INTAKE = "intake.json"
"""What the gateway knows about an upload (`contracts.intake.Intake`)."""
REPORT = "report.json"
"""The validator's report (`contracts.report.StudyReport`)."""
METADATA = "metadata.json"
"""What the archive knows about a study (`storage.metadata`)."""
ORIGINAL = "original.dcm"
"""The only instance of an archived study."""
ORIGINALS = "original"
"""Directory of the instances of an archived study that has several."""
JOURNAL = "examined.ndjson"
"""Findings so far, beside the files of an upload that is being validated."""
RESUBMISSIONS = "resubmissions.ndjson"
"""Resubmissions so far, beside the files of a study in quarantine."""
REMOVED = "removed.ndjson"
"""List of all files that were removed from any place, in the quarantine."""
DELETIONS = ".deletions"
"""Directory of the quarantine for notes of deletions that have begun."""
INSTALLATION = ".installation"
"""Directory of the archive for the id of the installation."""
INSTALLATION_ID = "installation.json"
"""That id (`storage.installation`)."""
PREVIEWS = ".previews"
"""Directory of the archive for pictures of studies; they can be made again at any time."""

MARKERS = {
    Place.UPLOADS: INTAKE,
    Place.QUARANTINE: REPORT,
    Place.ARCHIVE: METADATA,
}
"""The file that is written last when a study comes to a place: where the marker is, the study is
complete. A backend without directories makes the marker appear last and removes it first."""
