#pragma once
// The part of serving that cpp-httplib does: parsing and decoding a target, and static files. It
// never sees a socket or a client's bytes: each call hands it one small whole request that the
// front has written itself. Used on the loop's thread only.

#include "http/message.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::http {

class httplib_core {
public:
  /// `listener` is any open descriptor: httplib writes nothing while it believes itself stopped.
  explicit httplib_core(int listener);
  ~httplib_core();
  httplib_core(const httplib_core&) = delete;
  httplib_core& operator=(const httplib_core&) = delete;

  struct parsed_target {
    std::string path;
    std::multimap<std::string, std::string> query;
  };
  /// `target` holds visible ASCII with sound percent signs. Nothing when httplib refuses it.
  std::optional<parsed_target> parse(std::string_view target);

  /// False when there is no such directory.
  bool mount(const std::string& url_prefix, const std::string& directory);
  bool has_mounts() const;
  /// The mounted file of a target, or nothing. `range` is the request's Range header, or empty.
  std::optional<response> file(std::string_view target, std::string_view range);

private:
  class server;
  std::unique_ptr<server> server_;
};

} // namespace troupe::http
