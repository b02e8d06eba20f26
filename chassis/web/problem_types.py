"""All kinds of error that a client can get; `docs/problems.md` and OpenAPI are made from them."""

from enum import Enum, unique

_SOON = 5
"""Seconds after which it is worth a try to repeat a request that met an overloaded service."""

_LATER = 30
"""The same, when it has more work than it can do in a few seconds."""


@unique
class ProblemType(Enum):
    """A kind of problem (RFC 9457, section 3.1.1).

    Clients rely on the types: a member is not renamed, and its status does not change.

    Attributes:
        status: the HTTP status.
        title: the kind of problem in a few words, always the same.
        description: what it means.
        fix: what the client can do about it.
        retry_after_seconds: when the client should try again, if that can help.
    """

    # The request
    BAD_REQUEST = (
        400,
        "Malformed request",
        "The request cannot be parsed.",
        "Send well-formed JSON in UTF-8.",
    )
    INVALID_REQUEST = (
        422,
        "Invalid request",
        "A parameter or a field of the body has a value that is not allowed.",
        "Correct the parameter or field that `detail` names.",
    )
    UNAUTHORIZED = (
        401,
        "No valid key or token",
        "The request has no API key or token, or one that is not valid, or not any more.",
        "Send `Authorization: Bearer` with a valid one; `hdv keys` makes API keys.",
    )
    INSUFFICIENT_SCOPE = (
        403,
        "Scope not sufficient",
        "The key or token does not allow this operation.",
        "Use a key or token with the scope that `detail` names.",
    )
    LABEL_NOT_ALLOWED = (
        403,
        "Label not allowed",
        "The key or token is bound to labels, and the upload has none of them.",
        "Send one of the labels as the field `label`; STOW-RS needs a key for one label only.",
    )
    CROSS_SITE_REQUEST = (
        403,
        "Cross-site request",
        "A web page of another site has caused the request (`Sec-Fetch-Site`, `Origin`).",
        "Send the request from a program, or from a page under the gateway's own address.",
    )
    UNKNOWN_HOST = (
        421,
        "Unknown host",
        "The header `Host` has a name under which the service does not know itself.",
        "Add the name to the setting `allowed_hosts`, or set `public_url`.",
    )
    IDENTITY_PROVIDER_UNAVAILABLE = (
        503,
        "Identity provider unavailable",
        "The keys of the identity provider, which tokens are verified with, cannot be fetched.",
        "Repeat the request after `Retry-After`; API keys work meanwhile.",
        _LATER,
    )
    NOT_FOUND = (
        404,
        "Not found",
        "No resource has this path.",
        "Check the path against `/openapi.json`.",
    )
    METHOD_NOT_ALLOWED = (
        405,
        "Method not allowed",
        "The resource does not support this method.",
        "Use one of the methods in the header `Allow`.",
    )
    NOT_ACCEPTABLE = (
        406,
        "No acceptable representation",
        "The resource is not available in any media type that `Accept` names.",
        "Accept one of the media types that `detail` lists.",
    )
    PRECONDITION_FAILED = (
        412,
        "Precondition failed",
        "The file is not the version that `If-Match` or `If-Unmodified-Since` asks for.",
        "Fetch the file again without the condition.",
    )
    REQUEST_STALLED = (
        408,
        "Request stalled",
        "Headers or JSON body took longer than `http.header_seconds` or `http.json_seconds` allow.",
        "Send the request again.",
    )
    BODY_TOO_LARGE = (
        413,
        "Body too large",
        "The JSON body is larger than the setting `http.max_json_bytes` allows.",
        "Split the request into several ones.",
    )
    URL_TOO_LONG = (
        414,
        "URL too long",
        "The URL is longer than the setting `http.max_url_bytes` allows.",
        "Send a shorter URL.",
    )
    RANGE_NOT_SATISFIABLE = (
        416,
        "Range not satisfiable",
        "All requested ranges begin after the end of the file.",
        "`Content-Range` has the length of the file.",
    )
    HEADERS_TOO_LARGE = (
        431,
        "Headers too large",
        "The headers are more than `http.max_headers` or larger than `http.max_header_bytes`.",
        "Send fewer or shorter headers.",
    )
    TOO_MANY_CONNECTIONS = (
        503,
        "Too many connections",
        "All connections that the setting `http.max_connections` allows are in use.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )

    # Uploads
    BROKEN_MULTIPART = (
        400,
        "Malformed multipart body",
        "The multipart body is malformed, or it ended early.",
        "Send the request again; if that fails too, check the client.",
    )
    NO_FILE_PART = (
        400,
        "No file part",
        "The form has no part named `file`.",
        "Send every file in a part named `file`.",
    )
    UNEXPECTED_PART = (
        400,
        "Unexpected part",
        "The form has a part whose name is not known, or a field with a file name.",
        "Send only the parts that the operation documents.",
    )
    REPEATED_FIELD = (
        400,
        "Repeated form field",
        "A field of the form occurs more than once.",
        "Send each field once.",
    )
    TOO_MANY_FILES = (
        400,
        "Too many files",
        "The upload has more files than the setting `max_files` allows.",
        "Send the study in several uploads.",
    )
    INVALID_IDEMPOTENCY_KEY = (
        400,
        "Invalid idempotency key",
        "The header `Idempotency-Key` is not one string of 1 to 255 characters.",
        "Send a new UUID with each upload.",
    )
    UPLOAD_STALLED = (
        408,
        "Upload stalled",
        "No data for `idle_timeout_seconds`, or longer than `max_upload_seconds` in all.",
        "Send the upload again.",
    )
    IDEMPOTENCY_KEY_IN_FLIGHT = (
        409,
        "Upload with this idempotency key in progress",
        "Another upload with the same `Idempotency-Key` is still being received.",
        "Wait for the answer of that upload, or repeat the request after `Retry-After`.",
        _SOON,
    )
    UPLOAD_TOO_LARGE = (
        413,
        "Upload too large",
        "The upload is larger than the setting `max_upload_bytes` allows.",
        "Send the study in several uploads.",
    )
    ARCHIVE_TOO_LARGE = (
        413,
        "Archive too large when extracted",
        "The zip or tar files of the upload exceed a limit of the setting `archives`.",
        "Send the files in several uploads, or without an archive.",
    )
    NOT_MULTIPART = (
        415,
        "Not multipart/form-data",
        "The body is not `multipart/form-data`.",
        "Send a form with the files in parts named `file`.",
    )
    NOT_DICOM = (
        415,
        "Not DICOM",
        "Nothing in the request is DICOM, or the media type of the body does not allow it.",
        "Send DICOM files (PS3.10), as themselves or in a zip or tar file.",
    )
    EMPTY_FILE = (
        422,
        "Empty file",
        "All files of the upload are empty.",
        "Check the files, then send them again.",
    )
    NO_FILES = (
        422,
        "No files of a study",
        "The upload contains only files that are skipped, such as a DICOMDIR.",
        "Send the instances of the study.",
    )
    INVALID_FIELD = (
        422,
        "Invalid form field",
        "A field of the form has a value that is not allowed.",
        "Correct the field that `detail` names.",
    )
    UNKNOWN_PROFILE = (
        422,
        "Unknown profile",
        "No validation profile has this name.",
        "Use one of the profiles that `detail` lists.",
    )
    BROKEN_ARCHIVE = (
        422,
        "Broken archive",
        "A zip or tar file is truncated, fails its checksum, or contradicts itself.",
        "Create the archive again.",
    )
    UNSAFE_ARCHIVE = (
        422,
        "Unsafe archive",
        "An entry of a zip or tar file is encrypted, a link, a device, or leaves the archive.",
        "Create an archive of regular files with relative paths.",
    )
    UNSUPPORTED_ARCHIVE = (
        422,
        "Unsupported archive",
        "A zip or tar file uses a feature that is not supported, such as LZMA.",
        "Create a zip file with deflate, or a plain or gzipped tar file.",
    )
    IDEMPOTENCY_KEY_REUSED = (
        422,
        "Idempotency key already used",
        "Another upload, with different files or fields, was sent with this `Idempotency-Key`.",
        "Use a new key for each new upload.",
    )
    CLIENT_DISCONNECTED = (
        499,
        "Client disconnected",
        "The client closed the connection during an upload; seen in logs and metrics only.",
        "Send the upload again.",
    )
    TOO_MANY_UPLOADS = (
        503,
        "Too many uploads",
        "As many uploads are in progress as the setting `max_concurrent_uploads` allows.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )
    TOO_MANY_WAITING_STUDIES = (
        503,
        "Too many studies wait",
        "More studies wait for their end than the setting `max_waiting_studies` allows.",
        "Send the upload again after `Retry-After`.",
        _LATER,
    )
    INSUFFICIENT_STORAGE = (
        507,
        "Insufficient storage",
        "A volume has less free space than the setting `min_free_bytes` demands, or twice as much.",
        "Free space on the volume, then send the upload again.",
    )

    # Studies
    UNKNOWN_STUDY = (
        404,
        "Unknown study",
        "No study with this id is known, or no study with this Study Instance UID is archived.",
        "Check the id; `GET /studies` lists the studies.",
    )
    UNKNOWN_SERIES = (
        404,
        "Unknown series",
        "The study has no archived series with this Series Instance UID.",
        "Check the UID; `GET /studies/{study_id}` lists the series.",
    )
    UNKNOWN_INSTANCE = (
        404,
        "Unknown instance",
        "The study has no archived instance with this SOP Instance UID.",
        "Check the UID; the report of the study lists the instances.",
    )
    NOT_ARCHIVED = (
        404,
        "Study not archived",
        "The study is known but not in the archive.",
        "`detail` has its status. If the study failed, its report says why.",
    )
    REPORT_NOT_READY = (
        404,
        "Report not ready",
        "The study is not validated yet.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )
    NO_REPORT = (
        404,
        "No report",
        "Processing of the study ended without a report, or its report was removed.",
        "Look at the status of the study.",
    )
    NO_PREVIEW = (
        404,
        "No preview",
        "The study has no preview image: none could be rendered, or none has been yet.",
        "Retrieve an instance instead.",
    )
    STATUS_UNAVAILABLE = (
        503,
        "Status service unavailable",
        "The status service does not answer.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )

    # Quarantine
    NOT_IN_QUARANTINE = (
        404,
        "Study not in quarantine",
        "No file of the study is in quarantine, or no longer.",
        "`GET /quarantine` lists the studies in quarantine.",
    )
    UNKNOWN_FILE = (
        404,
        "Unknown file",
        "The study has no file with this name in quarantine.",
        "`GET /quarantine/{study_id}` lists the files.",
    )
    STUDY_IN_PROGRESS = (
        409,
        "Study in progress",
        "The study is being processed, or moved to quarantine.",
        "Repeat the request after `Retry-After`.",
        1,
    )
    FILE_DAMAGED = (
        500,
        "Damaged file in quarantine",
        "The bytes of a file in quarantine no longer have the checksum that they arrived with.",
        "Restore the volume from a backup, or upload the original file.",
    )
    QUARANTINE_BUSY = (
        503,
        "Quarantine busy",
        "Other requests are changing the quarantine.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )

    # Events
    CURSOR_EXPIRED = (
        410,
        "Cursor expired",
        "Events after this cursor were removed before they were read.",
        "Begin again: `GET /events` without a cursor returns the events that are kept.",
    )
    TOO_MANY_LISTENERS = (
        503,
        "Too many listeners",
        "As many clients follow the events as the setting `feed.max_streams` allows.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )
    EVENT_BUS_UNAVAILABLE = (
        503,
        "Event bus unavailable",
        "Redis does not answer.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )

    AUDIT_UNAVAILABLE = (
        503,
        "Audit log unavailable",
        "The request has to be recorded in the audit log, which cannot be written.",
        "Repeat the request after `Retry-After`; the operator has to make room for the log.",
        _LATER,
    )

    UNKNOWN_DEAD_LETTER = (
        404,
        "Unknown dead letter",
        "There is no dead letter with this id, or no longer: it was replayed or dropped.",
        "`GET /dead-letters` lists the dead letters.",
    )

    # DICOMweb
    OUTCOME_PENDING = (
        503,
        "Outcome pending",
        "The instances are stored, but validating them takes longer than `stow.wait_seconds`.",
        "Follow the status at `Location`. Sending the instances again is safe: each is kept once.",
        _SOON,
    )
    TOO_MANY_WAITING = (
        503,
        "Too many waiting requests",
        "As many STOW-RS requests wait for their outcome as the setting `stow.max_waiting` allows.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )
    INDEX_UNAVAILABLE = (
        503,
        "Index unavailable",
        "The index of the archive does not answer.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )
    INDEX_INCOMPLETE = (
        503,
        "Index incomplete",
        "The index of the archive is being rebuilt and does not have this study yet.",
        "Repeat the request after `Retry-After`.",
        _SOON,
    )

    # The service
    INTERNAL_ERROR = (
        500,
        "Internal error",
        "The service failed in an unexpected way.",
        "Report it with the `X-Request-ID` of the response; the log has the cause.",
    )
    PAGES_NOT_BUILT = (
        503,
        "Page not built",
        "The viewer that the page needs was not built.",
        "Run `make assets`, then restart; `/openapi.json` and `/asyncapi.yaml` are available.",
    )

    def __init__(
        self, status: int, title: str, description: str, fix: str, retry_after: int | None = None
    ) -> None:
        self.status, self.title = status, title
        self.description, self.fix = description, fix
        self.retry_after_seconds = retry_after

    @property
    def slug(self) -> str:
        """The short name, such as `unknown-study`."""
        return self.name.lower().replace("_", "-")

    @property
    def uri(self) -> str:
        """The `type` of the problem document."""
        return f"urn:hdv:problem:{self.slug}"
