#!/bin/sh
# Fetches what the tests of tests/postgis need: PostgreSQL with PostGIS, by apt as root on Debian. No server is set up by
# it: the tests start one of their own in a folder of their own. Where that fails they are skipped by name; in CI (CI
# set) the failure is a failure.
set -u

has_postgis() {
  for control in /usr/share/postgresql/*/extension/postgis.control; do
    version=$(basename "$(dirname "$(dirname "$control")")")
    [ -f "$control" ] && [ -x "/usr/lib/postgresql/$version/bin/initdb" ] && return 0
  done
  command -v pg_config >/dev/null 2>&1 && [ -f "$(pg_config --sharedir)/extension/postgis.control" ] &&
    [ -x "$(pg_config --bindir)/initdb" ]
}

has_postgis && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing postgresql and PostGIS (apt) for the database tests"
  # Debian would start a server of its own right away.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold postgresql postgresql-postgis >/dev/null
else
  echo "PostgreSQL with PostGIS is missing: sudo apt-get install postgresql postgresql-postgis"
fi
has_postgis && exit 0
echo "PostgreSQL with PostGIS could not be installed: the tests marked 'postgis' (tests/postgis) will not run"
[ -z "${CI:-}" ] || exit 1
