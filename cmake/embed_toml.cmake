# cmake -DROOT=<folder> -DHEADER=<header> -DFUNCTION=<name> -DOUTPUT=<file.cpp> -P embed_toml.cmake
# Writes every <name>.toml of ROOT into OUTPUT, as text of the program: the function of HEADER.
file(GLOB files RELATIVE ${ROOT} ${ROOT}/*.toml)
list(SORT files)
set(rows "")
foreach(file ${files})
  file(READ ${ROOT}/${file} text)
  string(REGEX REPLACE "[.]toml$" "" name ${file})
  string(APPEND rows "    {\"${name}\", R\"~toml~(${text})~toml~\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made from the *.toml of a folder by cmake/embed_toml.cmake.
#include \"${HEADER}\"

namespace troupe::sim {

std::span<const toml_file> ${FUNCTION}() {
  static constexpr toml_file all[] = {
${rows}  };
  return all;
}

} // namespace troupe::sim
")
