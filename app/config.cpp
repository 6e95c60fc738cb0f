#include "app/config.hpp"

#include "app/secrets.hpp"
#include "app/settings.hpp"
#include "app/settings_file.hpp"
#include "domain/endpoint.hpp"
#include "domain/ids.hpp"
#include "http/client_address.hpp"
#include "telemetry/fail_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace troupe {

namespace {

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

/// Who reaches the cluster's port without TLS may say anything.
void check_tls(const config& c, std::vector<std::string>& wrong) {
  const auto& at = c.cluster;
  const bool tls = !at.certificate.empty() || !at.key.empty() || !at.authority.empty();
  if (!tls && !at.is_private && !is_loopback(at.bind))
    wrong.emplace_back("cluster.bind: beyond loopback cluster.certificate, key and authority are "
                       "needed, or cluster.private = true on a network of its own");
  for (const auto& [key, file] :
       {std::pair("certificate", &at.certificate), {"key", &at.key}, {"authority", &at.authority}})
    if (tls && file->empty())
      wrong.push_back(std::string("cluster.") + key + ": is needed with the other two for TLS");
    else if (tls && !text_of_file(*file))
      wrong.push_back(std::string("cluster.") + key + ": " + *file + ": cannot be read");
}

void check_cluster(const config& c, std::vector<std::string>& wrong) {
  const auto& at = c.cluster;
  if (at.bind.empty())
    return;
  const auto address = http::parse_address(at.bind);
  if (!address) {
    wrong.emplace_back("cluster.bind: must be a numeric IPv4 or IPv6 address");
    return;
  }
  if (at.advertise.empty() && (at.bind == "0.0.0.0" || *address == http::ip_address{}))
    wrong.emplace_back("cluster.advertise: is needed when cluster.bind is every address");
  if (!at.advertise.empty() && !parse_endpoint(at.advertise))
    wrong.emplace_back("cluster.advertise: must be host:port, with an IPv6 address in brackets");
  check_tls(c, wrong);
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
  if (const auto text = text_of_file(file))
    read_settings_file(file, *text, settings, &result.values.kafka.options, result.mistakes);
  else if (std::filesystem::exists(file))
    result.mistakes.push_back(file + ": cannot be read");
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
  check_cluster(c, wrong);
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

std::string cluster_address(const config& c) {
  const auto& at = c.cluster;
  if (at.bind.empty() || !at.advertise.empty())
    return at.bind.empty() ? "" : at.advertise;
  return endpoint{at.bind, static_cast<uint16_t>(at.port)}.text();
}

} // namespace troupe
