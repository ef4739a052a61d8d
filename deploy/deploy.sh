#!/usr/bin/env bash
# Installs Bigboard as systemd services, and upgrades it without a gap: one role after the other, and back if one fails.
#
#   sudo deploy/deploy.sh bigboard-0.1.0-*.whl                a wheel that was built or fetched
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
pins=$here/../requirements/run.txt
keep=3
health_seconds=${HEALTH_SECONDS:-40}
# A unit that ends after some seconds and is started again looks well at most moments: it has to live for so long.
settle_seconds=${SETTLE_SECONDS:-8}
# Gateways one by one, so that the clients of one have the other to go to; then the aggregators, the leader last.
roles=(bigboard-feed bigboard-collector bigboard-gateway@1 bigboard-gateway@2)
aggregators=(bigboard-aggregator@2 bigboard-aggregator@1)
restarted=()
declare -A lives

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

pip() {
  local release=$1
  shift
  "$release/bin/python" -m pip --disable-pip-version-check --quiet "$@" >&2
}

# A new virtual environment beside the ones that run: nothing of those is touched before all of it is there. What the wheel
# needs comes at the versions that were tested, each checked by its hash, as in the image.
make_release() {
  local source=$1 release
  mkdir -p "$root/opt/bigboard/releases"
  release=$(mktemp -d "$root/opt/bigboard/releases/$(date -u +%Y%m%dT%H%M%SZ).XXXX")
  chmod 0755 "$release"
  if ! { "$python" -m venv "$release" &&
    pip "$release" install --require-hashes -r "$pins" &&
    pip "$release" install --no-deps "$source" && pip "$release" check &&
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
  ! manages || { systemctl daemon-reload && systemctl enable --quiet bigboard.target "${roles[@]}" "${aggregators[@]}"; }
}

# What a file of settings says: NAME FILE.
setting() { sed -n "s/^$1=//p" "$root/etc/bigboard/$2" | tail -n 1 | tr -d "\"'"; }
hub_port() { setting BIGBOARD_HUB_PORT "gateway-$1.env"; }

# The certificate that a gateway shows; nothing, if it speaks without TLS.
certificate() {
  local own
  own=$(setting BIGBOARD_TLS_CERT "gateway-$1.env")
  echo "${own:-$(setting BIGBOARD_TLS_CERT bigboard.env)}"
}

# A gateway has to have a state, too: the clients of the next one are to go there.
answers() {
  case $1 in bigboard-gateway@*) ;; *) return 0 ;; esac
  "$root/opt/bigboard/current/bin/python" - "$(hub_port "${1#*@}")" "$(certificate "${1#*@}")" <<'PYTHON' 2>/dev/null
import ssl, sys, urllib.request
port, certificate = sys.argv[1:]
# Nothing secret is asked or told, and the certificate has another name than that of the loopback.
tls = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), tls)
opener.open(f"{'https' if certificate else 'http'}://127.0.0.1:{port}/health?ready", timeout=3)
PYTHON
}

# What changes whenever systemd starts a unit again.
life_of() { systemctl show -p ActiveState,MainPID,NRestarts "$1"; }

# Whether a unit is up, answers, and goes on doing so in one and the same process.
healthy() {
  local unit=$1 life="" now since=$SECONDS deadline=$((SECONDS + health_seconds))
  while [ $SECONDS -lt $deadline ]; do
    sleep 0.5
    now=$(life_of "$unit")
    case $now in *ActiveState=active*) ;; *) now="" ;; esac
    if [ -z "$now" ] || [ "$now" != "$life" ] || ! answers "$unit"; then
      life=$now
      since=$SECONDS
    elif [ $((SECONDS - since)) -ge "$settle_seconds" ]; then
      lives[$unit]=$now
      return 0
    fi
  done
  return 1
}

# On a slow machine a unit may end later than it was waited for. By now it would have.
all_live_on() {
  local unit
  for unit in "${restarted[@]}"; do
    [ "$(life_of "$unit")" = "${lives[$unit]}" ] || { say "$unit does not stay: journalctl -u $unit"; return 1; }
  done
}

restart() {
  say "Restarting $1 …"
  restarted=("$1" "${restarted[@]}")
  systemctl restart "$1"
  healthy "$1" || { say "$1 does not come up, or does not stay: journalctl -u $1"; return 1; }
}

# Where clients have to show a key, this script is one of them. The key is its own, and tells of services alone.
make_key() {
  local keys file=$root/etc/bigboard/deploy.key as=()
  keys=$(setting BIGBOARD_KEYS_FILE bigboard.env)
  if [ -e "$file" ] || [ -z "$keys" ] || [ ! -e "$keys" ]; then return 0; fi
  ! live || as=(runuser -u bigboard --)
  if (umask 077 && cd / && "${as[@]}" "$root/opt/bigboard/current/bin/bigboard" key create --name deploy.sh \
    --permissions services --keys-file "$keys" >"$file.new"); then
    mv "$file.new" "$file"
  else
    rm -f "$file.new"
  fi
}

# What the board knows of an aggregator of this machine: "leads" or "stands by"; nothing, if it has not just reported.
standing() {
  local number told shown scheme tls key=() file=$root/etc/bigboard/deploy.key
  [ ! -e "$file" ] || key=(--token-file "$file")
  for number in 1 2; do
    shown=$(certificate $number) scheme=ws tls=()
    [ -z "$shown" ] || { scheme=wss && tls=(--certificate "$shown"); }
    # 3 tells of a role that is not well, which may be another one.
    told=$("$root/opt/bigboard/current/bin/bigboard" status --json "${tls[@]}" "${key[@]}" \
      --url "$scheme://127.0.0.1:$(hub_port $number)/ws" 2>/dev/null) || [ $? -eq 3 ] || continue
    "$root/opt/bigboard/current/bin/python" -c '
import json, sys
for role in json.loads(sys.argv[1])["roles"]:
    if (role["role"], role["name"], role["status"]) == ("aggregator", sys.argv[2], "up"):
        print("stands by" if role.get("detail") == "stands by" else "leads")
' "$told" "aggregator-$(uname -n)-${1#*@}"
    return 0
  done
}

# Whoever leads writes these rows, so one that is new tells of a leader, too.
await_standing() {
  local deadline=$((SECONDS + health_seconds))
  while [ $SECONDS -lt $deadline ]; do
    [ -z "$(standing "$1")" ] || return 0
    sleep 1
  done
  say "\`bigboard status\` does not tell that $1 leads or stands by (it asks with the key in /etc/bigboard/deploy.key)"
  return 1
}

# The leader last, and not before the other one can take over.
restart_aggregators() {
  local first=${aggregators[0]} last=${aggregators[1]}
  if [ "$(standing "$first")" = leads ]; then
    first=${aggregators[1]} last=${aggregators[0]}
  fi
  restart "$first" && await_standing "$first" && restart "$last" && await_standing "$last"
}

restart_all() {
  local unit
  make_key
  for unit in "${roles[@]}"; do
    restart "$unit" || return 1
  done
  restart_aggregators && all_live_on
}

# The way back, for those alone that went: a leader that still runs the release before goes on. One that does not come up keeps
# none of the others with the release that failed.
restart_back() {
  local unit failed=0 went=("${restarted[@]}")
  for unit in "${went[@]}"; do
    restart "$unit" || failed=1
  done
  return $failed
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
    restart_back || die "the release ${release#"$root"} does not run, and $before not as a whole: see above"
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
[ -n "$rollback" ] || [ -f "$pins" ] || die "there is no $pins: call the script of a checkout of the release"
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
