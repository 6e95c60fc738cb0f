#include "app/secrets.hpp"

#include "kafka-bridge/options.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace troupe {

namespace {

constexpr size_t max_size = 64UL * 1024;

struct secret {
  std::string key;
  std::string& value;
  const std::string& file;
};

/// The text of `file` in `text`; returns what is wrong with it, or nothing.
std::string read_file(const std::string& file, std::string& text) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  text.resize(max_size + 1);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (!in.is_open() || in.bad())
    return errno == 0 ? "cannot be read" : std::strerror(errno);
  if (text.size() > max_size)
    return fmt::format("is larger than {} bytes", max_size);
  if (text.ends_with('\n'))
    text.pop_back();
  if (text.ends_with('\r'))
    text.pop_back();
  if (text.empty())
    return "is empty";
  return text.find('\0') == std::string::npos ? "" : "holds a NUL character";
}

void take(const secret& s, std::vector<std::string>& mistakes) {
  if (s.file.empty())
    return;
  std::string text;
  if (!s.value.empty())
    mistakes.push_back(fmt::format("{0} and {0}_file: only one of them may be given", s.key));
  else if (auto wrong = read_file(s.file, text); !wrong.empty())
    mistakes.push_back(fmt::format("{}_file: {}: {}", s.key, s.file, wrong));
  else
    s.value = std::move(text);
}

/// Of librdkafka's options, which know no `_file` themselves.
void take_options(config& c, std::vector<std::string>& mistakes) {
  auto& options = c.kafka.options;
  for (const auto name : kafka::secret_options) {
    const auto file = options.extract(std::string(name) + "_file");
    if (file.empty())
      continue;
    take({"kafka.options." + std::string(name), options[std::string(name)], file.mapped()},
         mistakes);
  }
}

} // namespace

std::vector<std::string> read_secret_files(config& c) {
  std::vector<std::string> mistakes;
  auto& db = c.databases;
  for (const auto& s : {secret{"databases.orders", db.orders, db.orders_file},
                        {"databases.payments", db.payments, db.payments_file},
                        {"databases.inventory", db.inventory, db.inventory_file},
                        {"databases.emailing", db.emailing, db.emailing_file},
                        {"databases.gateway", db.gateway, db.gateway_file},
                        {"admin.token", c.admin.token, c.admin.token_file}})
    take(s, mistakes);
  take_options(c, mistakes);
  return mistakes;
}

} // namespace troupe
