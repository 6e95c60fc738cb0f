#pragma once
// The page of a report without its data: sim/report.html with Chart.js in it. The build makes it,
// see cmake/embed_report.cmake.

#include <string_view>

namespace troupe::sim {

extern const std::string_view page_template;

/// Stands once in the template, where the report's JSON belongs.
constexpr std::string_view page_data_marker = "@report@";

} // namespace troupe::sim
