#!/usr/bin/env bash
# A private PostgreSQL and Kafka to develop against:
#   eval "$(scripts/services.sh start DIR)"   starts what is not running yet; sets TROUPE_TEST_PG, TROUPE_TEST_KAFKA
#   eval "$(scripts/services.sh env DIR)"     the same without starting anything
#   scripts/services.sh stop DIR              ends both; the data stays until DIR is removed
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/postgres.sh"
source "$here/kafka.sh"

usage() {
  sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

print_env() {
  pg_pid "$dir/postgres" >/dev/null || fail "no PostgreSQL runs in $dir" "" "scripts/services.sh start $dir"
  kafka_pid "$dir/kafka" >/dev/null || fail "no Kafka runs in $dir" "" "scripts/services.sh start $dir"
  printf 'export TROUPE_TEST_PG=%q\n' "$(pg_conninfo "$dir/postgres" "$(cat "$dir/postgres/port")" postgres)"
  printf 'export TROUPE_TEST_KAFKA=%q\n' "127.0.0.1:$(cat "$dir/kafka/port")"
}

start() {
  mkdir -p "$dir"
  if is_root && [ "$(stat -c %a "$dir")" = 700 ]; then chmod 711 "$dir"; fi
  pg_pid "$dir/postgres" >/dev/null || pg_start "$dir/postgres"
  kafka_pid "$dir/kafka" >/dev/null || kafka_start "$dir/kafka"
  print_env
}

stop() {
  local kafka pg
  if kafka=$(kafka_pid "$dir/kafka"); then kafka_stop "$kafka" & fi
  if pg=$(pg_pid "$dir/postgres"); then pg_stop "$pg"; fi
  wait
}

[ $# -eq 2 ] || usage
dir=$(absolute "$2")
case $1 in
  start) start ;;
  env) print_env ;;
  stop) stop ;;
  *) usage ;;
esac
