#include "app/settings_file.hpp"

// toml++ asserts, in a build with assertions, what it then reports as an error of the file.
#define TOML_ASSERT(expr) static_assert(true)

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace troupe {

namespace {

/// What is wrong with a value of another kind.
std::string wrong_kind(const setting& s) {
  if (std::holds_alternative<bool*>(s.target))
    return "must be true or false";
  return std::holds_alternative<int64_t*>(s.target) ? "must be a number" : "must be a text";
}

/// Puts `value` where it belongs; returns what is wrong with it, or nothing.
std::string put(const setting& s, int64_t value) {
  auto* target = std::get_if<int64_t*>(&s.target);
  if (target == nullptr)
    return wrong_kind(s);
  if (value < s.least || value > s.most)
    return fmt::format("must be from {} to {}", s.least, s.most);
  **target = value;
  return {};
}

std::string put(const setting& s, const std::string& value) {
  auto* target = std::get_if<std::string*>(&s.target);
  if (target == nullptr)
    return wrong_kind(s);
  if (!s.choices.empty() && std::find(s.choices.begin(), s.choices.end(), value) == s.choices.end())
    return fmt::format("must be one of {}", fmt::join(s.choices, ", "));
  **target = value;
  return {};
}

std::string put(const setting& s, bool value) {
  auto* target = std::get_if<bool*>(&s.target);
  if (target == nullptr)
    return wrong_kind(s);
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
  if (const auto* flag = node.as_boolean())
    return put(s, **flag);
  return std::holds_alternative<int64_t*>(s.target) ? "must be a whole number" : wrong_kind(s);
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
  file_reader(const std::string& file, const std::vector<setting>& settings,
              std::map<std::string, std::string>* options, std::vector<std::string>& mistakes)
      : file_(file), settings_(settings), options_(options), mistakes_(mistakes) {}

  void read(std::string_view text) {
    if (const auto line = line_of_stray(text); line > 0) {
      mistakes_.push_back(
          fmt::format("{}:{}: a character that only texts and comments may hold", file_, line));
      return;
    }
    try {
      auto table = toml::parse(text, file_);
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
    mistakes_.push_back(fmt::format("{}:{}: {}", file_, at.begin.line, what));
  }

  void read_section(const std::string& section, const toml::node& node) {
    bool known = std::any_of(settings_.begin(), settings_.end(),
                             [&](const setting& s) { return s.section == section; });
    if (!known || !node.is_table())
      return mistake(node.source(), section + ": no such section");
    for (const auto& [key, value] : *node.as_table())
      if (options_ != nullptr && section == "kafka" && key.str() == "options")
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
        (*options_)[name] = **text;
      else if (const auto* number = value.as_integer())
        (*options_)[name] = std::to_string(**number);
      else if (const auto* flag = value.as_boolean())
        (*options_)[name] = **flag ? "true" : "false";
      else
        mistake(value.source(), "kafka.options." + name + ": must be a text, number or boolean");
    }
  }

  const std::string& file_;
  const std::vector<setting>& settings_;
  std::map<std::string, std::string>* options_;
  std::vector<std::string>& mistakes_;
};

} // namespace

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
  if (std::holds_alternative<bool*>(s.target))
    return value == "true" || value == "false" ? put(s, value == "true") : wrong_kind(s);
  int64_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size())
    return "must be a whole number";
  return put(s, number);
}

std::optional<std::string> text_of_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in.is_open() || std::filesystem::is_directory(file))
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

void read_settings_file(const std::string& file, std::string_view text,
                        const std::vector<setting>& settings,
                        std::map<std::string, std::string>* options,
                        std::vector<std::string>& mistakes) {
  file_reader(file, settings, options, mistakes).read(text);
}

} // namespace troupe
