# shellcheck shell=bash
# A network that can be cut: each node of a simulated cluster in a network namespace of its own, and
# a router between it, the other nodes and the servers, which stay in the namespace of the machine.
# It has a /24 for itself; the last number of each address says who it is:
#   the servers' side  1 harness and gateway simulator, 2 PostgreSQL, 3 Kafka; 6 the router
#   node I             8 (I + 1) + 1; + 6 the router
# Needs root, iproute2 and a kernel that makes namespaces. Sourced after lib.sh.

network=''  # the /24's first three numbers; empty: everything is on loopback
cuts=()     # "FROM TO" of what is lost on the way
cut_seen='' # "NODE ADDRESS PORT" of the connection that showed the cut
slow=''     # the router's interface to the node that is slow
router=troupe-$$-router
side=troupe$$ # the interface of the servers' side

node_namespace() { echo "troupe-$$-node-$1"; }
node_address() { if [ -n "$network" ]; then echo "$network.$((8 * ($1 + 1) + 1))"; else echo 127.0.0.1; fi; }
in_namespace() { nsenter --net="/run/netns/$1" -- "${@:2}"; }

# --- making it ---

# One that no route leads to but the default, of those that are set aside for measurements.
free_network() {
  local at
  for _ in $(seq 100); do
    at=198.$((18 + RANDOM % 2)).$((RANDOM % 256))
    if { ip -4 route show match "$at.0/24"; ip -4 route show root "$at.0/24"; } |
      awk '$1 != "default" { taken = 1 } END { exit taken }'; then
      echo "$at"
      return 0
    fi
  done
  return 1
}

# What `ip -batch` is to do: on the machine, in the router, in node I.
machine_lines() {
  local i
  echo "netns add $router"
  echo "link add $side type veth peer name servers netns $router"
  for i in 1 2 3; do echo "addr add $network.$i/29 dev $side"; done
  echo "link set $side up"
  echo "route add $network.0/24 via $network.6"
  for ((i = 0; i < $1; ++i)); do
    echo "netns add $(node_namespace "$i")"
    echo "link add node$i netns $router type veth peer name uplink netns $(node_namespace "$i")"
  done
}
router_lines() {
  local i
  printf '%s\n' "addr add $network.6/29 dev servers" "link set servers up"
  for ((i = 0; i < $1; ++i)); do
    printf '%s\n' "addr add $network.$((8 * (i + 1) + 6))/29 dev node$i" "link set node$i up"
  done
}
node_lines() {
  printf '%s\n' "link set lo up" "addr add $(node_address "$1")/29 dev uplink" "link set uplink up" \
    "route add default via $network.$((8 * ($1 + 1) + 6))"
}

# network_make NODES: or says why not, and there is none.
network_make() {
  network_remove # what killed ones have left
  network=$(free_network) && make_all "$1" && return 0
  network_remove
  network=''
  return 1
}
make_all() {
  local i
  ip -batch - < <(machine_lines "$1") && ip -n "$router" -batch - < <(router_lines "$1") || return 1
  in_namespace "$router" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' || return 1
  for ((i = 0; i < $1; ++i)); do
    ip -n "$(node_namespace "$i")" -batch - < <(node_lines "$i") || return 1
  done
  can_break
}
# Not every kernel has all that the faults are made of.
can_break() {
  local rule=(from "$network.2" to "$network.3" blackhole)
  ip -n "$router" rule add "${rule[@]}" && ip -n "$router" rule del "${rule[@]}" &&
    network_slow 0 && network_uncut
}

# network_problem: why none can be made, as far as that can be seen without trying.
network_problem() {
  is_root || { echo "namespaces of a network are for root"; return 0; }
  command -v ip tc >/dev/null || { echo "there is no ip or tc: apt-get install iproute2"; return 0; }
  return 1
}

# What this script has made, or those that were killed. Processes in it have ended.
network_remove() {
  local name pid
  for name in $(ip netns list 2>/dev/null | awk '/^troupe-[0-9]+-/ { print $1 }'); do
    pid=${name#troupe-}
    pid=${pid%%-*}
    if [ "$pid" = $$ ] || ! alive "$pid"; then ip netns del "$name" 2>/dev/null || true; fi
  done
  # The rest goes with the namespaces, in the kernel's own time.
  ip link del "$side" 2>/dev/null || true
}

# --- breaking it ---

# cut_lines KIND NODE NODES: "FROM TO" of all that it loses.
cut_lines() {
  local me other i
  me=$(node_address "$2")
  case $1 in
    postgres) printf '%s\n' "$me $network.2" "$network.2 $me" ;;
    kafka) printf '%s\n' "$me $network.3" "$network.3 $me" ;;
    node | one_way)
      for ((i = 0; i < $3; ++i)); do
        other=$(node_address "$i")
        [ "$i" -ne "$2" ] || continue
        echo "$me $other"
        if [ "$1" = node ]; then echo "$other $me"; fi
      done
      ;;
  esac
}

# connects NODE ADDRESS PORT [SECONDS]: 0; 124 when nothing answers in time.
connects() {
  # shellcheck disable=SC2016 # the inner shell's
  in_namespace "$(node_namespace "$1")" timeout "${4:-1}" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$2" "$3"
}

# network_cut KIND NODE NODES PORT: seen by a connection from the node to PORT of the first that it
# cannot reach.
network_cut() {
  local rule words status=0
  mapfile -t cuts < <(cut_lines "$1" "$2" "$3")
  for rule in "${cuts[@]}"; do
    read -r -a words <<<"$rule"
    ip -n "$router" rule add from "${words[0]}" to "${words[1]}" blackhole || return 1
  done
  read -r -a words <<<"${cuts[0]}"
  cut_seen="$2 ${words[1]} $4"
  connects "$2" "${words[1]}" "$4" || status=$?
  echo "${#cuts[@]} ways cut; a connection to ${words[1]}:$4 $([ "$status" -eq 124 ] && echo "times out" || echo "ends with $status")"
  [ "$status" -eq 124 ]
}

# network_slow NODE: no more than 125 kB a second go to it, whoever sends them.
network_slow() {
  slow=node$1
  tc -n "$router" qdisc add dev "$slow" root tbf rate 1mbit burst 1600 latency 500ms
}
# How often something had to wait for its turn.
network_met() {
  local waits
  waits=$(tc -n "$router" -s qdisc show dev "node$1" | sed -n 's/.*overlimits \([0-9]*\).*/\1/p')
  echo "${waits:-0} packets had to wait"
  [ "${waits:-0}" -gt 0 ]
}

# All arrives again, at once.
network_uncut() {
  local rule words
  if [ -n "$slow" ]; then tc -n "$router" qdisc del dev "$slow" root || return 1; fi
  slow=''
  for rule in "${cuts[@]}"; do
    read -r -a words <<<"$rule"
    ip -n "$router" rule del from "${words[0]}" to "${words[1]}" blackhole || return 1
  done
  cuts=()
}

# The same; seen by the connection that could not be made.
network_mend() {
  local words
  network_uncut || return 1
  [ -n "$cut_seen" ] || return 0
  read -r -a words <<<"$cut_seen"
  cut_seen=''
  connects "${words[@]}" 5 || { echo "there is no way to ${words[1]}:${words[2]}"; return 1; }
}
