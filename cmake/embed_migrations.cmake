# cmake -DROOT=<persistence/migrations> -DOUTPUT=<file.cpp> -P embed_migrations.cmake
# Writes every <folder>/NNN_*.sql below ROOT into OUTPUT, as text of the program.
file(GLOB files RELATIVE ${ROOT} ${ROOT}/*/*.sql)
list(SORT files)
set(rows "")
foreach(name ${files})
  file(READ ${ROOT}/${name} sql)
  string(APPEND rows "    {\"${name}\", R\"~sql~(${sql})~sql~\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made from persistence/migrations by cmake/embed_migrations.cmake.
#include \"persistence/migration_files.hpp\"

namespace troupe {

std::span<const migration_file> migration_files() {
  static constexpr migration_file all[] = {
${rows}  };
  return all;
}

} // namespace troupe
")
