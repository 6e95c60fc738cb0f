#include "sim/report.hpp"

#include "domain/event.hpp"
#include "domain/json.hpp"
#include "sim/page_template.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>

namespace troupe::sim {

namespace {

using nlohmann::json;

// The points of the distribution: each halves what is left above the one before.
constexpr double distribution[]
    = {0, 10, 25, 50, 75, 87.5, 90, 93.75, 95, 97.5, 99, 99.5, 99.9, 99.95, 99.99, 99.999, 100};

/// "create order" → "createOrder", "timed out" → "timedOut"
std::string key_of(std::string_view name) {
  std::string key;
  for (size_t i = 0; i < name.size(); ++i)
    if (name[i] == ' ')
      key += static_cast<char>(name[++i] - 'a' + 'A');
    else
      key += name[i];
  return key;
}

bool used(const recorder& seen, call what) {
  return sum(seen.of(what).outcomes) > 0 || seen.of(what).in_flight > 0;
}

/// Runs `each(key, call)` for the calls that the run made.
template <class Each>
void for_used_calls(const recorder& seen, Each each) {
  for (size_t i = 0; i < call_count; ++i)
    if (const auto what = static_cast<call>(i); used(seen, what))
      each(key_of(to_string(what)), what);
}

json states_json(const recorder::states& orders) {
  json out = json::object();
  for (size_t i = 0; i < orders.size(); ++i)
    out[std::string(to_string(static_cast<order_status>(i)))] = orders[i];
  return out;
}

json latency_json(const histogram& latency) {
  json points = json::array();
  for (double percent : distribution)
    points.push_back({percent, latency.percentile(percent)});
  return {{"p50Us", latency.percentile(50)},
          {"p99Us", latency.percentile(99)},
          {"maxUs", latency.max()},
          {"meanUs", latency.mean()},
          {"percentilesUs", std::move(points)}};
}

json outcomes_json(const outcomes& of) {
  json out = json::object();
  for (size_t i = 0; i < outcome_count; ++i)
    out[key_of(to_string(static_cast<outcome>(i)))] = of[i];
  return out;
}

json calls_json(const recorder& seen, double seconds) {
  json out = json::object();
  for_used_calls(seen, [&](const std::string& key, call what) {
    const auto& total = seen.of(what);
    out[key] = {{"outcomes", outcomes_json(total.outcomes)},
                {"perSecond", static_cast<double>(sum(total.outcomes)) / seconds},
                {"errors", errors(total.outcomes)},
                {"latency", latency_json(total.latency)}};
  });
  return out;
}

json columns_of(const std::vector<recorder::row>& rows, call what) {
  const auto at = static_cast<size_t>(what);
  json ok = json::array(), refused = json::array(), errors = json::array();
  json p50 = json::array(), p99 = json::array();
  for (const auto& row : rows) {
    const auto& cell = row.calls[at];
    const auto good = cell.outcomes[static_cast<size_t>(outcome::ok)];
    const auto turned_down = cell.outcomes[static_cast<size_t>(outcome::refused)];
    uint32_t all = 0;
    for (auto count : cell.outcomes)
      all += count;
    ok.push_back(good);
    refused.push_back(turned_down);
    errors.push_back(all - good - turned_down);
    p50.push_back(cell.p50_us);
    p99.push_back(cell.p99_us);
  }
  return {{"ok", std::move(ok)},
          {"refused", std::move(refused)},
          {"errors", std::move(errors)},
          {"p50Us", std::move(p50)},
          {"p99Us", std::move(p99)}};
}

json seconds_json(const recorder& seen) {
  json calls = json::object(), orders = json::object();
  for_used_calls(
      seen, [&](const std::string& key, call what) { calls[key] = columns_of(seen.rows(), what); });
  for (size_t i = 0; i < order_status_count; ++i) {
    json column = json::array();
    for (const auto& row : seen.rows())
      column.push_back(row.orders[i]);
    orders[std::string(to_string(static_cast<order_status>(i)))] = std::move(column);
  }
  json in_flight = json::array(), lag = json::array(), cpu = json::array(), own = json::array();
  for (const auto& row : seen.rows()) {
    in_flight.push_back(row.in_flight);
    lag.push_back(row.lag_us);
    cpu.push_back(row.cpu);
    own.push_back(row.own_limit);
  }
  return {{"calls", std::move(calls)},        {"orders", std::move(orders)},
          {"inFlight", std::move(in_flight)}, {"clientLagUs", std::move(lag)},
          {"clientCpu", std::move(cpu)},      {"atOwnLimit", std::move(own)}};
}

json faults_json(const recorder& seen) {
  json out = json::array();
  for (const auto& fault : seen.faults().all()) {
    auto at = [&](std::optional<recorder::time_point> when) -> json {
      if (!when)
        return nullptr;
      return std::chrono::duration<double>(*when - seen.start()).count();
    };
    out.push_back({{"kind", fault.kind},
                   {"detail", fault.detail},
                   {"firedAt", at(fault.fired)},
                   {"confirmedAt", at(fault.confirmed)},
                   {"endedAt", at(fault.ended)},
                   {"recoveredAt", at(fault.recovered)}});
  }
  return out;
}

json nodes_json(const std::vector<node_record>& nodes) {
  json out = json::array();
  for (const auto& node : nodes)
    out.push_back(
        {{"url", node.url},
         {"requests", node.requests},
         {"outMs", std::chrono::duration_cast<std::chrono::milliseconds>(node.out).count()}});
  return out;
}

json run_json(const run_facts& run, double seconds) {
  const auto started = std::chrono::time_point_cast<timestamp::duration>(run.started);
  return {{"troupe", run.troupe_version},
          {"scenario", run.scenario},
          {"seed", run.seed},
          {"target", run.target},
          {"load", run.load},
          {"startedAt", to_iso8601(started)},
          {"seconds", seconds},
          {"endedEarly", run.ended_early}};
}

/// `text` as JSON in a script element: no "<" is left that could end the element.
std::string in_script(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text)
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  return out;
}

void write_whole(const std::filesystem::path& file, const std::string& text) {
  auto part = file;
  part += ".part";
  errno = 0;
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out)
    throw std::system_error(errno, std::generic_category(), part.string());
  std::filesystem::rename(part, file);
}

} // namespace

json report_json(const run_facts& run, const recorder& seen) {
  const auto seconds = std::chrono::duration<double>(seen.elapsed()).count();
  return {
      {"version", report_version},
      {"run", run_json(run, seconds)},
      {"nodes", nodes_json(run.nodes)},
      {"calls", calls_json(seen, std::max(seconds, 1e-9))},
      {"orders", states_json(seen.orders())},
      {"client",
       {{"lag", latency_json(seen.lags())}, {"secondsAtOwnLimit", seen.seconds_at_own_limit()}}},
      {"seconds", seconds_json(seen)},
      {"faults", faults_json(seen)},
      {"verdict",
       {{"passed", run.passed},
        {"ordersChecked", run.orders_checked},
        {"violationCount", run.violation_count},
        {"violations", run.violations}}}};
}

std::string report_page(const json& report) {
  std::string page(page_template);
  page.replace(page.find(page_data_marker), page_data_marker.size(), in_script(canonical(report)));
  return page;
}

void write_report(const std::filesystem::path& folder, const json& report) {
  std::filesystem::create_directories(folder);
  write_whole(folder / "report.json", canonical(report) + "\n");
  write_whole(folder / "report.html", report_page(report));
}

} // namespace troupe::sim
