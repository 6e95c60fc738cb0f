#!/usr/bin/env bash
# A whole Troupe in a folder of its own, for `troupe sim --faults`: PostgreSQL, Kafka, the payment
# gateway simulator and `troupe serve`, broken and mended at will.
#   scripts/sim-system.sh DIR PROGRAM
# Says "ready" and the URL of Troupe's gateway on stdout when it serves. Then each line of stdin is
# a command (below), answered by one line: "ok" and what was seen, or "failed" and why. When stdin
# ends, however that came, everything is ended in order; the data and the logs stay in DIR.
# DIR/environment then holds the TROUPE_ variables with which `troupe audit` can look at it.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/postgres.sh"
source "$here/kafka.sh"

[ $# -eq 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
dir=$(absolute "$1")
program=$(absolute "$2")
databases=(orders payments inventory emailing gateway)
pg_child='' kafka_child='' gateway_child='' troupe_child=''
# Answers go to the caller; whatever else is said goes to stderr.
exec 3>&1 1>&2
trap '' INT

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

# Short rounds, so that what was broken off is settled within the run.
write_environment() {
  local name
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
    echo "TROUPE_KAFKA_PARTITIONS=3"
    echo "TROUPE_EMAILING_SPOOL=$dir/spool"
    echo "TROUPE_LOG_FORMAT=text"
    echo "TROUPE_PAYMENT_REFUND_LEASE_MS=5000"
    printf '%s\n' TROUPE_DEADLINES_PAYMENT=3 TROUPE_DEADLINES_CONFIRMATION=5 \
      TROUPE_DEADLINES_SETTLEMENT=5 TROUPE_DEADLINES_LONGEST=5
  } >"$dir/environment.new"
  mv "$dir/environment.new" "$dir/environment"
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
troupe_serves() { curl -sf -o "$dir/ready" "127.0.0.1:${ports[gateway]}/health/ready"; }
simulator_serves() { curl -sf -o "$dir/ready" "127.0.0.1:${ports[simulator]}/health/ready"; }

start_all() {
  local name
  mkdir -p "$dir"
  if is_root && [ "$(stat -c %a "$dir")" = 700 ]; then chmod 711 "$dir"; fi
  # Told on the command line: whoever sets variables for another Troupe does not mean this one.
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
  gateway_child=$launched
  await_ready 30 "$gateway_child" simulator_serves ||
    fail "the gateway simulator did not start" "$dir/simulator.log"
  troupe_start
  await_ready 60 "$troupe_child" troupe_serves || fail "troupe did not start" "$dir/troupe.log"
}

# end PID SIGNAL SECONDS
end() {
  [ -n "$1" ] || return 0
  kill -CONT "$1" 2>/dev/null || true
  kill "-$2" "$1" 2>/dev/null || return 0
  await_end "$1" "$3" || kill -KILL "$1" 2>/dev/null || true
}

end_all() {
  end "$troupe_child" TERM 20
  end "$gateway_child" TERM 5
  if [ -n "$kafka_child" ]; then kafka_stop "$kafka_child" 10; fi
  if [ -n "$pg_child" ]; then
    postgres_all CONT
    pg_stop "$pg_child" 10
  fi
}

# --- what can be done to them; each prints what it has seen, or fails ---

state_of() { sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null || true; }
gone() { await_end "$1" "$2" || { echo "process $1 has not ended"; return 1; }; echo "process $1 is gone"; }
stopped() { [ "$(state_of "$1")" = T ]; }
is_stopped() { await_ready 5 "$1" stopped "$1" || { echo "process $1 runs on"; return 1; }; echo "process $1 is stopped"; }
postgres_all() { pg_processes "$dir/postgres" | xargs -r kill "-$1" 2>/dev/null || true; }

# The sessions of Troupe, and of the simulator with its books.
terminate_backends() {
  local count
  count=$(PGPASSWORD=$(cat "$dir/postgres/password") "$pg_bin/psql" -X -A -t -h 127.0.0.1 -p "$pg_port" -U "$pg_user" \
    -d postgres -c "select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
                     where datname is not null and pid <> pg_backend_pid()") || return 1
  echo "$count sessions ended"
  [ "$count" -gt 0 ]
}

# trouble JSON
trouble() {
  curl -sf -X PUT -H 'Content-Type: application/json' -d "$1" "127.0.0.1:${ports[simulator]}/trouble"
}
met_trouble() {
  local met
  met=$(curl -sf "127.0.0.1:${ports[simulator]}/trouble" | sed -n 's/.*"met":\([0-9]*\).*/\1/p')
  echo "$met answers met it"
  [ "${met:-0}" -gt 0 ]
}

perform() {
  case $1 in
    troupe.kill) kill -KILL "$troupe_child" && gone "$troupe_child" 5 ;;
    troupe.start) troupe_start; echo "process $troupe_child" ;;
    troupe.freeze) kill -STOP "$troupe_child" && is_stopped "$troupe_child" ;;
    troupe.thaw) kill -CONT "$troupe_child" ;;
    postgres.stop) kill -QUIT "$pg_child" && gone "$pg_child" 10 ;;
    postgres.start) pg_start "$dir/postgres" 3>&- ;;
    # The one that makes others first, so that none comes after the list.
    postgres.freeze) kill -STOP "$pg_child" && postgres_all STOP && is_stopped "$pg_child" ;;
    postgres.thaw) postgres_all CONT ;;
    postgres.terminate) terminate_backends ;;
    kafka.stop) kafka_stop "$kafka_child"; gone "$kafka_child" 5 ;;
    kafka.kill) kill -KILL "$kafka_child" && gone "$kafka_child" 5 ;;
    kafka.start) kafka_start "$dir/kafka" 3>&- ;;
    gateway.slow) trouble '{"slowMs":2500}' ;;
    gateway.fail) trouble '{"failPercent":60}' ;;
    gateway.break) trouble '{"breakPercent":60}' ;;
    gateway.met) met_trouble ;;
    gateway.mend) trouble '{}' ;;
    *) echo "no such command: $1"; return 1 ;;
  esac
}

trap 'set +e; step_abort; end_all' EXIT
trap 'exit 143' TERM
start_all
echo "ready http://127.0.0.1:${ports[gateway]}" >&3
while read -r command; do
  # Not in a subshell: the pids of the parts change.
  if perform "$command" >"$dir/answer"; then verdict=ok; else verdict=failed; fi
  echo "$verdict $(tr '\n' ' ' <"$dir/answer")" >&3
done
