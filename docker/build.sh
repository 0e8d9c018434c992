#!/bin/sh
# usage: docker/build.sh [options of `docker build`]
# Builds the image with its labels, as localhost/aegis-license-server:<version> and :latest. ENGINE=podman builds with
# podman. Another base: --build-arg NODE_IMAGE=<name>
set -eu
cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
# Podman's own format has no HEALTHCHECK.
[ "$engine" != podman ] || set -- --format docker "$@"
exec "$engine" build --file docker/Dockerfile \
  --build-arg VERSION="$version" \
  --build-arg REVISION="$(git rev-parse HEAD 2> /dev/null || echo unknown)" \
  --build-arg CREATED="$(git log -1 --format=%cI 2> /dev/null || echo unknown)" \
  --tag "localhost/aegis-license-server:$version" --tag localhost/aegis-license-server:latest \
  "$@" .
