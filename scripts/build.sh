# shellcheck shell=bash
# Building with the CMake presets. Sourced after lib.sh.

# How many compilers at once: one a core, and 1.5 GiB of memory for each.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1572864) }' /proc/meminfo)
  if [ "$memory" -lt 1 ]; then memory=1; fi
  if [ "$memory" -lt "$cores" ]; then echo "$memory"; else echo "$cores"; fi
}

configure() {
  local preset=$1 log=$root/build/$1.configure.log
  (cd "$root" && step "configuring ($preset)" "$log" cmake --preset "$preset") ||
    fail "cmake could not configure the preset $preset" "$log" \
      "if this checkout was moved or the compiler changed: rm -rf $root/build/$preset, then start again"
}

# build PRESET TARGET...
build() {
  local preset=$1 log=$root/build/$1.build.log
  shift
  step "building ($preset)" "$log" ninja -C "$root/build/$preset" -j "$(build_jobs)" "$@" ||
    fail "the build ($preset) failed" "$log" "is the disk full? (df -h $root) Else the log names the place"
}
