#!/usr/bin/env bash
# Builds the images of cni/image/Dockerfile. See cni/image/README.md for the variables.
set -euo pipefail
cd "$(dirname "$0")/.."
REGISTRY=${REGISTRY:-ghcr.io/jiayi-1994}
TAG=${TAG:-$(node -p 'require("./package.json").version')}
BASE=${BASE:-debian:12-slim}
OUT=${OUT:-}
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'images: %s\n' "$*" >&2; exit 1; }

for file in dist/zstack-ovnkube-controller.mjs dist/zstack-ovnkube-node.mjs dist/zstack-ovn-cni; do
  [ -e "$file" ] || die "$file is missing: run make build first"
done
mkdir -p dist/bin
cp -L node_modules/node/bin/node dist/bin/node

if docker info >/dev/null 2>&1; then
  builder=docker
elif command -v buildah >/dev/null || { scripts/bootstrap.sh buildah && command -v buildah >/dev/null; }; then
  builder=buildah
else
  die "needs a running Docker engine or buildah"
fi
# Plain files and a chroot work without a kernel's overlay or user namespaces.
storage=(--storage-driver vfs)

if [ "$BASE" = local ]; then
  [ $builder = buildah ] || die "BASE=local is for buildah; Docker: docker import a debootstrap tree and name it in BASE"
  BASE=localhost/debian:12
  if ! buildah "${storage[@]}" inspect --type image $BASE >/dev/null 2>&1; then
    command -v debootstrap >/dev/null || scripts/bootstrap.sh debootstrap
    say "making the base image with debootstrap"
    root=$(mktemp -d); trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase bookworm "$root" >/dev/null
    container=$(buildah "${storage[@]}" from scratch)
    buildah "${storage[@]}" add -q "$container" "$root" / >/dev/null
    buildah "${storage[@]}" commit -q "$container" $BASE >/dev/null
    buildah "${storage[@]}" rm "$container" >/dev/null
  fi
fi

for target in controller node ovn; do
  case $target in
    ovn) name=$REGISTRY/zstack-ovn:$TAG ;;
    *) name=$REGISTRY/zstack-ovnkube-$target:$TAG ;;
  esac
  say "building $name"
  if [ $builder = docker ]; then
    docker build -q -f cni/image/Dockerfile --build-arg BASE="$BASE" --target $target -t "$name" .
  else
    buildah "${storage[@]}" bud -q --layers --isolation chroot --pull-never -f cni/image/Dockerfile --build-arg BASE="$BASE" --target $target -t "$name" .
  fi
  if [ -n "$OUT" ]; then
    mkdir -p "$OUT"; rm -f "$OUT/$target.tar"
    if [ $builder = docker ]; then docker save -o "$OUT/$target.tar" "$name"; else buildah "${storage[@]}" push -q "$name" "docker-archive:$OUT/$target.tar:$name"; fi
    say "$OUT/$target.tar"
  fi
done
