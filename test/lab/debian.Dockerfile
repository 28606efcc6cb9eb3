# The programs of the laboratory as Debian has them, and as the tests run them: kamailio, baresip-core, sip-tester.
FROM debian:12.11-slim
ARG PACKAGE
RUN apt-get update && apt-get install -y --no-install-recommends "$PACKAGE" && rm -rf /var/lib/apt/lists/*
