"""A private PostgreSQL that a test may stop, freeze and start."""

from guarded import Guarded

GUARD = """
source scripts/lib.sh
source scripts/postgres.sh
trap '' INT
exec 3>&1 1>&2
if [ -n "${SMALL_DISK:-}" ]; then
  mkdir -p "$1"
  mount -t tmpfs -o "size=$SMALL_DISK,mode=711" troupe-small-disk "$1"
  trap 'umount --lazy "$1"' EXIT
fi
pg_start "$1"
echo "$pg_port" >&3
all() { kill "-$1" $(pg_processes "$2") 2>/dev/null || true; }
while read -r command; do
  case $command in
    stop) all QUIT "$1"; all CONT "$1"; await_end "$pg_child" 10 ;;
    start) pg_start "$1" ;;
    freeze) all STOP "$1" ;;
    thaw) all CONT "$1" ;;
  esac
  echo "$pg_port" >&3
done
all CONT "$1"
pg_stop "$pg_child" 5
"""


class Postgres(Guarded):
    """`stop` is immediate: no checkpoint, nothing flushed, recovered at the next start. One that is
    frozen ends without having read what it was sent meanwhile."""

    def __init__(self, folder, environment=None):
        super().__init__(GUARD, folder, environment)
        self.server = (f"host=127.0.0.1 port={self.port} user=troupe dbname=postgres"
                       f" password={(folder / 'password').read_text().strip()}")

    def freeze(self):
        self.tell("freeze")

    def thaw(self):
        self.tell("thaw")
