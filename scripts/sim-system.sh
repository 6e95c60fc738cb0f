#!/usr/bin/env bash
# A whole Troupe in a folder of its own, for `troupe sim --faults`: PostgreSQL, Kafka, the payment
# gateway simulator and `troupe serve`, broken and mended at will.
#   scripts/sim-system.sh DIR PROGRAM
# Says "ready" and the URL of Troupe's gateway on stdout when it serves. Then each line of stdin is
# a command (below), answered by one line: "ok" and what was seen, or "failed" and why. When stdin
# ends, however that came, or at SIGTERM, everything is ended; the data and the logs stay in DIR.
# DIR/environment then holds the TROUPE_ variables with which `troupe audit` can look at it.
# Exit code 0: everything ended in order.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/postgres.sh"
source "$here/kafka.sh"

[ $# -eq 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
dir=$(absolute "$1")
program=$(absolute "$2")
databases=(orders payments inventory emailing gateway)
pg_child='' kafka_child='' simulator_child='' troupe_child=''
# Answers go to the caller; whatever else is said goes to stderr.
exec 3>&1 1>&2

# --- the parts ---

take_ports() {
  local name port
  declare -gA ports=()
  for name in gateway order payment inventory emailing simulator; do
    port=$(free_port)
    while [[ " ${ports[*]} " == *" $port "* ]]; do port=$(free_port); done
    ports[$name]=$port
  done
}

# Deadlines are short enough for what Kafka has lost to be asked for within the run, and too long to
# do what events do: what recovers in time has recovered by itself. Few partitions: a killed Kafka
# is back the sooner.
write_environment() {
  local name
  (
    umask 077
    {
      for name in "${databases[@]}"; do
        echo "TROUPE_DATABASES_${name^^}=$(pg_conninfo "$dir/postgres" "$pg_port" "$name")"
      done
      for name in gateway order payment inventory emailing; do
        echo "TROUPE_SERVER_${name^^}_PORT=${ports[$name]}"
      done
      echo "TROUPE_PAYMENT_SIMULATOR_PORT=${ports[simulator]}"
      echo "TROUPE_PAYMENT_GATEWAY=http://127.0.0.1:${ports[simulator]}"
      echo "TROUPE_KAFKA_BROKERS=127.0.0.1:$kafka_port"
      echo "TROUPE_EMAILING_SPOOL=$dir/spool"
      printf '%s\n' TROUPE_KAFKA_PARTITIONS=3 TROUPE_LOG_FORMAT=text TROUPE_PAYMENT_REFUND_LEASE_MS=10000 \
        TROUPE_DEADLINES_PAYMENT=10 TROUPE_DEADLINES_CONFIRMATION=10 TROUPE_DEADLINES_SETTLEMENT=10 \
        TROUPE_DEADLINES_LONGEST=20
    } >"$dir/environment"
  )
}

# launch LOG ARGUMENT...: the program, with nothing but our settings. Sets launched to its pid.
launch() {
  local log=$1 settings
  shift
  mapfile -t settings <"$dir/environment"
  (cd "$dir" && exec setsid env "${settings[@]}" "$program" "$@" >>"$dir/$log" 2>&1 </dev/null 3>&-) &
  launched=$!
}

troupe_start() { launch troupe.log serve; troupe_child=$launched; }
troupe_serves() { curl -sf -o /dev/null --max-time 2 "127.0.0.1:${ports[gateway]}/health/ready"; }
simulator_serves() { curl -sf -o /dev/null --max-time 2 "127.0.0.1:${ports[simulator]}/health/ready"; }

start_all() {
  local name
  if is_root && [ "$(stat -c %a "$dir")" = 700 ]; then chmod 711 "$dir"; fi
  # Whoever sets variables for another Troupe does not mean this one.
  for name in ${!TROUPE_*}; do
    case $name in TROUPE_CACHE | TROUPE_PG_BIN) ;; *) unset "$name" ;; esac
  done
  pg_start "$dir/postgres" 3>&-
  kafka_start "$dir/kafka" 3>&-
  pg_create_databases "$dir/postgres" "$pg_port" "${databases[@]}"
  take_ports
  write_environment
  launch migrate.log migrate
  wait "$launched" || fail "the schemas could not be made" "$dir/migrate.log"
  launch simulator.log gateway-sim --trouble
  simulator_child=$launched
  await_ready 30 "$simulator_child" simulator_serves ||
    fail "the gateway simulator did not start" "$dir/simulator.log"
  troupe_start
  await_ready 60 "$troupe_child" troupe_serves || fail "Troupe did not start" "$dir/troupe.log"
}

# end NAME PID SECONDS: in order, or else hard, and that is a failure.
end() {
  local status=0
  [ -n "$2" ] || return 0
  kill -CONT "$2" 2>/dev/null || true
  alive "$2" || { say "$1 had ended before"; return 1; }
  kill -TERM "$2" 2>/dev/null || true
  if ! await_end "$2" "$3"; then
    say "$1 did not end within $3 s and was killed"
    kill -KILL "$2" 2>/dev/null || true
    return 1
  fi
  wait "$2" || status=$?
  [ "$status" -eq 0 ] || { say "$1 ended with status $status"; return 1; }
}

end_all() {
  local status=0
  end Troupe "$troupe_child" 10 || status=1
  end "the gateway simulator" "$simulator_child" 10 || status=1
  if [ -n "$kafka_child" ]; then kafka_stop "$kafka_child" 10; fi
  if [ -n "$pg_child" ]; then
    postgres_all CONT
    pg_stop "$pg_child" 10
  fi
  return "$status"
}

# --- what can be done to them; each prints what it has seen, or fails ---

state_of() { sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null || true; }
gone() { await_end "$1" "$2" || { echo "process $1 has not ended"; return 1; }; echo "process $1 is gone"; }
stopped() { [ "$(state_of "$1")" = T ]; }
is_stopped() { await_ready 5 "$1" stopped "$1" || { echo "process $1 runs on"; return 1; }; echo "process $1 is stopped"; }
postgres_all() { pg_processes "$dir/postgres" | xargs -r kill "-$1" 2>/dev/null || true; }

# What is started again must be found where it was.
postgres_start() {
  local port=$pg_port
  pg_start "$dir/postgres" 3>&-
  [ "$pg_port" = "$port" ] || { echo "port $port was taken meanwhile"; return 1; }
}
kafka_start_again() {
  local port=$kafka_port
  kafka_start "$dir/kafka" 3>&-
  [ "$kafka_port" = "$port" ] || { echo "port $port was taken meanwhile"; return 1; }
}

# The sessions of Troupe, and of the simulator with its books.
terminate_backends() {
  local count
  count=$(PGPASSWORD=$(cat "$dir/postgres/password") "$pg_bin/psql" -X -A -t -h 127.0.0.1 -p "$pg_port" -U "$pg_user" \
    -d postgres -c "select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
                     where backend_type = 'client backend' and pid <> pg_backend_pid()") || return 1
  echo "$count sessions ended"
  [ "$count" -gt 0 ]
}

# trouble JSON
trouble() {
  curl -sf --max-time 10 -X PUT -H 'Content-Type: application/json' -d "$1" "127.0.0.1:${ports[simulator]}/trouble"
}
met_trouble() {
  local met
  met=$(curl -sf --max-time 10 "127.0.0.1:${ports[simulator]}/trouble" | sed -n 's/.*"met":\([0-9]*\).*/\1/p')
  echo "${met:-0} answers met it"
  [ "${met:-0}" -gt 0 ]
}

perform() {
  case $1 in
    troupe.kill) kill -KILL "$troupe_child" && gone "$troupe_child" 5 ;;
    troupe.start) troupe_start; echo "process $troupe_child" ;;
    troupe.freeze) kill -STOP "$troupe_child" && is_stopped "$troupe_child" ;;
    troupe.thaw) kill -CONT "$troupe_child" ;;
    postgres.stop) kill -QUIT "$pg_child" && gone "$pg_child" 10 ;;
    postgres.start) postgres_start ;;
    # The one that makes others first, so that none comes after the list.
    postgres.freeze) kill -STOP "$pg_child" && postgres_all STOP && is_stopped "$pg_child" ;;
    postgres.thaw) postgres_all CONT ;;
    postgres.terminate) terminate_backends ;;
    kafka.stop) kill -TERM "$kafka_child" && gone "$kafka_child" 20 ;;
    kafka.kill) kill -KILL "$kafka_child" && gone "$kafka_child" 5 ;;
    kafka.start) kafka_start_again ;;
    gateway.slow) trouble '{"slowMs":2500}' ;;
    gateway.fail) trouble '{"failPercent":60}' ;;
    gateway.break) trouble '{"breakPercent":60}' ;;
    gateway.met) met_trouble ;;
    gateway.mend) trouble '{}' ;;
    *) echo "no such command: $1"; return 1 ;;
  esac
}

# shellcheck disable=SC2317 # called by the trap
at_exit() {
  local status=$?
  set +e
  step_abort
  end_all || status=1
  exit "$status"
}

trap at_exit EXIT
trap 'exit 143' TERM
start_all
echo "ready http://127.0.0.1:${ports[gateway]}" >&3
while read -r command; do
  # Not in a subshell: the pids of the parts change.
  if perform "$command" >"$dir/answer"; then verdict=ok; else verdict=failed; fi
  echo "$verdict $(tr '\n' ' ' <"$dir/answer")" >&3
done
