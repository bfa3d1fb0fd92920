#!/bin/sh
# Fetches what the tests of documents look at pages with: LibreOffice Writer and poppler. As root on Debian by apt.
# Where that fails these tests are skipped by name; in CI (CI set) the failure is a failure.
set -u
has_all() { command -v soffice >/dev/null 2>&1 && command -v pdftoppm >/dev/null 2>&1; }

has_all && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing libreoffice-writer-nogui and poppler-utils (apt) for the tests of documents"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    libreoffice-writer-nogui poppler-utils fonts-noto-cjk >/dev/null
fi
has_all && exit 0
echo "LibreOffice or poppler is missing: tests that open documents (tests/reports/test_pictures.py) will not run"
[ -z "${CI:-}" ] || exit 1
