#include "telemetry/fail_point.hpp"

#include "telemetry/log.hpp"

#include <charconv>
#include <chrono>
#include <csignal>
#include <thread>
#include <variant>
#include <vector>

#include <unistd.h>

namespace troupe {

namespace detail {
std::atomic<bool> fail_points_armed = false;
} // namespace detail

namespace {

enum class action { kill, stop, pause };

struct armed_point {
  size_t index = 0;
  action what = action::kill;
  std::chrono::milliseconds pause{0};
  uint64_t passing = 1; ///< at which it acts
  std::string text;     ///< as it was given
};

constexpr std::string_view form = "must be NAME=kill, NAME=stop or NAME=pause:MS, each with @N";

std::vector<armed_point> armed;                                      // fixed while threads pass
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
  constexpr std::string_view pause = "pause:";
  if (text == "kill") {
    to.what = action::kill;
  } else if (text == "stop") {
    to.what = action::stop;
  } else if (text.starts_with(pause)) {
    to.what = action::pause;
    to.pause = std::chrono::milliseconds(number(text.substr(pause.size())));
    return to.pause.count() > 0 && to.pause < std::chrono::hours(1);
  } else {
    return false;
  }
  return true;
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
  if (const auto at = what.find('@'); at != std::string_view::npos) {
    one.passing = number(what.substr(at + 1));
    what = what.substr(0, at);
  }
  if (one.passing == 0 || !read_action(what, one))
    return "\"" + one.text + "\" " + std::string(form);
  return one;
}

void act(const armed_point& point) {
  log::warn("fail_point.passed", {{"point", point.text}});
  switch (point.what) {
    case action::kill:
      ::kill(::getpid(), SIGKILL);
      break;
    case action::stop:
      ::kill(::getpid(), SIGSTOP);
      break;
    case action::pause:
      std::this_thread::sleep_for(point.pause);
  }
}

} // namespace

void detail::pass_armed(size_t index) {
  const auto passing = ++passings.at(index);
  for (const auto& point : armed)
    if (point.index == index && point.passing == passing)
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
  armed.clear();
  for (auto& count : passings)
    count = 0;
  if (!text.empty())
    for (const auto part : split(text))
      armed.push_back(std::get<armed_point>(read_point(part)));
  for (const auto& point : armed)
    log::warn("fail_point.armed", {{"point", point.text},
                                   {"where", fail_points.at(point.index).where},
                                   {"warning", "this process will fail on purpose"}});
  detail::fail_points_armed = !armed.empty();
}

} // namespace troupe
