# shellcheck shell=bash
# What ./run must know of the configuration before the program can read it: which servers are the
# user's own, and the ports. Sourced after lib.sh.

config_file=$root/config.toml

# toml_value SECTION KEY: a simple value (string, number, boolean) as config.toml has it, else nothing.
toml_value() {
  [ -r "$config_file" ] || return 0
  awk -v section="$1" -v key="$2" '
    /^[ \t]*\[/ { here = $0; gsub(/^[ \t]*\[[ \t]*|[ \t]*\].*$/, "", here); next }
    here == section && match($0, "^[ \t]*" key "[ \t]*=[ \t]*") {
      value = substr($0, RLENGTH + 1)
      quote = substr(value, 1, 1)
      if (quote == "\"" || quote == "\047") {
        value = substr(value, 2)
        value = substr(value, 1, index(value, quote) - 1)
      } else {
        sub(/[ \t]*(#.*)?$/, "", value)
      }
      print value
      exit
    }' "$config_file"
}

# config_value SECTION KEY [DEFAULT]: the environment's TROUPE_SECTION_KEY wins, as in the program.
config_value() {
  local variable value
  variable=TROUPE_$(echo "$1_$2" | tr '[:lower:]' '[:upper:]')
  value=${!variable-$(toml_value "$1" "$2")}
  echo "${value:-${3:-}}"
}

# configured SECTION KEY: a value is there, or the name of a file that holds it.
configured() { [ -n "$(config_value "$1" "$2")$(config_value "$1" "${2}_file")" ]; }

# secret_value SECTION KEY: the value, also when it stands in a file of its own.
secret_value() {
  local file
  file=$(config_value "$1" "${2}_file")
  if [ -n "$file" ]; then cat -- "$file"; else config_value "$1" "$2"; fi
}
