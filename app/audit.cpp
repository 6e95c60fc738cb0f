#include "persistence/audit.hpp"
#include "app/commands.hpp"
#include "app/signals.hpp"
#include "persistence/store_error.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

namespace troupe {

namespace {

std::string verdict(const audit_line& line) {
  return line.count > 0 ? "FOUND" : line.skipped.empty() ? "ok" : "ok so far";
}

/// For people: what was found below its check.
void print_table(const std::vector<audit_line>& lines) {
  std::printf("%3s  %-20s  %-9s  %7s\n", "no.", "check", "verdict", "count");
  for (const auto& line : lines) {
    std::printf("%3d  %-20s  %-9s  %7lld\n", line.number, line.name.c_str(), verdict(line).c_str(),
                static_cast<long long>(line.count));
    for (const auto& example : line.examples)
      std::printf("     - %s\n", example.c_str());
    if (!line.skipped.empty())
      std::printf("     (%s)\n", line.skipped.c_str());
  }
}

/// For programs: number, name, verdict, count, then the examples, separated by tabs.
void print_lines(const std::vector<audit_line>& lines) {
  for (const auto& line : lines) {
    std::printf("%d\t%s\t%s\t%lld", line.number, line.name.c_str(), verdict(line).c_str(),
                static_cast<long long>(line.count));
    for (const auto& example : line.examples)
      std::printf("\t%s", example.c_str());
    std::printf("\n");
  }
}

/// What is missing to look at everything, said on stderr.
bool named_all(const config& c) {
  bool all = true;
  const std::pair<const char*, const std::string&> needed[] = {{"orders", c.databases.orders},
                                                               {"payments", c.databases.payments},
                                                               {"inventory", c.databases.inventory},
                                                               {"emailing", c.databases.emailing}};
  for (const auto& [name, conninfo] : needed)
    if (conninfo.empty()) {
      std::fprintf(stderr, "troupe: databases.%s: is needed\n", name);
      all = false;
    }
  return all;
}

} // namespace

int run_audit(const config& c, bool quiesced, std::chrono::seconds patience) {
  constexpr std::chrono::milliseconds pause{500};
  if (!named_all(c))
    return 2;
  const audit_databases at{c.databases.orders, c.databases.payments, c.databases.inventory,
                           c.databases.emailing, c.databases.gateway};
  const auto until = std::chrono::steady_clock::now() + patience;
  std::vector<audit_line> lines;
  int64_t failed = 0;
  try {
    do {
      lines = audit(at, {.quiesced = quiesced});
      failed = std::count_if(lines.begin(), lines.end(),
                             [](const audit_line& line) { return line.count > 0; });
    } while (failed > 0 && std::chrono::steady_clock::now() < until && !await_ending_signal(pause));
  } catch (const store_error& e) {
    std::fprintf(stderr, "troupe: the audit cannot run: %s\n", e.what());
    return 2;
  }
  isatty(STDOUT_FILENO) ? print_table(lines) : print_lines(lines);
  if (failed > 0)
    std::printf("audit: %lld of %zu checks found something\n", static_cast<long long>(failed),
                lines.size());
  else
    std::printf("audit: %zu checks, nothing found\n", lines.size());
  return failed > 0 ? 1 : 0;
}

} // namespace troupe
