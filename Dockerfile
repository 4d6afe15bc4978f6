# The compendium in a container; written for it, not yet tried in one.
#   docker build -t ivim . && docker run --rm -v "$PWD/results:/ivim/results" ivim
FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends git make && rm -rf /var/lib/apt/lists/*
WORKDIR /ivim
COPY . .
RUN make .venv/.ready
CMD ["make", "reproduce"]
