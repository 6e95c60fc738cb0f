#!/usr/bin/env bash
# Installs with apt-get the Debian packages that are missing:
#   scripts/install.sh run     what building and running needs
#   scripts/install.sh test    and what the tests need
#   scripts/install.sh all     and what the checks of ./test --all need
# Installs nothing, and asks for no rights, when all is there.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

run_packages=(
  build-essential cmake ninja-build ccache mold pkg-config
  libcaf-dev libcpp-httplib-dev librdkafka-dev libpq-dev nlohmann-json3-dev doctest-dev
  libtomlplusplus-dev libcli11-dev libspdlog-dev libfmt-dev prometheus-cpp-dev
  libcurl4-openssl-dev libssl-dev zlib1g-dev
  postgresql-15 ca-certificates curl
  python3 python3-yaml
  libjs-bootstrap5 libjs-chart.js
)
test_packages=(jq kcat wrk iproute2 python3-pytest python3-pytest-xdist python3-psycopg2 python3-jsonschema)
all_packages=(
  clang-16 libclang-rt-16-dev clang-format-16 clang-tidy-16 shellcheck python3-venv
  chromium chromium-driver python3-selenium
)

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# What of the named packages is not there. Java and Maven may come from elsewhere; Maven only
# fetches Kafka's jars.
missing_of() {
  local package
  for package in "$@"; do
    installed "$package" || echo "$package"
  done
  command -v java >/dev/null || echo default-jre-headless
  compgen -G "$cache/kafka-*/kafka_*.jar" >/dev/null || command -v mvn >/dev/null || echo maven
}

# apt_step LABEL COMMAND...: runs it as root, again while another apt or dpkg holds the locks.
apt_step() {
  local label=$1 deadline=$((SECONDS + 600))
  shift
  until step "$label" "$log" "${sudo[@]}" "$@"; do
    grep -Eq 'Could not get lock|Unable to acquire|Unable to lock|is another process using' "$log" || return 1
    [ "$SECONDS" -lt "$deadline" ] || fail "another apt or dpkg has held its lock for 10 minutes" "$log" \
      "wait until it has ended (ps -C apt,apt-get,dpkg,unattended-upgr), then start again"
    say "  apt is locked: $(grep -Eo 'held by process.*' "$log" | head -n 1); trying again in 5 s"
    sleep 5
  done
}

# Debian makes and starts a cluster "main" with postgresql-15; we want the programs only. The
# file goes again, so that later clusters of the machine's owner are as Debian makes them.
no_main_cluster() {
  local folder=/etc/postgresql-common/createcluster.d
  installed postgresql-15 && return 0
  "${sudo[@]}" mkdir -p "$folder"
  echo 'create_main_cluster = false' | "${sudo[@]}" tee "$folder/troupe.conf" >/dev/null
}

main_cluster_again() {
  "${sudo[@]}" rm -f /etc/postgresql-common/createcluster.d/troupe.conf
  "${sudo[@]}" rmdir --ignore-fail-on-non-empty /etc/postgresql-common/createcluster.d 2>/dev/null || true
}

get_rights() {
  local by_hand="as root: apt-get install --no-install-recommends ${missing[*]}"
  sudo=(env)
  if ! is_root; then
    command -v sudo >/dev/null || fail "packages are missing, and this is neither root nor is there sudo" "" "$by_hand"
    say "sudo may ask for your password"
    sudo -v || fail "sudo was refused" "" "$by_hand"
    sudo=(sudo env)
  fi
  sudo+=(LC_ALL=C DEBIAN_FRONTEND=noninteractive)
}

install() {
  local log=$cache/apt.log
  say "${#missing[@]} packages are missing: ${missing[*]}"
  get_rights
  apt_step "fetching the package lists" apt-get update ||
    say "that failed (log: $log); going on with the package lists that are there"
  trap main_cluster_again EXIT
  no_main_cluster
  apt_step "installing packages" \
    apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" ||
    fail "apt-get could not install ${missing[*]}" "$log" \
      "is the network there, is the disk full (df -h /var)? Then start again"
}

case ${1:-} in
  run) wanted=("${run_packages[@]}") ;;
  test) wanted=("${run_packages[@]}" "${test_packages[@]}") ;;
  all) wanted=("${run_packages[@]}" "${test_packages[@]}" "${all_packages[@]}") ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
command -v dpkg-query apt-get >/dev/null ||
  fail "this is no Debian: packages are missing or unknown" "" "Troupe's set-up is for Debian 12; elsewhere see scripts/install.sh for what it needs"
mapfile -t missing < <(missing_of "${wanted[@]}")
if [ ${#missing[@]} -gt 0 ]; then install; fi
