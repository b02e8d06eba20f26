"""Rules of a study as a whole (PS3.3 7, A.1): what only several instances together can break."""

from contracts.report import Severity
from engine.rule_set import RuleSet

RULES = RuleSet(__name__, found_by="engine.comparison.compare")

SEVERAL_STUDIES = RULES.define(
    "study.several",
    Severity.WARNING,
    "The files belong to more than one study.",
    "PS3.3 A.1.2.2",
    why="What was sent as one study is filed as several; perhaps a file of another got among them.",
    fix="Send each study by itself, or correct the Study Instance UID that is wrong.",
    violation=False,
)
PATIENT_DIFFERS = RULES.define(
    "study.patient-differs",
    Severity.ERROR,
    "The instances of the study name different patients.",
    "PS3.3 A.1.2.2",
    why="A study belongs to one patient; now images of one person appear under another.",
    fix="Find out whose images they are, then correct the Patient ID or the Study Instance UID.",
    refusal="Images of one person would be shown under the name of another.",
)
PATIENT_ATTRIBUTE_DIFFERS = RULES.define(
    "study.patient-attribute-differs",
    Severity.WARNING,
    "An attribute of the patient differs between the instances of the study.",
    "PS3.3 C.7.1.1",
    why="Archives keep one patient record for each ID; which of the values it gets is chance.",
    fix="Use the same name, birth date and sex in all instances of the patient.",
)
ATTRIBUTE_DIFFERS = RULES.define(
    "study.attribute-differs",
    Severity.WARNING,
    "An attribute of the study differs between its instances.",
    "PS3.3 C.7.2.1",
    why="Work lists and queries show one value for the study, that of whichever file came first.",
    fix="Use the same study date, time, ID, accession number and description in all instances.",
)
REFERENCE_CLASS = RULES.define(
    "study.reference-class",
    Severity.WARNING,
    "An instance names another one of the study, and a SOP class that it is not of.",
    "PS3.3 10.8",
    why="Software that chooses by the class opens the wrong viewer, or does not find the instance.",
    fix="Write the SOP class of the instance that is meant.",
)
REFERENCE_FRAME = RULES.define(
    "study.reference-frame",
    Severity.WARNING,
    "An instance names a frame that another one of the study has not.",
    "PS3.3 10.3",
    why="What is said of the frame, such as a contour or a finding, is shown nowhere.",
    fix="Correct the frame number; frames count from 1.",
)
REFERENCE_SPACE = RULES.define(
    "study.reference-frame-of-reference",
    Severity.WARNING,
    "An instance is in another frame of reference than the images that it is made from.",
    "PS3.3 C.7.4.1",
    why="Segments, doses or contours cannot be laid over the images: they are somewhere else.",
    fix="Write the Frame of Reference UID of the images, or refer to a registration.",
)
DUPLICATE = RULES.define(
    "study.instance-duplicate",
    Severity.WARNING,
    "The same instance is there more than once.",
    "PS3.3 C.12.1.1",
    why="It is counted twice, and often a sign that another file was overwritten by this one.",
    fix="Send it once; compare the number of instances with that at the source.",
    violation=False,
)
CONFLICT = RULES.define(
    "study.instance-conflict",
    Severity.ERROR,
    "Different data sets have the same SOP Instance UID.",
    "PS3.5 9",
    why="An archive keeps one of them and loses the others.",
    fix="Give each instance a UID of its own, or remove the versions that are out of date.",
    refusal="Keeping one would lose the other.",
)
ARCHIVED = RULES.define(
    "study.instance-archived",
    Severity.INFO,
    "The same instance has come before, in another upload.",
    "PS3.3 C.12.1.1",
    why="It is kept once, and belongs to this study's entry in the archive as well.",
    fix="Nothing needs fixing; if it was sent twice by mistake, the sender may want to know.",
    violation=False,
    found_by="validator.reserve",
)
UID_UNEXPECTED = RULES.define(
    "study.uid-unexpected",
    Severity.ERROR,
    "The Study Instance UID is not the one that the sender named.",
    "PS3.18 10.5.1",
    why="It was sent to a study that it does not belong to.",
    fix="Send it to its own study, or correct its Study Instance UID.",
    refusal="The sender did not mean it for this study.",
    violation=False,
    found_by="validator.decide",
)
TOO_MANY = RULES.define(
    "study.too-many",
    Severity.ERROR,
    "The upload has too many studies; this file's is one beyond the limit.",
    "PS3.3 A.1.2.2",
    why="Each study of an upload becomes an entry of its own in the archive.",
    fix="Send fewer studies at once.",
    refusal="The site has set how many it takes at once.",
    violation=False,
    found_by="validator.decide",
)
FAILED_WITH_OTHERS = RULES.define(
    "study.failed-with-others",
    Severity.INFO,
    "The file is valid, but another one of its upload is not.",
    "PS3.3 A.1.2",
    why="The service is set to file an upload as a whole or not at all (on_invalid_instance).",
    fix="Fix or leave out what has errors, and send the upload again.",
    violation=False,
    found_by="validator.decide",
)
MISSING = RULES.define(
    "study.instances-missing",
    Severity.WARNING,
    "There are fewer instances than expected.",
    "PS3.3 A.1.2",
    why="The transfer broke off, or files were lost before it.",
    fix="Compare with the source and send what is missing.",
    violation=False,
)
EXTRA = RULES.define(
    "study.instances-extra",
    Severity.WARNING,
    "There are more instances than expected.",
    "PS3.3 A.1.2",
    why="Files of another study, or repeated ones, may be among them.",
    fix="Compare with the source.",
    violation=False,
)
