#!/usr/bin/env bash
# A whole Troupe in a folder of its own, for `troupe sim --faults`: PostgreSQL, Kafka, the payment
# gateway simulator and nodes of `troupe serve`, broken and mended at will.
#   scripts/sim-system.sh DIR PROGRAM [NODES [network]]
# With "network" each node has a network namespace of its own; where there can be none, "loopback"
# and why is said on stdout. "ready" and the URL of each node's gateway when all serve. Then each
# line of stdin is a command (below), answered by one line: "ok" and what was seen, or "failed" and
# why. When stdin ends, however that came, or at SIGTERM, everything is ended; the data and the logs
# stay in DIR.
# DIR/environment then holds the TROUPE_ variables with which `troupe audit` can look at it.
# Exit code 0: everything ended in order.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/postgres.sh"
source "$here/kafka.sh"
source "$here/sim-network.sh"

[ $# -ge 2 ] || { sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
dir=$(absolute "$1")
program=$(absolute "$2")
nodes=${3:-1}
databases=(orders payments inventory emailing gateway)
services=(gateway order payment inventory emailing)
pg_child='' kafka_child='' simulator_child=''
node_children=()
# Answers go to the caller; whatever else is said goes to stderr.
exec 3>&1 1>&2

# --- the parts ---

# Each node's services and its port for the others: "gateway.0".
take_ports() {
  local name port i names=(simulator)
  declare -gA ports=()
  for ((i = 0; i < nodes; ++i)); do names+=("${services[@]/%/.$i}" "cluster.$i"); done
  for name in "${names[@]}"; do
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
      # Beyond loopback one is needed.
      if [ -n "$network" ]; then echo "TROUPE_ADMIN_TOKEN=$(cat "$dir/postgres/password")"; fi
      echo "TROUPE_PAYMENT_SIMULATOR_PORT=${ports[simulator]}"
      echo "TROUPE_PAYMENT_GATEWAY=http://$simulator"
      echo "TROUPE_KAFKA_BROKERS=${kafka_host:-127.0.0.1}:$kafka_port"
      echo "TROUPE_EMAILING_SPOOL=$dir/spool"
      printf '%s\n' TROUPE_KAFKA_PARTITIONS=3 TROUPE_LOG_FORMAT=text TROUPE_PAYMENT_REFUND_LEASE_MS=10000 \
        TROUPE_DEADLINES_PAYMENT=10 TROUPE_DEADLINES_CONFIRMATION=10 TROUPE_DEADLINES_SETTLEMENT=10 \
        TROUPE_DEADLINES_LONGEST=20
    } >"$dir/environment.new"
    mv "$dir/environment.new" "$dir/environment" # whoever reads it reads all of it
  )
}

# What sets node I apart from the others.
node_settings() {
  local name at
  at=$(node_address "$1")
  for name in "${services[@]}"; do
    echo "TROUPE_SERVER_${name^^}_PORT=${ports[$name.$1]}"
  done
  printf '%s\n' "TROUPE_SERVER_BIND=$at" "TROUPE_NODE_NAME=node-$(($1 + 1))"
  [ "$nodes" -gt 1 ] || return 0
  printf '%s\n' "TROUPE_CLUSTER_BIND=$at" "TROUPE_CLUSTER_PORT=${ports[cluster.$1]}" "TROUPE_CLUSTER_PRIVATE=true"
}

# launch LOG COMMAND...: with nothing but our settings. Sets launched to its pid.
launch() {
  local log=$1 settings
  shift
  mapfile -t settings <"$dir/environment"
  (cd "$dir" && exec setsid env "${settings[@]}" "$@" >>"$dir/$log" 2>&1 </dev/null 3>&-) &
  launched=$!
}

node_log() { if [ "$1" -eq 0 ]; then echo troupe.log; else echo "troupe-$(($1 + 1)).log"; fi; }
node_url() { echo "http://$(node_address "$1"):${ports[gateway.$1]}"; }
node_start() {
  local within=() settings
  if [ -n "$network" ]; then within=(nsenter --net="/run/netns/$(node_namespace "$1")" --); fi
  mapfile -t settings < <(node_settings "$1")
  launch "$(node_log "$1")" "${within[@]}" env "${settings[@]}" "$program" serve
  node_children[$1]=$launched
}
serves() { curl -sf -o /dev/null --max-time 2 "$1/health/ready"; }

# figure NODE NAME: of its metrics; 0 where it has none.
figure() {
  curl -sf --max-time 2 "$(node_url "$1")/metrics" | awk -v name="$2" '$1 == name { found = $2 } END { print int(found) }'
}
# Does each node own some of the 64 shards, and know all others?
whole() {
  local i owned all=0
  for ((i = 0; i < nodes; ++i)); do
    serves "$(node_url "$i")" || return 1
    owned=$(figure "$i" troupe_shards_owned)
    [ "$owned" -gt 0 ] && [ "$(figure "$i" troupe_peers_connected)" -eq $((nodes - 1)) ] || return 1
    all=$((all + owned))
  done
  [ "$all" -eq 64 ]
}
# A cluster is mended when it is as before; one node alone comes back while it is watched from outside.
await_whole() {
  local seconds=$SECONDS
  [ "$nodes" -gt 1 ] || return 0
  await_ready 60 $$ whole || { echo "the nodes are no cluster within 60 s"; return 1; }
  echo "all nodes have shards after $((SECONDS - seconds)) s"
}

make_network() {
  local why
  if why=$(network_problem) || ! network_make "$nodes" 2>"$dir/network.log"; then
    echo "loopback ${why:-no network namespaces here: $(tail -n 1 "$dir/network.log")}" >&3
    return 0
  fi
  pg_also=$network.2
  kafka_host=$network.3
}

start_nodes() {
  local i
  for ((i = 0; i < nodes; ++i)); do node_start "$i"; done
  for ((i = 0; i < nodes; ++i)); do
    await_ready 60 "${node_children[$i]}" serves "$(node_url "$i")" || fail "Troupe did not start" "$dir/$(node_log "$i")"
  done
  await_whole || fail "the nodes found no cluster" "$dir/troupe.log"
}

start_all() {
  local name at=127.0.0.1
  if is_root && [ "$(stat -c %a "$dir")" = 700 ]; then chmod 711 "$dir"; fi
  # Whoever sets variables for another Troupe does not mean this one.
  for name in ${!TROUPE_*}; do
    case $name in TROUPE_CACHE | TROUPE_PG_BIN) ;; *) unset "$name" ;; esac
  done
  if [ "${1:-}" = network ]; then make_network; fi
  pg_start "$dir/postgres" 3>&-
  kafka_start "$dir/kafka" 3>&-
  pg_create_databases "$dir/postgres" "$pg_port" "${databases[@]}"
  take_ports
  if [ -n "$network" ]; then at=$network.1; fi
  simulator=$at:${ports[simulator]}
  write_environment
  launch migrate.log "$program" migrate
  wait "$launched" || fail "the schemas could not be made" "$dir/migrate.log"
  launch simulator.log env TROUPE_SERVER_BIND="$at" TROUPE_SERVER_HOSTS="$at" "$program" gateway-sim --trouble
  simulator_child=$launched
  await_ready 30 "$simulator_child" serves "http://$simulator" ||
    fail "the gateway simulator did not start" "$dir/simulator.log"
  start_nodes
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
  local status=0 i
  network_uncut || true
  for i in "${!node_children[@]}"; do end "node-$((i + 1))" "${node_children[$i]}" 10 || status=1; done
  end "the gateway simulator" "$simulator_child" 10 || status=1
  if [ -n "$kafka_child" ]; then kafka_stop "$kafka_child" 10; fi
  if [ -n "$pg_child" ]; then
    postgres_all CONT
    pg_stop "$pg_child" 10
  fi
  if [ -n "$network" ]; then network_remove; fi
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
  curl -sf --max-time 10 -X PUT -H 'Content-Type: application/json' -d "$1" "$simulator/trouble"
}
met_trouble() {
  local met
  met=$(curl -sf --max-time 10 "$simulator/trouble" | sed -n 's/.*"met":\([0-9]*\).*/\1/p')
  echo "${met:-0} answers met it"
  [ "${met:-0}" -gt 0 ]
}

# cut KIND NODE: and the port that shows it, of the first that the node cannot reach.
cut() {
  local port
  case $1 in
    postgres) port=$pg_port ;;
    kafka) port=$kafka_port ;;
    *) port=${ports[cluster.$(($2 == 0 ? 1 : 0))]} ;;
  esac
  network_cut "$1" "$2" "$nodes" "$port"
}

# perform COMMAND [NODE]
perform() {
  local child=${node_children[${2:-0}]}
  if [ -n "${2:-}" ]; then printf 'node-%s: ' $(($2 + 1)); fi
  case $1 in
    troupe.kill) kill -KILL "$child" && gone "$child" 5 ;;
    troupe.start) node_start "$2" && await_whole ;;
    troupe.freeze) kill -STOP "$child" && is_stopped "$child" ;;
    troupe.thaw) kill -CONT "$child" && await_whole ;;
    network.slow) network_slow "$2" ;;
    network.met) network_met "$2" ;;
    network.mend) network_mend && await_whole ;;
    network.*) cut "${1#network.}" "$2" ;;
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
start_all "${4:-}"
echo "ready $(for ((i = 0; i < nodes; ++i)); do node_url "$i"; done | tr '\n' ' ')" >&3
while read -r command node; do
  # Not in a subshell: the pids of the parts change.
  if perform "$command" "$node" >"$dir/answer"; then verdict=ok; else verdict=failed; fi
  echo "$verdict $(tr '\n' ' ' <"$dir/answer")" >&3
done
