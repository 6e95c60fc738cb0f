#include "app/config.hpp"

#include "app/secrets.hpp"
#include "app/settings.hpp"
#include "domain/ids.hpp"
#include "http/client_address.hpp"
#include "telemetry/fail_point.hpp"

// toml++ asserts, in a build with assertions, what it then reports as an error of the file.
#define TOML_ASSERT(expr) static_assert(true)

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

namespace troupe {

namespace {

/// Puts `value` where it belongs; returns what is wrong with it, or nothing.
std::string put(const setting& s, int64_t value) {
  auto* target = std::get_if<int64_t*>(&s.target);
  if (target == nullptr)
    return "must be a text";
  if (value < s.least || value > s.most)
    return fmt::format("must be from {} to {}", s.least, s.most);
  **target = value;
  return {};
}

std::string put(const setting& s, const std::string& value) {
  auto* target = std::get_if<std::string*>(&s.target);
  if (target == nullptr)
    return "must be a number";
  if (!s.choices.empty() && std::find(s.choices.begin(), s.choices.end(), value) == s.choices.end())
    return fmt::format("must be one of {}", fmt::join(s.choices, ", "));
  **target = value;
  return {};
}

std::string put_list(const setting& s, std::vector<std::string> values) {
  *std::get<std::vector<std::string>*>(s.target) = std::move(values);
  return {};
}

std::string put_node(const setting& s, const toml::node& node) {
  if (std::holds_alternative<std::vector<std::string>*>(s.target)) {
    const auto* list = node.as_array();
    if (list == nullptr || !list->is_homogeneous<std::string>())
      return list != nullptr && list->empty() ? put_list(s, {}) : "must be a list of texts";
    std::vector<std::string> values;
    for (const auto& item : *list)
      values.push_back(**item.as_string());
    return put_list(s, std::move(values));
  }
  if (const auto* number = node.as_integer())
    return put(s, **number);
  if (const auto* text = node.as_string())
    return put(s, **text);
  return std::holds_alternative<int64_t*>(s.target) ? "must be a whole number" : "must be a text";
}

/// An environment variable's text: a number or a comma-separated list where the key wants one.
std::string put_text(const setting& s, const std::string& value) {
  if (std::holds_alternative<std::string*>(s.target))
    return put(s, value);
  if (std::holds_alternative<std::vector<std::string>*>(s.target)) {
    std::vector<std::string> values;
    for (size_t from = 0; from < value.size();) {
      auto to = std::min(value.find(',', from), value.size());
      values.push_back(value.substr(from, to - from));
      from = to + 1;
    }
    return put_list(s, std::move(values));
  }
  int64_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size())
    return "must be a whole number";
  return put(s, number);
}

/// The line of a character that is not ASCII and stands in no text and no comment, where TOML has
/// none; 0: there is none. What toml++ does with one is undefined.
int line_of_stray(std::string_view text) {
  std::string_view closing; // of the text that `i` is in
  int line = 1;
  for (size_t i = text.starts_with("\xef\xbb\xbf") ? 3 : 0; i < text.size(); ++i) {
    const auto rest = text.substr(i);
    if (rest[0] == '\n') {
      ++line;
      if (closing.size() == 1) // Such a text ends with its line, well or not.
        closing = {};
    } else if (!closing.empty()) {
      if (rest[0] == '\\' && closing[0] == '"' && !rest.starts_with("\\\n"))
        ++i;
      else if (rest.starts_with(closing))
        i += std::exchange(closing, {}).size() - 1;
    } else if (rest[0] == '#') {
      i += std::min(rest.find('\n'), rest.size()) - 1;
    } else if (rest[0] == '"' || rest[0] == '\'') {
      const bool long_one = rest.starts_with("\"\"\"") || rest.starts_with("'''");
      closing = rest.substr(0, long_one ? 3 : 1);
      i += closing.size() - 1;
    } else if (static_cast<unsigned char>(rest[0]) >= 0x80) {
      return line;
    }
  }
  return 0;
}

class file_reader {
public:
  file_reader(std::string file, const std::vector<setting>& settings, config_result& result)
      : file_(std::move(file)), settings_(settings), result_(result) {}

  void read() {
    std::ifstream in(file_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (const auto line = line_of_stray(text); line > 0) {
      result_.mistakes.push_back(
          fmt::format("{}:{}: a character that only texts and comments may hold", file_, line));
      return;
    }
    try {
      auto table = toml::parse_file(file_);
      for (const auto& [section, node] : table)
        read_section(std::string(section.str()), node);
    } catch (const toml::parse_error& e) {
      const auto what = e.description();
      // What it saw there may be a part of a secret.
      mistake(e.source(), std::string(what.substr(0, what.find(", saw '"))));
    }
  }

private:
  void mistake(const toml::source_region& at, const std::string& what) {
    result_.mistakes.push_back(fmt::format("{}:{}: {}", file_, at.begin.line, what));
  }

  void read_section(const std::string& section, const toml::node& node) {
    bool known = std::any_of(settings_.begin(), settings_.end(),
                             [&](const setting& s) { return s.section == section; });
    if (!known || !node.is_table())
      return mistake(node.source(), section + ": no such section");
    for (const auto& [key, value] : *node.as_table())
      if (section == "kafka" && key.str() == "options")
        read_kafka_options(value);
      else
        read_key(section, std::string(key.str()), value);
  }

  void read_key(const std::string& section, const std::string& key, const toml::node& value) {
    auto s = std::find_if(settings_.begin(), settings_.end(),
                          [&](const setting& x) { return x.section == section && x.key == key; });
    if (s == settings_.end())
      return mistake(value.source(), fmt::format("{}.{}: no such key", section, key));
    if (auto wrong = put_node(*s, value); !wrong.empty())
      mistake(value.source(), s->name() + ": " + wrong);
  }

  void read_kafka_options(const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr)
      return mistake(node.source(), "kafka.options: must be a section");
    read_option_table({}, *table);
  }

  /// `security.protocol = "…"` is a nested table to TOML, one dotted name to librdkafka.
  void read_option_table(const std::string& prefix, const toml::table& table) {
    for (const auto& [key, value] : table) {
      auto name = prefix + std::string(key.str());
      if (const auto* inner = value.as_table())
        read_option_table(name + ".", *inner);
      else if (const auto* text = value.as_string())
        result_.values.kafka.options[name] = **text;
      else if (const auto* number = value.as_integer())
        result_.values.kafka.options[name] = std::to_string(**number);
      else if (const auto* flag = value.as_boolean())
        result_.values.kafka.options[name] = **flag ? "true" : "false";
      else
        mistake(value.source(), "kafka.options." + name + ": must be a text, number or boolean");
    }
  }

  std::string file_;
  const std::vector<setting>& settings_;
  config_result& result_;
};

constexpr std::string_view option_prefix = "TROUPE_KAFKA_OPTIONS_";

/// TROUPE_KAFKA_OPTIONS_SECURITY_PROTOCOL → security.protocol; with _FILE behind it: …_file
std::string option_name(std::string_view variable) {
  constexpr std::string_view file = "_FILE";
  std::string name(variable.substr(option_prefix.size()));
  if (name.ends_with(file))
    return option_name(variable.substr(0, variable.size() - file.size())) + "_file";
  for (char& c : name)
    c = c == '_' ? '.' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

/// Whether `variable` looks like a setting of one of our sections.
bool names_a_section(const std::string& variable, const std::vector<setting>& settings) {
  return std::any_of(settings.begin(), settings.end(), [&](const setting& s) {
    auto own = s.variable();
    return variable.starts_with(own.substr(0, own.size() - s.key.size()));
  });
}

void read_variable(const std::string& name, const std::string& value,
                   const std::vector<setting>& settings, config_result& result) {
  if (name.starts_with(option_prefix)) {
    result.values.kafka.options[option_name(name)] = value;
    return;
  }
  if (name == "TROUPE_FAIL_POINTS") {
    result.values.fail_points = value;
    if (auto wrong = check_fail_points(value); !wrong.empty())
      result.mistakes.push_back(name + ": " + wrong);
    return;
  }
  auto s = std::find_if(settings.begin(), settings.end(),
                        [&](const setting& x) { return x.variable() == name; });
  if (s != settings.end()) {
    if (auto wrong = put_text(*s, value); !wrong.empty())
      result.mistakes.push_back(name + ": " + wrong);
  } else if (names_a_section(name, settings)) {
    result.mistakes.push_back(name + ": no such key");
  }
}

/// Addresses: of the bind, and of the proxies before it.
void check_addresses(const config& c, std::vector<std::string>& wrong) {
  if (!http::parse_address(c.server.bind))
    wrong.emplace_back("server.bind: must be a numeric IPv4 or IPv6 address");
  for (const auto& proxy : c.server.trusted_proxies)
    if (!http::network::parse(proxy))
      wrong.push_back("server.trusted_proxies: \"" + proxy
                      + "\" is neither an address nor a network like 10.0.0.0/8");
}

bool is_loopback(const std::string& bind) {
  const auto address = http::parse_address(bind);
  return address && http::is_loopback(*address);
}

/// Whether a client can send it after "Bearer ".
bool fits_a_header(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

} // namespace

config_result read_config(const std::string& file, bool required,
                          const std::vector<std::string>& environment) {
  config_result result;
  auto settings = settings_of(result.values);
  if (std::filesystem::exists(file))
    file_reader(file, settings, result).read();
  else if (required)
    result.mistakes.push_back(file + ": no such file");
  for (const auto& entry : environment) {
    auto equals = entry.find('=');
    if (entry.starts_with("TROUPE_") && equals != std::string::npos)
      read_variable(entry.substr(0, equals), entry.substr(equals + 1), settings, result);
  }
  auto of_secrets = read_secret_files(result.values);
  result.mistakes.insert(result.mistakes.end(), of_secrets.begin(), of_secrets.end());
  auto& at = result.values.databases;
  if (at.gateway.empty() && result.values.payment.gateway == "embedded")
    at.gateway = at.payments;
  return result;
}

std::vector<std::string> check_for_serving(const config& c) {
  std::vector<std::string> wrong;
  auto need = [&](const std::string& value, const char* key) {
    if (value.empty())
      wrong.emplace_back(std::string(key) + ": is needed (./run fills it in for a private one)");
  };
  need(c.databases.orders, "databases.orders");
  need(c.databases.payments, "databases.payments");
  need(c.databases.inventory, "databases.inventory");
  need(c.databases.emailing, "databases.emailing");
  need(c.kafka.brokers, "kafka.brokers");
  check_addresses(c, wrong);
  if (c.payment.gateway == "embedded") {
    if (!is_loopback(c.server.bind))
      wrong.emplace_back("payment.gateway: the embedded simulator is for loopback binds only; name "
                         "your payment gateway's URL");
  } else if (!c.payment.gateway.starts_with("http://")
             && !c.payment.gateway.starts_with("https://")) {
    wrong.emplace_back("payment.gateway: must be \"embedded\" or an http(s) URL");
  }
  if (c.admin.token.empty() && !is_loopback(c.server.bind))
    wrong.emplace_back("admin.token: is needed when server.bind is not loopback");
  if (!fits_a_header(c.admin.token))
    wrong.emplace_back("admin.token: must be visible ASCII characters without blanks");
  if (c.payment.latency_min_ms > c.payment.latency_max_ms)
    wrong.emplace_back("payment.latency_min_ms: must not exceed payment.latency_max_ms");
  if (c.retention.keys_hours > 0 && c.retention.keys_hours * 3600 < c.server.key_life)
    wrong.emplace_back("retention.keys_hours: must be 0, or at least as long as server.key_life");
  if (!valid_id(c.server.default_user))
    wrong.emplace_back("server.default_user: must be 1 to 64 characters of A-Za-z0-9_-");
  if (!valid_id(c.node.name))
    wrong.emplace_back("node.name: must be 1 to 64 characters of A-Za-z0-9_-");
  return wrong;
}

} // namespace troupe
