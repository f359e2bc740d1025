# Two images from one file: `service` (the last stage, so the default) and `batch` (--target batch).
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS builder
WORKDIR /build
COPY requirements/build.txt requirements/build.txt
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY requirements/ requirements/
COPY scripts/slim_environment scripts/slim_environment
COPY pyproject.toml README.md LICENSE ./
COPY catalogue/ catalogue/
COPY feature_repo/ feature_repo/
COPY model_registry/ model_registry/
COPY nbo/ nbo/
COPY service/ service/
COPY training/ training/

FROM builder AS service-builder
RUN PYTHON=python scripts/slim_environment /opt/nbo

FROM builder AS batch-builder
RUN python -m venv --without-pip /opt/nbo \
 && python -m pip --python /opt/nbo/bin/python install --no-cache-dir --require-hashes -r requirements/batch.txt \
 && python -m pip wheel --no-deps --no-build-isolation --wheel-dir /build/wheel . \
 && python -m pip --python /opt/nbo/bin/python install --no-cache-dir --no-deps /build/wheel/*.whl

# LightGBM's wheel loads the system's OpenMP runtime.
FROM ${PYTHON_IMAGE} AS runtime
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 nbo \
 && useradd --system --uid 10001 --gid nbo --home-dir /var/lib/nbo --create-home --shell /usr/sbin/nologin nbo \
 && install --directory --owner nbo --group nbo /var/lib/nbo-anchors
ENV PATH=/opt/nbo/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NBO_HOME=/var/lib/nbo
WORKDIR /var/lib/nbo
VOLUME ["/var/lib/nbo"]
STOPSIGNAL SIGTERM

# For data scientists: import, features, training, promotion. gcc builds the compiled ranker.
FROM runtime AS batch
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
COPY --from=batch-builder /opt/nbo /opt/nbo
USER nbo:nbo
CMD ["nbo", "--help"]

# Loopback unless the command says otherwise. The health check asks at NBO_PORT: set that, not --port.
FROM runtime AS service
COPY --from=service-builder /opt/nbo /opt/nbo
USER nbo:nbo
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + (os.environ.get('NBO_PORT') or '8000') + '/health/ready', timeout=2)"]
ENTRYPOINT ["nbo", "serve"]
CMD ["--workers", "2"]
