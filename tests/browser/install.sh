#!/bin/sh
# Fetches what the browser tests need: Chromium and a CJK font. As root on Debian by apt, else Playwright's own
# Chromium. Where that fails the browser tests are skipped by name; in CI (CI set) the failure is a failure.
set -u
python=$1

has_browser() {
  command -v chromium >/dev/null 2>&1 && return 0
  "$python" - <<'PY' >/dev/null 2>&1
from pathlib import Path
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    raise SystemExit(not Path(playwright.chromium.executable_path).exists())
PY
}
has_font() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family | head -n 1)" ]; }

has_browser && has_font && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing chromium and fonts-noto-cjk (apt) for the browser tests"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fontconfig fonts-noto-cjk >/dev/null
else
  echo "Installing Playwright's Chromium for the browser tests"
  "$python" -m playwright install chromium
  has_font || echo "No CJK font: install one, for instance fonts-noto-cjk"
fi
has_browser && has_font && exit 0
echo "Chromium or a CJK font could not be installed: the tests marked 'browser' (tests/maps) will not run"
[ -z "${CI:-}" ] || exit 1
