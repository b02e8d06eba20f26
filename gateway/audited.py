"""Keeps the audit log of the gateway: files, syslog, and the middleware that records requests."""

from chassis.messaging.broker import instance_name
from chassis.service.lifecycle import Service
from gateway.audit.files import AuditFiles
from gateway.audit.middleware import Audit
from gateway.audit.syslog import Syslog
from gateway.audit.trail import Trail
from gateway.settings import GatewaySettings


def keep_audit_log(service: Service, settings: GatewaySettings) -> None:
    """Record what clients do.

    Args:
        service: the gateway; it is not ready while records cannot be written.
        settings: where records go.
    """
    instance = instance_name()
    files = AuditFiles(
        settings.audit_dir,
        instance,
        max_bytes=settings.audit.max_file_bytes,
        days=settings.audit.days,
    )
    trail = Trail(files, instance, service.metrics.instruments)
    if settings.audit.syslog_host:
        syslog = Syslog(settings.audit, service.metrics)
        trail.listeners.append(syslog.add)
        service.use(syslog.running)  # it ends after the trail, which has the last records
    service.use(trail.running)
    service.in_background(trail.write_continually)
    service.checks["audit"] = trail.check
    service.http.add_middleware(Audit, trail=trail, routes=service.http)
