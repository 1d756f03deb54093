# One image for every part of a deployment: code location, runs, webserver, daemon. Build it in the root of the clone:
#
#     docker build --tag ftf-assets .
FROM python:3.12-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /usr/local/bin/uv
WORKDIR /source
RUN python -m venv /opt/ftf
# The locked versions, each held to its hash. They change less often than the code, so they are a layer of their own.
COPY deploy/requirements.lock deploy/
RUN uv pip install --python /opt/ftf/bin/python --require-hashes --compile-bytecode --requirement deploy/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY ftf_assets ftf_assets
RUN uv pip install --python /opt/ftf/bin/python --no-deps --compile-bytecode .

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --create-home ftf \
	&& install --directory --owner ftf --group ftf /opt/dagster /var/cache/ftf /ftf
COPY --from=build /opt/ftf /opt/ftf
# DAGSTER_HOME gets the deployment's dagster.yaml, FTF_CACHE copies of objects; a home that is a folder is mounted as /ftf.
ENV PATH=/opt/ftf/bin:$PATH DAGSTER_HOME=/opt/dagster FTF_HOME=/ftf FTF_CACHE=/var/cache/ftf PYTHONUNBUFFERED=1
USER 10001
WORKDIR /ftf
CMD ["ftf", "--help"]
