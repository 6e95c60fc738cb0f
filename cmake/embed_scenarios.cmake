# cmake -DROOT=<sim/scenarios> -DOUTPUT=<file.cpp> -P embed_scenarios.cmake
# Writes every <name>.toml of ROOT into OUTPUT, as text of the program.
file(GLOB files RELATIVE ${ROOT} ${ROOT}/*.toml)
list(SORT files)
set(rows "")
foreach(file ${files})
  file(READ ${ROOT}/${file} text)
  string(REGEX REPLACE "[.]toml$" "" name ${file})
  string(APPEND rows "    {\"${name}\", R\"~toml~(${text})~toml~\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made from sim/scenarios by cmake/embed_scenarios.cmake.
#include \"sim/scenario.hpp\"

namespace troupe::sim {

std::span<const scenario_file> scenario_files() {
  static constexpr scenario_file all[] = {
${rows}  };
  return all;
}

} // namespace troupe::sim
")
