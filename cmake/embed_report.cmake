# cmake -DPAGE=<report.html> -DCHART=<chart.min.js> -DOUTPUT=<file.cpp> -P embed_report.cmake
# Writes the page of the simulation's report into OUTPUT, as text of the program, with Chart.js in it.
file(READ ${PAGE} page)
file(READ ${CHART} chart)
# What would end the script element or the text of the program too early.
foreach(end "</script" "<!--" ")~page~\"")
  string(FIND "${chart}" "${end}" at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "${CHART} holds ${end} and cannot stand in a page")
  endif()
endforeach()
string(REPLACE "@chart.js@" "${chart}" page "${page}")
file(WRITE ${OUTPUT} "// Made from sim/report.html and Chart.js by cmake/embed_report.cmake.
#include \"sim/page_template.hpp\"

namespace troupe::sim {

const std::string_view page_template = R\"~page~(${page})~page~\";

} // namespace troupe::sim
")
