// Fail points: how they are named, what each action does, and that they act at their passing only.

#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;

namespace {

constexpr int went_on = 7;

/// Passes journal.before_commit `times` times in a child that has armed `text`; the status that
/// `waitpid` gives of it. A child that stopped is continued after `stopped` was told so.
int pass_in_child(const std::string& text, int times, bool* stopped = nullptr) {
  log::start(log::format::text, log::level::error);
  std::fflush(stdout);
  const auto child = ::fork();
  if (child == 0) {
    arm_fail_points(text);
    for (int i = 0; i < times; ++i)
      fail_point("journal.before_commit");
    ::_exit(went_on);
  }
  int status = 0;
  ::waitpid(child, &status, WUNTRACED);
  if (WIFSTOPPED(status)) {
    if (stopped != nullptr)
      *stopped = true;
    ::kill(child, SIGCONT);
    ::waitpid(child, &status, 0);
  }
  return status;
}

bool killed(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

bool ended_well(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == went_on;
}

} // namespace

TEST_CASE("the names of the fail points differ, and each says where it is") {
  std::set<std::string_view> names;
  for (const auto& point : fail_points) {
    CHECK(names.insert(point.name).second);
    CHECK(!point.where.empty());
  }
}

TEST_CASE("without any armed a passing does nothing") {
  CHECK(ended_well(pass_in_child("", 3)));
}

TEST_CASE("kill acts at its passing, not before") {
  CHECK(killed(pass_in_child("journal.before_commit=kill", 1)));
  CHECK(killed(pass_in_child("journal.before_commit=kill@3", 3)));
  CHECK(ended_well(pass_in_child("journal.before_commit=kill@3", 2)));
}

TEST_CASE("another point's passings do not count") {
  CHECK(ended_well(pass_in_child("journal.after_commit=kill", 3)));
}

TEST_CASE("stop stops the process, which goes on when it is continued") {
  bool stopped = false;
  CHECK(ended_well(pass_in_child("journal.before_commit=stop@2", 3, &stopped)));
  CHECK(stopped);
}

TEST_CASE("pause holds up the thread that passes, once") {
  arm_fail_points("journal.before_commit=pause:50@2");
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i)
    fail_point("journal.before_commit");
  const auto took = std::chrono::steady_clock::now() - began;
  arm_fail_points("");
  CHECK(took >= std::chrono::milliseconds(50));
}

TEST_CASE("throw ends the handler at its passing, and with + at all later ones") {
  auto throws = [] {
    try {
      fail_point("journal.before_commit");
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  };
  arm_fail_points("journal.before_commit=throw@2,journal.before_commit=throw@4+");
  std::array<bool, 6> thrown{};
  for (auto& each : thrown)
    each = throws();
  arm_fail_points("");
  CHECK(thrown == std::array<bool, 6>{false, true, false, true, true, true});
}

TEST_CASE("throw for an order means that order alone, whenever it passes") {
  arm_fail_points("order.before_step=throw:o1");
  for (int i = 0; i < 3; ++i) {
    CHECK_NOTHROW(fail_point("order.before_step", "o2"));
    CHECK_THROWS_AS(fail_point("order.before_step", "o1"), std::runtime_error);
  }
  arm_fail_points("");
}

TEST_CASE("several can be armed, one point at several passings too") {
  const auto began = std::chrono::steady_clock::now();
  CHECK(killed(pass_in_child("outbox.after_publish=kill,journal.before_commit=pause:30,"
                             "journal.before_commit=kill@2",
                             2)));
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(30));
}

TEST_CASE("what cannot be armed is named") {
  CHECK(check_fail_points("").empty());
  CHECK(check_fail_points("journal.before_commit=kill,stop.drained=pause:10@2").empty());
  CHECK(check_fail_points("order.before_step=throw:o1,order.before_step=throw@3+").empty());
  CHECK(check_fail_points("nowhere=kill") == "there is no fail point \"nowhere\"");
  CHECK(check_fail_points("journal.before_commit=kill,").ends_with("no fail point \"\""));
  for (const auto* bad :
       {"journal.before_commit", "journal.before_commit=", "journal.before_commit=die",
        "journal.before_commit=kill@0", "journal.before_commit=kill@",
        "journal.before_commit=kill@x", "journal.before_commit=pause",
        "journal.before_commit=pause:", "journal.before_commit=pause:0",
        "journal.before_commit=pause:3600000", "journal.before_commit=stop@1@2",
        "journal.before_commit=throw:", "journal.before_commit=throw@+"}) {
    CAPTURE(bad);
    CHECK(check_fail_points(bad).starts_with(std::string("\"") + bad + "\" must be NAME=kill"));
  }
}
