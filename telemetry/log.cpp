#include "telemetry/log.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

namespace troupe::log {

namespace {

bool as_json = false;

spdlog::level::level_enum to_spdlog(level at) {
  switch (at) {
    case level::debug:
      return spdlog::level::debug;
    case level::info:
      return spdlog::level::info;
    case level::warn:
      return spdlog::level::warn;
    case level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Text lines quote a value only when it would not read as one word.
std::string text_value(const field& f) {
  bool plain = !f.value.empty() && f.value.find_first_of(" \t\r\n\"=") == std::string::npos;
  return f.bare || plain ? f.value : json_text(f.value);
}

} // namespace

void start(format how, level lowest) {
  as_json = how == format::json || (how == format::automatic && isatty(STDOUT_FILENO) == 0);
  auto sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("troupe", std::move(sink));
  logger->set_pattern(as_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                              : "%H:%M:%S.%e %-7l %v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(to_spdlog(lowest));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void write(level at, std::string_view event, std::initializer_list<field> fields) {
  auto* logger = spdlog::default_logger_raw();
  if (!logger->should_log(to_spdlog(at)))
    return;
  std::string line = as_json ? "\"event\":" + json_text(event) : std::string(event);
  for (const auto& f : fields) {
    if (as_json)
      line.append(",")
          .append(json_text(f.key))
          .append(":")
          .append(f.bare ? f.value : json_text(f.value));
    else
      line.append(" ").append(f.key).append("=").append(text_value(f));
  }
  logger->log(to_spdlog(at), line);
}

} // namespace troupe::log
