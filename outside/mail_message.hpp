#pragma once
// An e-mail as the bytes of RFC 5322: headers in ASCII (RFC 2047 where a text is not), the body in
// UTF-8 as quoted-printable, lines ended by CRLF. No field can add a header. Pure.

#include "outside/mail_transport.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace troupe {

/// Throws `std::runtime_error` when an address or the Message-ID holds anything but visible ASCII.
std::string format_mail(const mail& what, const std::string& from,
                        std::chrono::system_clock::time_point sent);

/// A header's text: as it is when printable ASCII and short, else encoded words, folded.
std::string encoded_header(std::string_view text);
/// RFC 2045, lines of at most 76 characters.
std::string quoted_printable(std::string_view text);
/// RFC 5322's date-time, in UTC.
std::string mail_date(std::chrono::system_clock::time_point at);

/// `message_id` as a file name: [A-Za-z0-9._@-], no leading dot, bounded; two ids that differ get
/// names that differ.
std::string spool_name(std::string_view message_id);

} // namespace troupe
