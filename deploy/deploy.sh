#!/usr/bin/env bash
# Installs Bigboard as systemd services, and upgrades it without a gap: one role after the other, and back if one fails.
#
#   sudo deploy/deploy.sh bigboard-0.1.0-py3-none-any.whl     a wheel that was built or fetched
#   sudo deploy/deploy.sh --rollback                          the release before
#
# Releases stand side by side in /opt/bigboard/releases, and /opt/bigboard/current says which one runs. Settings in
# /etc/bigboard are made once and never touched again. Where bigboard.target does not run, as on the first installation, nothing
# is started: it wants its settings and a key first. --root DIR puts all of it under DIR and calls no systemctl but one that
# SYSTEMCTL names: to look at what would be done.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=""
python=${PYTHON:-python3}
extras=${BIGBOARD_EXTRAS-redis,zeromq,ccxt,jwt}
keep=3
health_seconds=${HEALTH_SECONDS:-30}
# Gateways one by one, so that the clients of one have the other to go to; the leader last, so that it hands over once.
roles=(bigboard-feed bigboard-collector bigboard-gateway@1 bigboard-gateway@2 bigboard-aggregator@2 bigboard-aggregator@1)

die() { echo "deploy.sh: $*" >&2; exit 1; }
say() { echo "$*" >&2; }
live() { [ -z "$root" ]; }
manages() { live || [ -n "${SYSTEMCTL:-}" ]; }
systemctl() { command "${SYSTEMCTL:-systemctl}" "$@"; }

usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; }

make_user() {
  live || return 0
  getent passwd bigboard >/dev/null || useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin bigboard
}

# A new virtual environment beside the ones that run: nothing of those is touched before all of it is there.
make_release() {
  local source=$1 release
  mkdir -p "$root/opt/bigboard/releases"
  release=$(mktemp -d "$root/opt/bigboard/releases/$(date -u +%Y%m%dT%H%M%SZ).XXXX")
  chmod 0755 "$release"
  if ! { "$python" -m venv "$release" &&
    "$release/bin/python" -m pip --disable-pip-version-check --quiet install "${source}${extras:+[$extras]}" >&2 &&
    "$release/bin/bigboard" --version >&2; }; then
    rm -rf "$release"
    die "the release could not be made; what runs was not touched"
  fi
  echo "$release"
}

# A rename is one step: there is no moment without a current release. The link is relative, so that it holds below --root too.
point_at() {
  ln -sfn "releases/$(basename "$1")" "$root/opt/bigboard/current.new"
  mv -T "$root/opt/bigboard/current.new" "$root/opt/bigboard/current"
}

current() {
  local link
  link=$(readlink "$root/opt/bigboard/current" 2>/dev/null) && echo "/opt/bigboard/releases/$(basename "$link")" || true
}

install_settings() {
  local group=root file
  live && group=bigboard
  install -d -m 0755 "$root/etc/bigboard"
  install -d -m 0700 "$root/etc/bigboard/keys"
  ! live || chown bigboard:bigboard /etc/bigboard/keys
  for file in bigboard.env gateway-1.env gateway-2.env; do
    [ -e "$root/etc/bigboard/$file" ] || install -m 0640 -g "$group" "$here/systemd/$file" "$root/etc/bigboard/$file"
  done
}

install_units() {
  local units=$root/etc/systemd/system
  install -d "$units/bigboard-.service.d"
  install -m 0644 "$here"/systemd/*.service "$here/systemd/bigboard.target" "$units/"
  install -m 0644 "$here/systemd/bigboard-.service.d/10-hardening.conf" "$units/bigboard-.service.d/"
  ! manages || { systemctl daemon-reload && systemctl enable --quiet bigboard.target "${roles[@]}"; }
}

# Whether a unit is up and stays so; a gateway has to answer, too.
healthy() {
  local unit=$1 port="" deadline=$((SECONDS + health_seconds))
  case $unit in bigboard-gateway@*) port=$(sed -n 's/^BIGBOARD_HUB_PORT=//p' "$root/etc/bigboard/gateway-${unit#*@}.env") ;; esac
  while [ $SECONDS -lt $deadline ]; do
    sleep 1
    systemctl is-active --quiet "$unit" || continue
    [ -n "$port" ] || return 0
    "$root/opt/bigboard/current/bin/python" - "$port" <<'PYTHON' 2>/dev/null && return 0
import sys, urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/health", timeout=3)
PYTHON
  done
  return 1
}

restart_all() {
  local unit
  for unit in "${roles[@]}"; do
    say "Restarting $unit …"
    systemctl restart "$unit"
    healthy "$unit" || { say "$unit does not come up: journalctl -u $unit"; return 1; }
  done
}

switch_to() {
  local release=$1 before
  before=$(current)
  point_at "$release"
  manages || return 0
  if ! systemctl is-active --quiet bigboard.target; then
    say "Nothing runs, so nothing was started. When there are a key and the settings: systemctl start bigboard.target"
    return 0
  fi
  if ! restart_all; then
    [ -n "$before" ] || die "the release ${release#"$root"} does not run, and there is none before it"
    say "Back to $before …"
    point_at "$root$before"
    restart_all || true
    die "the release ${release#"$root"} does not run; $before runs again"
  fi
}

# The newest few are kept to go back to, and always the one that runs.
forget_old() {
  local release
  for release in $(cd "$root/opt/bigboard/releases" && printf '%s\n' */ | sort -r | tail -n "+$((keep + 1))"); do
    [ "$(current)" = "/opt/bigboard/releases/${release%/}" ] || rm -rf "$root/opt/bigboard/releases/${release%/}"
  done
}

before_current() {
  local now
  now=$(basename "$(current)")
  (cd "$root/opt/bigboard/releases" && printf '%s\n' */ | tr -d / | sort | awk -v now="$now" '$0 < now' | tail -n 1)
}

source_=""
rollback=""
while [ $# -gt 0 ]; do
  case $1 in
    --root) [ $# -ge 2 ] || die "--root needs a folder"; root=$(realpath -m "$2"); shift 2 ;;
    --rollback) rollback=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    -*) die "no option $1: see --help" ;;
    *) [ -z "$source_" ] || die "one release at a time"; source_=$1; shift ;;
  esac
done
[ -n "$source_" ] || [ -n "$rollback" ] || { usage >&2; exit 2; }
[ -n "$rollback" ] || [ -f "$source_" ] || die "there is no file $source_"
! live || [ "$(id -u)" -eq 0 ] || die "this needs root, or --root DIR"

if [ -n "$rollback" ]; then
  release=$(before_current)
  [ -n "$release" ] || die "there is no release before $(current)"
  switch_to "$root/opt/bigboard/releases/$release"
else
  make_user
  release=$(make_release "$source_")
  install_settings
  install_units
  switch_to "$release"
  forget_old
fi
say "Current: $(current)"
