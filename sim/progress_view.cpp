#include "sim/progress_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace troupe::sim {

namespace {

/// What the calls of some seconds add up to.
struct tally {
  uint64_t calls = 0, errors = 0, orders = 0;

  void add(const recorder::row& of) {
    for (const auto& cell : of.calls) {
      outcomes counts{};
      std::copy(cell.outcomes.begin(), cell.outcomes.end(), counts.begin());
      calls += sum(counts);
      errors += sim::errors(counts);
    }
    orders += of.calls[static_cast<size_t>(call::create_order)]
                  .outcomes[static_cast<size_t>(outcome::ok)];
  }
};

std::string in_ms(int64_t us) {
  if (us == 0)
    return "-";
  return us < 10'000 ? fmt::format("{:.2f}", static_cast<double>(us) / 1000)
                     : fmt::format("{}", us / 1000);
}

std::string clock_of(std::chrono::seconds s) {
  return fmt::format("{:02}:{:02}", s.count() / 60, s.count() % 60);
}

std::string headline(const progress& run, const recorder& seen, const recorder::row& last) {
  tally now;
  now.add(last);
  uint64_t errors_so_far = 0;
  for (size_t i = 0; i < call_count; ++i)
    errors_so_far += errors(seen.of(static_cast<call>(i)).outcomes);
  auto time = clock_of(std::chrono::duration_cast<std::chrono::seconds>(seen.elapsed()));
  if (run.duration)
    time += " of " + clock_of(*run.duration);
  return fmt::format("{}  {}   {} orders/s   {} calls/s   {} in flight   {} errors", run.name, time,
                     now.orders, now.calls, last.in_flight, errors_so_far);
}

std::string call_line(call what, const recorder& seen, const recorder::row& last) {
  const auto& cell = last.calls[static_cast<size_t>(what)];
  uint64_t rate = 0;
  for (auto count : cell.outcomes)
    rate += count;
  auto line = fmt::format("{:<20} {:>7} {:>9} {:>9}", to_string(what), rate, in_ms(cell.p50_us),
                          in_ms(cell.p99_us));
  for (auto count : seen.of(what).outcomes)
    line += fmt::format(" {:>9}", count);
  return line;
}

std::string states_line(const recorder& seen) {
  std::string line = "orders";
  for (size_t i = 0; i < seen.orders().size(); ++i)
    if (seen.orders()[i] != 0)
      line += fmt::format("   {} {}", to_string(static_cast<order_status>(i)), seen.orders()[i]);
  return line;
}

struct fault_counts {
  size_t fired = 0, confirmed = 0, recovered = 0;

  explicit fault_counts(const std::vector<fault_record>& all) : fired(all.size()) {
    for (const auto& fault : all) {
      confirmed += fault.confirmed ? 1 : 0;
      recovered += fault.recovered ? 1 : 0;
    }
  }
};

std::string faults_line(const std::vector<fault_record>& faults) {
  const fault_counts counts(faults);
  const auto& last = faults.back();
  auto line = fmt::format("faults   {} fired, {} confirmed, {} recovered   last: {}", counts.fired,
                          counts.confirmed, counts.recovered, last.kind);
  if (last.recovered)
    line += fmt::format(", recovered after {:.1f} s",
                        std::chrono::duration<double>(*last.recovered - last.fired).count());
  return line;
}

std::string limit_line(const recorder::row& last) {
  return fmt::format("THE SIMULATION IS AT ITS OWN LIMIT: lag {} ms, {:.0f} % of a core; what it "
                     "measures says nothing about the server",
                     in_ms(last.lag_us), last.cpu * 100);
}

struct size {
  size_t columns = 80, rows = 24;
};

size size_of(std::FILE* terminal) {
  winsize told{};
  if (ioctl(fileno(terminal), TIOCGWINSZ, &told) != 0 || told.ws_col == 0 || told.ws_row == 0)
    return {};
  return {told.ws_col, told.ws_row};
}

} // namespace

std::vector<std::string> progress_table(const progress& run, const recorder& seen, size_t columns,
                                        size_t rows) {
  const auto last = seen.rows().empty() ? recorder::row{} : seen.rows().back();
  std::vector<std::string> lines{headline(run, seen, last)};
  lines.reserve(call_count + 5);
  if (last.own_limit)
    lines.push_back(limit_line(last));
  lines.push_back(states_line(seen));
  if (const auto faults = seen.faults().all(); !faults.empty())
    lines.push_back(faults_line(faults));
  auto head = fmt::format("{:<20} {:>7} {:>9} {:>9}", "call", "/s", "p50 ms", "p99 ms");
  for (size_t i = 0; i < outcome_count; ++i)
    head += fmt::format(" {:>9}", to_string(static_cast<outcome>(i)));
  lines.push_back(std::move(head));
  for (size_t i = 0; i < call_count; ++i)
    if (const auto& of = seen.of(static_cast<call>(i)); sum(of.outcomes) > 0 || of.in_flight > 0)
      lines.push_back(call_line(static_cast<call>(i), seen, last));
  lines.resize(std::min(lines.size(), rows));
  for (auto& line : lines)
    line.resize(std::min(line.size(), columns));
  return lines;
}

std::string progress_line(const recorder& seen, size_t seconds) {
  const auto& rows = seen.rows();
  const auto count = std::min(seconds, rows.size());
  tally all;
  for (size_t i = rows.size() - count; i < rows.size(); ++i)
    all.add(rows[i]);
  const auto last = rows.empty() ? recorder::row{} : rows.back();
  const auto per_second = [&](uint64_t n) {
    return static_cast<double>(n) / static_cast<double>(std::max<size_t>(count, 1));
  };
  auto line
      = fmt::format("t={:.0f}s orders/s={:.1f} calls/s={:.1f} errors={} in_flight={}",
                    std::chrono::duration<double>(seen.elapsed()).count(), per_second(all.orders),
                    per_second(all.calls), all.errors, last.in_flight);
  for (auto what : {call::create_order, call::pay, call::get_order}) {
    const auto& cell = last.calls[static_cast<size_t>(what)];
    if (cell.p99_us == 0)
      continue;
    std::string name(to_string(what));
    std::replace(name.begin(), name.end(), ' ', '_');
    line += fmt::format(" {}_p50_p99_ms={}/{}", name, in_ms(cell.p50_us), in_ms(cell.p99_us));
  }
  for (size_t i = 0; i < seen.orders().size(); ++i)
    if (seen.orders()[i] != 0)
      line += fmt::format(" {}={}", to_string(static_cast<order_status>(i)), seen.orders()[i]);
  if (const fault_counts faults(seen.faults().all()); faults.fired > 0)
    line += fmt::format(" faults={} confirmed={} recovered={}", faults.fired, faults.confirmed,
                        faults.recovered);
  if (last.own_limit)
    line += fmt::format(" own_limit=lag_{}ms,cpu_{:.0f}%", in_ms(last.lag_us), last.cpu * 100);
  return line;
}

progress_view::progress_view(progress run, std::FILE* out)
    : run_(std::move(run)), out_(out), terminal_(isatty(fileno(out)) != 0) {}

void progress_view::show(const recorder& seen) {
  const auto seconds = seen.rows().size();
  if (seconds == shown_ || (!terminal_ && seconds - shown_ < plain_every))
    return;
  terminal_ ? draw(seen) : print(seen);
  shown_ = seconds;
}

void progress_view::finish(const recorder& seen) {
  if (terminal_)
    draw(seen);
  else if (seen.rows().size() > shown_)
    print(seen);
  shown_ = seen.rows().size();
  drawn_ = 0;
}

// Over the lines of last time; what is printed in between moves the table down and stays.
void progress_view::draw(const recorder& seen) {
  const auto size = size_of(out_);
  const auto lines = progress_table(run_, seen, size.columns, size.rows - 1);
  std::string text;
  if (drawn_ > 0)
    text += fmt::format("\x1b[{}A", drawn_);
  for (const auto& line : lines)
    text += "\r" + line + "\x1b[K\n";
  text += "\x1b[J";
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
  drawn_ = lines.size();
}

void progress_view::print(const recorder& seen) {
  fmt::print(out_, "{}\n", progress_line(seen, seen.rows().size() - shown_));
  std::fflush(out_);
}

} // namespace troupe::sim
