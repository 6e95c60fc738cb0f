#include "telemetry/fail_point.hpp"

#include "telemetry/log.hpp"

#include <charconv>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <variant>
#include <vector>

namespace troupe {

namespace detail {
std::atomic<bool> armed = false;
} // namespace detail

namespace {

enum class action { kill, stop, pause, raise };

struct armed_point {
  size_t index = 0;
  action what = action::kill;
  std::chrono::milliseconds pause{0};
  std::string order;      ///< the only one that is meant; empty: whoever passes
  uint64_t passing = 1;   ///< at which it acts
  bool and_later = false; ///< and at all that follow
  std::string text;       ///< as it was given

  bool means(uint64_t nth, std::string_view who) const {
    return (nth == passing || (and_later && nth > passing)) && (order.empty() || order == who);
  }
};

constexpr std::string_view form = "must be NAME=kill, NAME=stop, NAME=pause:MS, NAME=throw or"
                                  " NAME=throw:ORDER, each with @N or @N+";

std::vector<armed_point> points;                                     // fixed while threads pass
std::array<std::atomic<uint64_t>, fail_points.size()> passings = {}; // of each, since armed

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t from = 0; from <= text.size();) {
    const auto to = std::min(text.find(',', from), text.size());
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

/// A number from 1 on; 0: it is none.
uint64_t number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

bool read_action(std::string_view text, armed_point& to) {
  constexpr std::string_view pause = "pause:", raise = "throw:";
  if (text == "kill") {
    to.what = action::kill;
  } else if (text == "stop") {
    to.what = action::stop;
  } else if (text.starts_with(pause)) {
    to.what = action::pause;
    to.pause = std::chrono::milliseconds(number(text.substr(pause.size())));
    return to.pause.count() > 0 && to.pause < std::chrono::hours(1);
  } else if (text == "throw") {
    to.what = action::raise;
  } else if (text.starts_with(raise)) {
    to.what = action::raise;
    to.order = text.substr(raise.size());
    to.and_later = true;
    return !to.order.empty();
  } else {
    return false;
  }
  return true;
}

/// What follows the @.
bool read_passing(std::string_view text, armed_point& to) {
  if (text.ends_with('+')) {
    to.and_later = true;
    text.remove_suffix(1);
  }
  to.passing = number(text);
  return to.passing > 0;
}

/// One part of the list, or what is wrong with it.
std::variant<armed_point, std::string> read_point(std::string_view part) {
  armed_point one;
  one.text = part;
  const auto equals = part.find('=');
  const auto name = part.substr(0, equals);
  while (one.index < fail_points.size() && fail_points.at(one.index).name != name)
    ++one.index;
  if (one.index == fail_points.size())
    return "there is no fail point \"" + std::string(name) + "\"";
  auto what = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
  const auto at = what.find('@');
  const bool counted = at == std::string_view::npos || read_passing(what.substr(at + 1), one);
  if (!counted || !read_action(what.substr(0, at), one))
    return "\"" + one.text + "\" " + std::string(form);
  return one;
}

void act(const armed_point& point) {
  log::warn("fail_point.passed", {{"point", point.text}});
  switch (point.what) {
    case action::kill:
      ::raise(SIGKILL); // to this very thread, which else might pass before another gets the signal
      break;
    case action::stop:
      ::raise(SIGSTOP);
      break;
    case action::pause:
      std::this_thread::sleep_for(point.pause);
      break;
    case action::raise:
      throw std::runtime_error("thrown on purpose: " + point.text);
  }
}

} // namespace

void detail::pass_armed(size_t index, std::string_view order) {
  const auto passing = ++passings.at(index);
  for (const auto& point : points)
    if (point.index == index && point.means(passing, order))
      act(point);
}

std::string check_fail_points(std::string_view text) {
  if (text.empty())
    return {};
  for (const auto part : split(text))
    if (const auto read = read_point(part); const auto* wrong = std::get_if<std::string>(&read))
      return *wrong;
  return {};
}

void arm_fail_points(std::string_view text) {
  points.clear();
  for (auto& count : passings)
    count = 0;
  if (!text.empty())
    for (const auto part : split(text))
      points.push_back(std::get<armed_point>(read_point(part)));
  for (const auto& point : points)
    log::warn("fail_point.armed", {{"point", point.text},
                                   {"where", fail_points.at(point.index).where},
                                   {"warning", "this process will fail on purpose"}});
  detail::armed = !points.empty();
}

} // namespace troupe
