#pragma once
// The front's own sinks of a reply and of a stream: they write the answer as bytes on the thread
// that sends, and post them to the loop's mailbox. They hold nothing of the loop, so they may
// outlive it.

#include "http/event_loop.hpp"
#include "http/mailbox.hpp"
#include "http/reply.hpp"

#include <memory>
#include <string>

namespace troupe::http {

class exchange_stream final : public reply_stream::sink {
public:
  exchange_stream(std::shared_ptr<mailbox> box, request_origin from,
                  std::shared_ptr<stream_flow> flow)
      : box_(std::move(box)), from_(std::move(from)), flow_(std::move(flow)) {}

  bool write(std::string piece) override {
    const auto before = unsent();
    if (before > 0 && before + piece.size() > reply_stream::max_unsent) {
      post(posted_answer::kind::cut, {});
      return false;
    }
    flow_->posted += piece.size();
    post(posted_answer::kind::piece, std::move(piece));
    return true;
  }
  void end() override { post(posted_answer::kind::end, {}); }
  size_t unsent() const noexcept override { return flow_->posted + flow_->held; }
  bool open() const noexcept override { return !flow_->ended && !from_.gone->load(); }

private:
  void post(posted_answer::kind what, std::string piece) {
    wire_answer bytes;
    bytes.body = std::move(piece);
    box_->post({from_.from, from_.sequence, what, std::move(bytes)});
  }

  std::shared_ptr<mailbox> box_;
  request_origin from_;
  std::shared_ptr<stream_flow> flow_;
};

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
    post(posted_answer::kind::whole, write(std::move(answer), how()));
  }
  reply_stream stream(response head) override {
    auto bytes = write_stream_head(head, how());
    if (about_.to_head) {
      post(posted_answer::kind::whole, std::move(bytes));
      return {};
    }
    const auto flow = std::make_shared<stream_flow>();
    post(posted_answer::kind::open, std::move(bytes), flow);
    return reply_stream(std::make_unique<exchange_stream>(box_, from_, flow));
  }
  void abort() override { post(posted_answer::kind::abort, {}); }
  bool client_gone() const noexcept override { return from_.gone->load(); }
  std::string instance() const override { return about_.instance; }

private:
  wire_options how() const {
    return {.to_head = about_.to_head,
            .vary_origin = about_.vary_origin,
            .cors_origin = about_.cors_origin};
  }
  void post(posted_answer::kind what, wire_answer bytes, std::shared_ptr<stream_flow> flow = {}) {
    box_->post({from_.from, from_.sequence, what, std::move(bytes), std::move(flow)});
  }

  std::shared_ptr<mailbox> box_;
  request_origin from_;
  request_facts about_;
};

} // namespace troupe::http
