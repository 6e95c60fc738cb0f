#pragma once
// The front's own sink of a reply: writes the answer as bytes on the thread that sends, and posts
// them to the loop's mailbox. It holds nothing of the loop, so it may outlive it.

#include "http/event_loop.hpp"
#include "http/mailbox.hpp"
#include "http/reply.hpp"

#include <memory>
#include <string>

namespace troupe::http {

class exchange final : public reply::sink {
public:
  struct request_facts {
    std::string instance;
    std::string cors_origin; ///< empty: none, or not allowed
    bool to_head = false;
    bool vary_origin = false;
  };

  exchange(std::shared_ptr<mailbox> box, request_origin from, request_facts about)
      : box_(std::move(box)), from_(std::move(from)), about_(std::move(about)) {}

  void send(response answer) override {
    auto bytes = write(std::move(answer), {.to_head = about_.to_head,
                                           .vary_origin = about_.vary_origin,
                                           .cors_origin = about_.cors_origin});
    box_->post({from_.from, from_.sequence, std::move(bytes)});
  }
  void abort() override { box_->post({from_.from, from_.sequence, {}, true}); }
  bool client_gone() const noexcept override { return from_.gone->load(); }
  std::string instance() const override { return about_.instance; }

private:
  std::shared_ptr<mailbox> box_;
  request_origin from_;
  request_facts about_;
};

} // namespace troupe::http
