# One image for every Python process of compose.yaml: MLflow server, Ray head, Ray workers and the driver.
FROM python:3.11-slim

# torch's default wheel for Linux on x86 brings CUDA along. For a smaller image without it, name an index of
# CPU wheels: docker compose build --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1

# A new volume takes over the owner of the folder that it is mounted on.
RUN useradd --create-home --uid 1000 tuner \
    && mkdir /runs /artifacts \
    && chown tuner:tuner /runs /artifacts

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY search_spaces search_spaces
COPY tracking tracking
COPY tuner tuner
COPY dashboards dashboards
RUN pip install '.[server]' -c constraints.txt

USER tuner
WORKDIR /home/tuner
CMD ["tuner", "--help"]
