#pragma once
// A TOML file as the values of settings: the configuration, and a simulation's scenario.

#include "app/settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The whole file; nothing when it cannot be read.
std::optional<std::string> text_of_file(const std::string& file);

/// Puts what `text` says where `settings` want it. Each mistake is named with its place,
/// "file:12: section.key: …", and quotes no value. `options`: takes [kafka.options], whatever it
/// holds; null: there is no such section.
void read_settings_file(const std::string& file, std::string_view text,
                        const std::vector<setting>& settings,
                        std::map<std::string, std::string>* options,
                        std::vector<std::string>& mistakes);

/// An environment variable's text: a number, true or false, or a comma-separated list where the
/// setting wants one.
/// Returns what is wrong with it, or nothing.
std::string put_text(const setting& s, const std::string& value);

} // namespace troupe
