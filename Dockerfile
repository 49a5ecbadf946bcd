# The image of fullstory-mcp: one client over stdio by default, a server for many with `serve`.
#
#   docker build -t fullstory-mcp .
#   docker run --rm -i --read-only --tmpfs /tmp -e FULLSTORY_API_KEY fullstory-mcp
#
# For many people: deploy/compose.yaml. `serve --host 0.0.0.0` is refused without the front door.
# No Docker engine is needed to test this file: tests/house/test_image.py runs the build stage's steps
# in empty virtual environments.

FROM python:3.13-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

WORKDIR /src

# What runs and what builds live apart, and every file of both is checked against its hash.
COPY requirements.lock .ci/requirements-build.lock ./
RUN python -m venv /opt/fullstory-mcp \
    && /opt/fullstory-mcp/bin/pip install --no-compile --require-hashes -r requirements.lock \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.lock

# No build isolation: it would fetch the build backend anew, unchecked. The bytecode is never compared
# with its source: the start is quicker, and nothing is written later.
COPY README.md pyproject.toml ./
COPY src src
COPY tool_schemas tool_schemas
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/fullstory-mcp/bin/pip install --no-compile --no-deps --no-index dist/*.whl \
    && /opt/fullstory-mcp/bin/pip uninstall --yes pip \
    && /opt/fullstory-mcp/bin/python -m compileall -q --invalidation-mode unchecked-hash \
        /opt/fullstory-mcp/lib


FROM python:3.13-slim-bookworm

LABEL org.opencontainers.image.title="fullstory-mcp" \
      org.opencontainers.image.description="Fullstory's Server API as tools for AI agents, over the Model Context Protocol" \
      org.opencontainers.image.vendor="the fullstory-mcp authors"

# TLS is verified by the system's trust store, which the slim image may lack. Its newest version is
# wanted, so it is not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*

COPY --from=build /opt/fullstory-mcp /opt/fullstory-mcp

ENV PATH=/opt/fullstory-mcp/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FULLSTORY_MCP_DATABASE_URL=sqlite:////data/fullstory-mcp.db

# Where a server for many keeps its SQLite file, unless another database is named.
RUN install --directory --owner=10001 --group=10001 --mode=700 /data
VOLUME /data

# A number, so that a cluster can see that it is not root.
USER 10001:10001

EXPOSE 8765

# Asks only where process 1 is `serve`: a container for one client over stdio is left alone.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["fullstory-mcp", "health"]

ENTRYPOINT ["fullstory-mcp"]
