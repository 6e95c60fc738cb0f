#include "outside/mail_message.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <stdexcept>

namespace troupe {

namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

void append_hex(std::string& out, char c) {
  auto byte = static_cast<unsigned char>(c);
  out += '=';
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

bool printable(char c) {
  return c >= ' ' && c < '\x7f';
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// What may stand bare in an encoded word of any header (RFC 2047, section 5).
bool word_safe(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '!'
         || c == '*' || c == '+' || c == '-' || c == '/';
}

void require_plain(std::string_view field, std::string_view value, size_t longest) {
  bool plain = !value.empty() && value.size() <= longest
               && std::all_of(value.begin(), value.end(), [](char c) {
                    return c > ' ' && c < '\x7f' && c != '<' && c != '>' && c != ',' && c != ';';
                  });
  if (!plain)
    throw std::runtime_error("mail: a malformed " + std::string(field));
}

} // namespace

std::string encoded_header(std::string_view text) {
  constexpr size_t longest_line = 76;
  constexpr size_t room_for_name = 16; // "Subject: " and its like on the first line
  if (text.size() <= longest_line - room_for_name
      && std::all_of(text.begin(), text.end(), printable)
      && text.find("=?") == std::string_view::npos)
    return std::string(text);
  std::string out;
  std::string word;
  auto end_word = [&] {
    if (!out.empty())
      out += "\r\n ";
    out += "=?UTF-8?Q?" + word + "?=";
    word.clear();
  };
  for (size_t i = 0; i < text.size();) {
    size_t next = i + 1;
    while (next < text.size() && continues_character(text[next]))
      ++next;
    std::string encoded; // one whole character: a word must not end inside it
    for (char c : text.substr(i, next - i)) {
      if (c == ' ')
        encoded += '_';
      else if (word_safe(c))
        encoded += c;
      else
        append_hex(encoded, c);
    }
    if (word.size() + encoded.size() > longest_line - room_for_name - 12)
      end_word();
    word += encoded;
    i = next;
  }
  end_word();
  return out;
}

std::string quoted_printable(std::string_view text) {
  constexpr size_t longest_line = 76;
  std::string out;
  size_t column = 0;
  auto end_line = [&](std::string_view how) {
    out += how;
    column = 0;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n')
      continue;
    if (c == '\n') {
      end_line("\r\n");
      continue;
    }
    bool last = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    // Blanks at the end of a line get lost on the way.
    bool safe = (printable(c) || c == '\t') && c != '=' && !((c == ' ' || c == '\t') && last);
    if (column + (safe ? 1 : 3) > longest_line - 1)
      end_line("=\r\n");
    // A dot alone on a line would end the message on its way through SMTP.
    if (safe && (c != '.' || column > 0)) {
      out += c;
      column += 1;
    } else {
      append_hex(out, c);
      column += 3;
    }
  }
  if (column > 0)
    end_line("\r\n");
  return out;
}

std::string mail_date(std::chrono::system_clock::time_point at) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  // Not strftime: its names follow the process's locale.
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d +0000",
                days.at(static_cast<size_t>(utc.tm_wday)), utc.tm_mday,
                months.at(static_cast<size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text.data();
}

std::string format_mail(const mail& what, const std::string& from,
                        std::chrono::system_clock::time_point sent) {
  require_plain("Message-ID", what.message_id, 250);
  require_plain("From", from, 254);
  require_plain("To", what.to, 254);
  return "Message-ID: <" + what.message_id + ">\r\nDate: " + mail_date(sent) + "\r\nFrom: <" + from
         + ">\r\nTo: <" + what.to + ">\r\nSubject: " + encoded_header(what.subject)
         + "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
         + quoted_printable(what.body);
}

std::string spool_name(std::string_view message_id) {
  constexpr size_t longest = 180;
  std::string out;
  for (char c : message_id) {
    bool kept = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                || c == '@' || c == '-' || (c == '.' && !out.empty());
    out += kept ? c : '_';
  }
  if (out == message_id && out.size() <= longest)
    return out;
  // Something was replaced: a digest (FNV-1a, 64 bit) keeps names of different ids apart.
  uint64_t digest = 14695981039346656037ULL;
  for (char c : message_id)
    digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  std::array<char, 20> tail{};
  std::snprintf(tail.data(), tail.size(), "_%016llx", static_cast<unsigned long long>(digest));
  out.resize(std::min(out.size(), longest));
  return out + tail.data();
}

} // namespace troupe
