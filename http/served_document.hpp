#pragma once
// A document with its entity tag, which is made of its text once.

#include "http/documents.hpp"
#include "http/message.hpp"

#include <string>
#include <string_view>

namespace troupe::http {

class served_document {
public:
  /// Both must outlive it. `content_policy`: what the page may do and load.
  served_document(const document& d, std::string_view content_policy);

  /// 200, or 304 to whoever has it.
  response answer(const request& asked) const;

private:
  const document& document_;
  std::string_view content_policy_;
  std::string etag_;
};

} // namespace troupe::http
