"""Composition root of the gateway."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial

import httpx2

from chassis.access.caller import Caller
from chassis.access.key_ring import KeyRing
from chassis.messaging.dead_letter_stream import DeadLetterStream
from chassis.messaging.feed import Feed, connect
from chassis.runtime.settings import redis_address
from chassis.service.installation import own_redis_only
from chassis.service.lifecycle import Service
from chassis.web.routing import include, provide
from chassis.web.status_client import status_client
from contracts.channels import DELETED, UPLOADS
from contracts.places import Place
from gateway.audited import keep_audit_log
from gateway.browsing import routes as browsing
from gateway.browsing.study_files import StudyFiles
from gateway.browsing.study_labels import label_of
from gateway.dead_letters import routes as dead_letters
from gateway.deletion import routes as deletion
from gateway.deletion.deletion import Deletions
from gateway.dicomweb import routes as dicomweb
from gateway.dicomweb.retrieval import Retrieval
from gateway.dicomweb.stow import StowService
from gateway.events import routes as events
from gateway.events.live_feed import LiveFeed
from gateway.guard import GatewayGuard
from gateway.http.visibility import Visibility
from gateway.openapi import document
from gateway.pages import routes as pages
from gateway.pages.page import Pages
from gateway.quarantine import routes as quarantine
from gateway.recovery.reconciler import Reconciler
from gateway.recovery.records import RecordRecovery
from gateway.retention import Ages, Retention
from gateway.settings import GatewaySettings
from gateway.uploads import routes as uploads
from gateway.uploads.service import UploadService
from storage.uid_index import UidIndex

DESCRIPTION = """\
Receives DICOM studies over HTTP, validates them against the standard, extracts their metadata and
archives them. An upload is answered as soon as it is stored safely; its status, its report and the
events say what becomes of it.
"""


def create_app(settings: GatewaySettings, *, instance: str | None = None) -> Service:
    """The gateway.

    Args:
        settings: its settings.
        instance: its name, if not host and process id.
    """
    studies = settings.studies
    client = status_client(settings)
    visibility = Visibility(partial(label_of, client=client, studies=studies))
    keys = KeyRing(settings.keys_file)
    provider_client = httpx2.AsyncClient(follow_redirects=False)
    guard = GatewayGuard(
        keys,
        tokens=_tokens(settings, provider_client),
        mode=settings.allow_unauthenticated,
        visibility=visibility,
        internal_token=settings.internal_token,
    )
    service = Service(
        settings, description=DESCRIPTION, instance=instance, guard=guard, hosts=settings.hosts
    )
    keep_audit_log(service, settings)
    service.use(lambda: provider_client)
    service.in_background(keys.follow_continually)
    service.work_on(studies.store, Place.UPLOADS, Place.QUARANTINE)
    service.use(lambda: client)
    redis = connect(redis_address(settings))
    service.use(lambda: aclosing(redis))

    upload_service = UploadService(service, settings, service.publisher(UPLOADS))
    feed = Feed(redis)
    live = LiveFeed(feed, settings.feed, service.metrics)
    stow = StowService(upload_service, live, settings, studies)
    files = StudyFiles(
        studies,
        client,
        idle_seconds=settings.idle_timeout_seconds,
        retry_after_seconds=settings.retry_after_seconds,
    )
    own_redis_only(service, studies)
    index = UidIndex(service.broker.connect)
    retrieval = Retrieval(index, studies, idle_seconds=settings.idle_timeout_seconds)
    deletions = Deletions(studies, index, service.publisher(DELETED), service.broker.connect)
    provide(
        service.http, settings, studies, client, upload_service, files, feed, live, stow,
        retrieval, deletions, Pages(), visibility,
        DeadLetterStream(service.broker.connect),
    )  # fmt: skip

    reconciler = Reconciler(
        service.broker.connect,
        studies,
        upload_service.announcer,
        status=client,
        settings=settings.recovery,
        metrics=service.metrics,
    )
    service.in_background(reconciler.confirm_continually)
    service.in_background(reconciler.reconcile_continually)
    service.in_background(upload_service.capacity.watch_continually)
    service.in_background(live.run)
    service.in_background(RecordRecovery(studies, client, service.broker.connect).run)
    service.in_background(deletions.finish_continually)
    service.at_stop(live.close)
    service.at_stop(stow.close)
    service.checks["feed"] = live.check
    retention = Retention(
        studies,
        deletions,
        archive=Ages(settings.archive_days, settings.archive_days_by_label),
        quarantine=Ages(settings.quarantine_days, settings.quarantine_days_by_label),
        connect=service.broker.connect,
    )
    service.in_background(retention.run)

    for room in (uploads, browsing, deletion, quarantine, events, dead_letters, dicomweb, pages):
        include(service.http, room.router)
    document(service.http, settings.public_url, settings.oidc.issuer)
    return service


def _tokens(
    settings: GatewaySettings, client: httpx2.AsyncClient
) -> Callable[[str], Awaitable[Caller | None]] | None:
    """Finds the caller of a token; None without an identity provider."""
    if settings.oidc.issuer is None:
        return None
    # Cryptography takes a while to import.
    from gateway.identity import token_verifier  # noqa: PLC0415 -- see above

    return token_verifier(settings.oidc, settings.oidc.issuer, client).caller
