# One image for all four services: python -m gateway | validator | descriptor | status.
ARG PYTHON_IMAGE=python:3.14.8-slim-trixie@sha256:f85c5697265c178cc6887276c55fe16cf3d14ca35c3df6a5eab3b360534a55d2

# The viewers of the gateway's pages. npm fetches them; npm itself comes from PyPI, for this stage.
FROM ${PYTHON_IMAGE} AS pages
# Node has its own list of certificate authorities; a proxy's is in that of the system.
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
WORKDIR /src
COPY requirements-npm.lock package-lock.json ./
COPY gateway/__init__.py gateway/
COPY gateway/pages/ gateway/pages/
COPY tools/__init__.py tools/viewers.py tools/
RUN python -m tools.viewers


FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
# The virtual environment has no pip: nothing can be installed in the final image.
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --require-hashes -r requirements.lock \
 && pip install --require-hashes -r requirements-build.lock
COPY . .
COPY --from=pages /src/gateway/pages/assets gateway/pages/assets
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && pip --python /opt/venv/bin/python install --no-deps /wheel/*.whl


FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Hybrid DICOM Validator" \
      org.opencontainers.image.description="Receives DICOM studies over HTTP, validates, describes and archives them" \
      org.opencontainers.image.licenses="MIT"
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
 && rm -rf /usr/local/lib/python3*/ensurepip \
 && groupadd --gid 10001 hdv \
 && useradd --uid 10001 --gid hdv --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin hdv \
 # A named volume mounted at /data inherits this owner.
 && install -d -o hdv -g hdv -m 700 /data /data/uploads /data/quarantine /data/archive \
    /audit /keys
COPY --from=build /opt/venv /opt/venv
# The root file system may be read-only: bytecode is compiled already, and only /tmp and /data are
# written. PYTHONSAFEPATH: no module is imported from the current directory. Others can reach a
# container: without an API key its gateway refuses everything.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    HDV_HOST=0.0.0.0 \
    HDV_GATEWAY__ALLOW_UNAUTHENTICATED=never \
    HDV_KEYS_FILE=/keys/keys.json \
    HDV_UPLOADS_DIR=/data/uploads \
    HDV_QUARANTINE_DIR=/data/quarantine \
    HDV_ARCHIVE_DIR=/data/archive \
    HDV_AUDIT_DIR=/audit
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["python", "-m", "gateway"]
