#include "http/reply_stream.hpp"

#include "telemetry/log.hpp"

#include <exception>

namespace troupe::http {

reply_stream& reply_stream::operator=(reply_stream&& other) noexcept {
  if (this != &other) {
    end();
    to_ = std::move(other.to_);
  }
  return *this;
}

reply_stream::~reply_stream() {
  end();
}

bool reply_stream::write(std::string piece) {
  return open() && to_->write(std::move(piece));
}

void reply_stream::end() noexcept {
  if (!to_)
    return;
  try {
    const auto to = std::move(to_);
    to->end();
  } catch (const std::exception& e) {
    // Only memory can be short here; the connection is then ended by its deadlines.
    log::error("http.end_failed", {{"what", e.what()}});
  }
}

} // namespace troupe::http
