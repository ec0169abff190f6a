#!/usr/bin/env bash
# Makes a fresh Debian 12 machine ready for every command of the Makefile: Debian packages, then the npm packages of the
# lock file (Node 24 is one of them). Does nothing when all is there. Usage: scripts/bootstrap.sh [extra Debian packages]
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'bootstrap: %s\n' "$*" >&2; exit 1; }

mapfile -t wanted < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' scripts/debian-packages.txt)
wanted+=("$@")
# Any npm that reads the lock file will do: the Node that it runs on is not the one that we run on.
command -v npm >/dev/null || wanted+=(npm)

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }
missing=()
for package in "${wanted[@]}"; do installed "$package" || missing+=("$package"); done
if ((${#missing[@]})); then
  command -v apt-get >/dev/null || die "needs the Debian packages ${missing[*]}, and there is no apt-get to install them: install their equivalents, or use Debian 12"
  [ "$(id -u)" = 0 ] || die "needs the Debian packages ${missing[*]}: run as root, or install them first"
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # The packages' services must not start: every server of ours runs in its own directory and namespace.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f '$policy EXIT
  fi
  apt-get update -qq || die "apt-get update failed: check the network and /etc/apt/sources.list"
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || die "apt-get could not install: ${missing[*]}"
fi

if ! cmp -s package-lock.json node_modules/.ovnkit-lock; then
  say "installing the npm packages of package-lock.json"
  # Not `npm ci`: it insists on the lock entries of every platform's optional binaries, also where a registry has only ours.
  # The versions and checksums of the lock file hold all the same, and the file is not written.
  npm install --no-save --no-audit --no-fund --loglevel=error || die "npm install failed: see the message above"
  cp package-lock.json node_modules/.ovnkit-lock
fi
node_modules/.bin/node -e 'process.exit(process.versions.node.startsWith("24.") ? 0 : 1)' ||
  die "expected node_modules/.bin/node to be Node 24; remove node_modules and run again"
