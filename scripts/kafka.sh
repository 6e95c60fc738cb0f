# shellcheck shell=bash
# A private Apache Kafka, one KRaft node, in a folder of ours: DIR/data, DIR/server.properties,
# DIR/port, DIR/pid, DIR/log. It listens on loopback, or on kafka_host=ADDRESS. Sourced after lib.sh.

kafka_version=4.1.2
kafka_jars=$cache/kafka-$kafka_version

# Kafka's jars, fetched once; with them there no network and no Maven is needed.
kafka_fetch() {
  [ -e "$kafka_jars/kafka_2.13-$kafka_version.jar" ] && return 0
  local new=$kafka_jars.new.$$ log=$cache/kafka-fetch.log
  mkdir -p "$cache"
  if ! step "fetching Kafka $kafka_version with Maven (43 MB)" "$log" mvn -B -q -f "$root/scripts/kafka/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$new"; then
    rm -rf "$new"
    fail "Kafka's jars could not be fetched" "$log" \
      "is the network there? A mirror goes into ~/.m2/settings.xml. Then start again"
  fi
  # Another checkout with the same cache may have been faster.
  mv -T "$new" "$kafka_jars" 2>/dev/null || rm -rf "$new"
}

# A random 16-byte id as Kafka writes them; never with a dash in front, which would look like an option.
kafka_random_id() {
  echo "T$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)"
}

kafka_write_properties() {
  local dir=$1 controller=$3 at=${kafka_host:-127.0.0.1}:$2
  cat >"$dir/server.properties" <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://$at,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://$at
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/data
num.partitions=12
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=10485760
END
}

# kafka_format DIR: makes the storage if there is none. The marker is written last: a half-made
# storage holds nothing yet and is made again.
kafka_format() {
  local dir=$1
  [ -e "$dir/formatted" ] && return 0
  say "making a private Kafka in $dir"
  rm -rf "$dir/data"
  mkdir -p "$dir/data"
  java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$kafka_jars/*" kafka.tools.StorageTool \
    format -t "$(kafka_random_id)" -c "$dir/server.properties" >"$dir/format.log" 2>&1 </dev/null ||
    fail "Kafka's storage could not be made in $dir" "$dir/format.log" "is the disk full? (df -h $dir)"
  touch "$dir/formatted"
}

# The pid of the broker on this data, if one runs.
kafka_pid() {
  local pid
  pid=$(cat "$1/pid" 2>/dev/null) || return 1
  pid_runs "$pid" kafka.Kafka "$1/server.properties" && echo "$pid"
}

# kafka_launch DIR: starts the broker in its own session, away from the terminal's Ctrl-C.
# Sets kafka_child to its pid. Does not wait for it.
kafka_launch() {
  local dir=$1
  rotate_log "$dir/log"
  # KafkaRaftServer's one line at level info is the broker's word that it serves.
  (cd "$dir" && exec setsid java -Xms256m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
    -Dorg.slf4j.simpleLogger.showDateTime=true "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS" \
    -cp "$kafka_jars/*" kafka.Kafka "$dir/server.properties" >"$dir/log" 2>&1 </dev/null 9>&-) &
  kafka_child=$!
  echo "$kafka_child" >"$dir/pid"
}

kafka_is_up() { grep -q 'Kafka Server started' "$1/log"; }

# kafka_start DIR: makes and starts it on the port of last time, or another free one, and waits
# until it serves. Sets kafka_child and kafka_port.
kafka_start() {
  local dir=$1 controller
  kafka_fetch
  mkdir -p "$dir"
  for _ in 1 2 3; do
    kafka_port=$(free_port "$(cat "$dir/port" 2>/dev/null || true)")
    controller=$(free_port)
    while [ "$controller" = "$kafka_port" ]; do controller=$(free_port); done
    kafka_write_properties "$dir" "$kafka_port" "$controller"
    kafka_format "$dir"
    kafka_launch "$dir"
    if await_ready 120 "$kafka_child" kafka_is_up "$dir"; then
      echo "$kafka_port" >"$dir/port"
      return 0
    fi
    # A broker killed a moment ago may hold its files a little longer.
    grep -Eq 'Address already in use|Failed to acquire lock' "$dir/log" || break
    sleep 1
  done
  fail "Kafka did not start on port $kafka_port" "$dir/log" "see the log; is the disk full? (df -h $dir)"
}

# kafka_stop PID [SECONDS]: SIGTERM, which takes 2 to 3 s; then hard, which costs the next start 10 s.
kafka_stop() {
  local pid=$1 limit=${2:-20}
  kill -TERM "$pid" 2>/dev/null || return 0
  await_end "$pid" "$limit" || kill -KILL "$pid" 2>/dev/null || true
}
