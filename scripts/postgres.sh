# shellcheck shell=bash
# A private PostgreSQL 15 in a folder of ours: DIR/data, DIR/password (mode 600), DIR/port, DIR/log.
# It listens on loopback only, with pg_also=ADDRESS there too, for that address's /24, and asks for
# the password. Sourced after lib.sh.

pg_bin=${TROUPE_PG_BIN:-/usr/lib/postgresql/15/bin}
pg_user=troupe

# PostgreSQL refuses to run as root. setpriv, unlike su and runuser, leaves no process in between:
# the pid that we see is the server's.
pg_as=()
if is_root; then pg_as=(setpriv --reuid=postgres --regid=postgres --init-groups); fi

# pg_check_path DIR: the database's user must be able to enter every folder above it.
pg_check_path() {
  local above='' part
  is_root || return 0
  while read -r -d / part; do
    above=$above$part/
    "${pg_as[@]}" test -x "$above" ||
      fail "PostgreSQL runs as user postgres, who cannot enter $above (mode $(stat -c %a "$above"))" "" \
        "chmod o+x $above, or put the data elsewhere: TROUPE_VAR=/var/lib/troupe ./run"
  done <<<"$1/"
}

pg_own() { if is_root; then chown postgres "$1"; fi; }

# pg_init DIR: makes the cluster if there is none. It appears under its name only when complete.
pg_init() {
  local dir=$1
  [ -x "$pg_bin/postgres" ] || fail "there is no PostgreSQL 15 in $pg_bin" "" "apt-get install postgresql-15"
  mkdir -p "$dir"
  chmod 711 "$dir"
  pg_check_path "$dir"
  [ -s "$dir/data/PG_VERSION" ] && return 0
  say "making a private PostgreSQL in $dir"
  rm -rf "$dir/data.new"
  mkdir -m 700 "$dir/data.new"
  (umask 077 && head -c 24 /dev/urandom | base64 | tr -dc 'a-zA-Z0-9' >"$dir/password")
  pg_own "$dir/data.new"
  pg_own "$dir/password"
  (cd / && "${pg_as[@]}" "$pg_bin/initdb" -D "$dir/data.new" -U "$pg_user" --pwfile="$dir/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8) >"$dir/initdb.log" 2>&1 ||
    fail "PostgreSQL's data could not be made in $dir" "$dir/initdb.log" \
      "is the disk full? (df -h $dir); a half-made folder is removed by the next start"
  if [ -n "${pg_also:-}" ]; then echo "host all all $pg_also/24 scram-sha-256" >>"$dir/data.new/pg_hba.conf"; fi
  mv -T "$dir/data.new" "$dir/data"
}

# The pid of the server on this data, if one runs.
pg_pid() {
  local pid
  pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) || return 1
  pid_runs "$pid" postgres "$1/data" && echo "$pid"
}

# The processes of a server on this data: each works in the data's folder.
pg_processes() {
  local proc folder
  find /proc/[0-9]*/cwd -maxdepth 0 -printf '%h %l\n' 2>/dev/null | while read -r proc folder; do
    if [ "$folder" = "$1/data" ] && alive "${proc#/proc/}"; then
      echo "${proc#/proc/}"
    fi
  done
}

# pg_clear DIR: after a kill -9, makes the data free for a new server. The lock file may go only
# when no process of the old one is left: a single one could still write.
pg_clear() {
  local dir=$1 pid
  for pid in $(pg_processes "$dir"); do
    await_end "$pid" 2 || kill -QUIT "$pid" 2>/dev/null || true
  done
  for pid in $(pg_processes "$dir"); do
    await_end "$pid" 2 || kill -KILL "$pid" 2>/dev/null || true
    await_end "$pid" 2 || fail "process $pid of an old PostgreSQL in $dir/data does not end" "" "end it, then start again"
  done
  rm -f "$dir/data/postmaster.pid"
}

# pg_launch DIR PORT: starts the server in its own session, away from the terminal's Ctrl-C.
# Sets pg_child to its pid. Does not wait for it. pg_fsync=off: for tests that never end the machine.
pg_launch() {
  local dir=$1 port=$2
  rotate_log "$dir/log"
  (cd / && exec setsid "${pg_as[@]}" "$pg_bin/postgres" -D "$dir/data" -p "$port" \
    -c listen_addresses="127.0.0.1${pg_also:+,$pg_also}" -c unix_socket_directories= -c max_connections=200 \
    -c "fsync=${pg_fsync:-on}" -c synchronous_commit=on -c timezone=UTC -c log_timezone=UTC \
    -c "log_line_prefix=%m [%p] %d " >"$dir/log" 2>&1 </dev/null 9>&-) &
  pg_child=$!
}

# pg_start DIR: makes and starts it on the port of last time, or another free one, and waits until
# it answers. Sets pg_child and pg_port.
pg_start() {
  local dir=$1
  pg_init "$dir"
  pg_clear "$dir"
  for _ in 1 2 3; do
    pg_port=$(free_port "$(cat "$dir/port" 2>/dev/null || true)")
    pg_launch "$dir" "$pg_port"
    if await_ready 90 "$pg_child" "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"; then
      echo "$pg_port" >"$dir/port"
      return 0
    fi
    grep -q 'Address already in use' "$dir/log" || break
  done
  fail "PostgreSQL did not start on port $pg_port" "$dir/log" "see the log; is the disk full? (df -h $dir)"
}

# pg_stop PID [SECONDS]: fast shutdown; immediate (recovered at the next start) when that takes longer.
pg_stop() {
  local pid=$1 limit=${2:-20}
  # Runs in exit traps, where a bare return would give the status from before the trap.
  kill -INT "$pid" 2>/dev/null || return 0
  await_end "$pid" "$limit" && return 0
  kill -QUIT "$pid" 2>/dev/null || true
  await_end "$pid" 2 || kill -KILL "$pid" 2>/dev/null || true
}

# pg_conninfo DIR PORT DATABASE: a libpq connection string of the superuser.
pg_conninfo() {
  echo "host=${pg_also:-127.0.0.1} port=$2 user=$pg_user password=$(cat "$1/password") dbname=$3"
}

# pg_create_databases DIR PORT NAME...: those that are not there yet.
pg_create_databases() {
  local dir=$1 port=$2 name
  shift 2
  for name in "$@"; do
    PGPASSWORD=$(cat "$dir/password") "$pg_bin/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" \
      -U "$pg_user" -d postgres -v "name=$name" >>"$dir/createdb.log" 2>&1 <<'SQL' ||
select format('create database %I', :'name')
 where not exists (select from pg_database where datname = :'name') \gexec
SQL
      fail "the database $name could not be made" "$dir/createdb.log" "is the disk full? (df -h $dir) Else the log says what; then start again"
  done
}
