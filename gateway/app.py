"""Composition root of the gateway."""

from contextlib import aclosing
from functools import partial

from chassis.instance_index import InstanceIndex
from chassis.messaging.broker import redis_address
from chassis.messaging.feed import Feed, connect
from chassis.service.lifecycle import Service
from chassis.web.status_client import status_client
from contracts.channels import UPLOADS
from contracts.places import Place
from gateway.browsing.file_routes import study_files_router
from gateway.browsing.status_routes import status_router
from gateway.browsing.study_files import StudyFiles
from gateway.browsing.study_routes import studies_router
from gateway.dicomweb.retrieval import Retrieval
from gateway.dicomweb.retrieval_routes import retrieval_router
from gateway.dicomweb.storage import Storage
from gateway.dicomweb.storage_routes import storage_router
from gateway.events.feed import LiveFeed
from gateway.events.routes import events_router
from gateway.pages.routes import pages_router
from gateway.quarantine.removal import purge_continually
from gateway.quarantine.resubmission_routes import resubmission_router
from gateway.quarantine.routes import quarantine_router
from gateway.settings import GatewaySettings
from gateway.uploads.routes import upload_router
from gateway.uploads.service import Reception

DESCRIPTION = "Takes DICOM studies in over HTTP and tells what has become of them."


def create_app(settings: GatewaySettings, *, instance: str | None = None) -> Service:
    """The gateway.

    Args:
        settings: what it has to know.
        instance: its name, when not host and process id.
    """
    service = Service(settings, description=DESCRIPTION, instance=instance)
    studies = settings.studies
    client = status_client(settings)

    service.work_on(
        studies.store,
        Place.UPLOADS,
        Place.QUARANTINE,
        stale_after_seconds=settings.stale_after_seconds,
    )
    service.use(lambda: client)
    reception = Reception(service, settings, service.publisher(UPLOADS))
    service.http.include_router(upload_router(reception, settings))
    service.http.include_router(status_router(client, studies))
    files = StudyFiles(
        studies,
        client,
        idle_seconds=settings.idle_timeout_seconds,
        retry_after_seconds=settings.retry_after_seconds,
    )
    retrieval = Retrieval(
        InstanceIndex(service.broker.connect),
        studies,
        idle_seconds=settings.idle_timeout_seconds,
    )
    service.http.include_router(studies_router(client, studies, retrieval))
    service.http.include_router(study_files_router(files, retrieval))
    service.http.include_router(retrieval_router(retrieval))
    service.http.include_router(
        quarantine_router(studies, idle_seconds=settings.idle_timeout_seconds)
    )
    service.http.include_router(resubmission_router(reception, settings))
    if settings.quarantine_days is not None:
        service.in_background(partial(purge_continually, studies, settings.quarantine_days))
    service.http.include_router(pages_router())

    redis = connect(redis_address(settings))
    service.use(lambda: aclosing(redis))
    feed = Feed(redis)
    live = LiveFeed(feed, settings.feed, service.metrics)
    service.in_background(live.run)
    service.at_stop(live.close)
    service.checks["feed"] = live.check
    service.http.include_router(events_router(feed, live, settings.feed))
    storage = Storage(reception, live, settings, studies)
    service.at_stop(storage.close)
    service.http.include_router(storage_router(storage))
    return service
