# cmake -DDOCS=<docs> -DPAGE=<page.html> -DOUTPUT=<file.cpp> -P embed_documents.cmake
# Writes the texts that the program serves into OUTPUT, as text of the program.
set(rows "")
function(embed path type file)
  file(READ ${file} text)
  string(APPEND rows "    {\"${path}\", \"${type}\", R\"~text~(${text})~text~\"},\n")
  set(rows "${rows}" PARENT_SCOPE)
endfunction()

embed(/openapi.yaml "application/yaml" ${DOCS}/openapi.yaml)
embed(/asyncapi.yaml "application/yaml" ${DOCS}/asyncapi.yaml)
embed(/docs "text/html; charset=utf-8" ${PAGE})
embed(/docs/style.css "text/css; charset=utf-8" ${DOCS}/page.css)
file(WRITE ${OUTPUT} "// Made from docs/ by cmake/embed_documents.cmake.
#include \"http/documents.hpp\"

namespace troupe::http {

std::span<const document> documents() {
  static constexpr document all[] = {
${rows}  };
  return all;
}

} // namespace troupe::http
")
