# shellcheck shell=bash
# What every script of this folder shares: messages, long steps with a progress line, failures that
# say what happened, where the log is and what to do, free ports. Sourced, never run.
# Messages go to stderr, so that a script's stdout stays free for its result.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Downloads and caches of checks; may be shared by several checkouts.
cache=${TROUPE_CACHE:-$root/.cache}

say() { printf '%s\n' "troupe: $*" >&2; }

# fail WHAT [LOG [TODO]]: ends the script with status 1.
fail() {
  local what=$1 log=${2:-} todo=${3:-}
  printf '\n%s\n' "troupe: FAILED: $what" >&2
  if [ -n "$log" ] && [ -s "$log" ]; then
    printf '%s\n' "  the end of its log:" >&2
    tail -n 15 "$log" | sed 's/^/  | /' >&2
  fi
  if [ -n "$log" ]; then printf '%s\n' "  log: $log" >&2; fi
  if [ -n "$todo" ]; then printf '%s\n' "  what to do: $todo" >&2; fi
  exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# A folder's absolute name; it need not exist.
absolute() { realpath -m -- "$1"; }

# step LABEL LOG COMMAND...: runs the command with its output in LOG and says every ten seconds
# that it still does, with the log's last line. Returns the command's status.
step() {
  local label=$1 log=$2 began=$SECONDS status=0
  shift 2
  mkdir -p "$(dirname "$log")"
  say "$label ..."
  # A process group of its own: Ctrl-C reaches us alone, and we end all of the step.
  # Descriptor 9 is the lock of ./run, which must not outlive it.
  set -m
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  step_pid=$!
  set +m
  progress "$label" "$log" "$step_pid" 9>&- &
  step_ticker=$!
  wait "$step_pid" || status=$?
  step_pid=
  step_abort
  if [ "$status" -eq 0 ] && [ $((SECONDS - began)) -ge 10 ]; then
    say "$label: done after $((SECONDS - began)) s"
  fi
  return "$status"
}
step_pid= step_ticker=

# Ends the step that is under way, if any, with all of its processes. For exit traps.
step_abort() {
  if [ -n "$step_pid" ]; then
    kill -TERM -- "-$step_pid" 2>/dev/null || true
    await_end "$step_pid" 5 || kill -KILL -- "-$step_pid" 2>/dev/null || true
    step_pid=
  fi
  if [ -n "$step_ticker" ]; then
    kill "$step_ticker" 2>/dev/null || true
    wait "$step_ticker" 2>/dev/null || true
    step_ticker=
  fi
}

progress() {
  local label=$1 log=$2 pid=$3 began=$SECONDS nap=
  # The nap must not outlive the ticker: whoever waits for our output would wait for it.
  trap 'kill $nap 2>/dev/null; exit 0' TERM
  while alive "$pid"; do
    sleep 10 &
    nap=$!
    wait "$nap"
    say "  still at it: $label ($((SECONDS - began)) s)  $(tail -n 1 "$log" 2>/dev/null | tr -dc '[:print:]' | cut -c 1-100)"
  done
}

# Is something listening on this TCP port, on whichever address?
port_taken() {
  local hex tables=(/proc/net/tcp)
  hex=$(printf ':%04X' "$1")
  if [ -r /proc/net/tcp6 ]; then tables+=(/proc/net/tcp6); fi
  awk -v port="$hex" 'substr($2, length($2) - 4) == port && $4 == "0A" { found = 1 } END { exit !found }' "${tables[@]}"
}

# free_port [WANTED]: WANTED when it is free, else one below the range of outgoing connections.
# Nobody holds it until it is bound: whoever uses it must be ready to try another.
free_port() {
  local port=${1:-}
  if [ -n "$port" ] && ! port_taken "$port"; then
    echo "$port"
    return 0
  fi
  for _ in $(seq 1000); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    if ! port_taken "$port"; then
      echo "$port"
      return 0
    fi
  done
  fail "no free TCP port between 20000 and 32000" "" "end programs that listen there"
}

# pid_runs PID WORD...: is this process alive and does its command line hold every WORD? A pid file
# alone proves nothing: the number may long be another program's.
pid_runs() {
  local pid=$1 line word
  shift
  [[ $pid =~ ^[0-9]+$ ]] && [ -r "/proc/$pid/cmdline" ] || return 1
  line=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) || return 1
  [ -n "$line" ] || return 1
  for word in "$@"; do
    case $line in *"$word"*) ;; *) return 1 ;; esac
  done
}

# A process that has ended but was not waited for yet counts as ended.
alive() {
  local stat tasks
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The state comes after the program's name, which may hold anything, in brackets.
  [[ ${stat##*) } == [ZX]* ]] || return 0
  # A killed program's first thread can be gone before the others, which still hold its ports.
  tasks=("/proc/$1/task"/*)
  [ "${#tasks[@]}" -gt 1 ]
}

# await_end PID SECONDS: has the process ended by then?
await_end() {
  local pid=$1 deadline=$((${EPOCHREALTIME//[.,]/} + $2 * 1000000))
  while alive "$pid"; do
    [ "${EPOCHREALTIME//[.,]/}" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# await_ready SECONDS PID COMMAND...: does the command succeed while PID lives, within the time?
await_ready() {
  local deadline=$((SECONDS + $1)) pid=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    alive "$pid" && [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# One file of old log is kept, so that a start after a failure does not hide why.
rotate_log() {
  if [ -s "$1" ]; then mv -f "$1" "$1.1"; fi
}
