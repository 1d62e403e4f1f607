#!/usr/bin/env bash
# What the tests need besides Python: a PostgreSQL server and Chromium.
# As root on Debian they are installed; elsewhere one line says what is missing, and the tests that
# need it are skipped, aloud. Under CI=true a missing one is a failure.
set -euo pipefail

has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }
has_chromium() {
  test -x "${CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || command -v chromium-browser)}"
}

missing() {
  has_postgresql || printf 'postgresql '
  has_chromium || printf 'chromium-headless-shell '
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/dev/null
}

install_with_apt() {
  apt update
  if [[ $* == *postgresql* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    # The suite starts its own servers; a server of the system's, started by the package, is in nobody's interest.
    apt install -y --no-install-recommends postgresql-common
    sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  fi
  apt install -y --no-install-recommends "$@"
}

read -ra wanted <<<"$(missing)"
[[ ${#wanted[@]} -eq 0 ]] && exit 0
if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
  echo "installing ${wanted[*]}" >&2
  install_with_apt "${wanted[@]}" || true
  read -ra wanted <<<"$(missing)"
  [[ ${#wanted[@]} -eq 0 ]] && exit 0
fi
echo "missing: ${wanted[*]} (on Debian: sudo apt-get install ${wanted[*]}); the tests that need them cannot run" >&2
[[ ${CI:-} != true ]]
