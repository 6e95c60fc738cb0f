#include "tests/dst/shaky_bus.hpp"

#include "domain/event_values.hpp"

#include <utility>

namespace troupe::dst {

namespace {

/// In the token of a record's second copy, whose report nobody waits for.
constexpr uint64_t copy_bit = uint64_t{1} << 63U;

std::string word_of(service s) {
  return std::string(to_string(s));
}

} // namespace

shaky_publisher::shaky_publisher(world& in, process_ptr of, kafka::publisher_callbacks tell)
    : in_(in), of_(std::move(of)) {
  const auto delivered = [p = of_, tell = std::move(tell.delivered)](std::vector<uint64_t> tokens) {
    std::erase_if(tokens, [](uint64_t token) { return (token & copy_bit) != 0; });
    if (!p->gone && !tokens.empty())
      tell(std::move(tokens));
  };
  inner_ = in_.bus.make_publisher({delivered, std::move(tell.failed)});
}

bool shaky_publisher::publish(const outgoing_event& e, uint64_t token) {
  if (of_->gone)
    return true;
  if (in_.strikes(mishap::bus_full, e.what.key))
    return false;
  in_.note(e.what.key, "publishes " + e.what.topic + " " + event_id(e));
  in_.bus_moves();
  if (in_.strikes(mishap::bus_late, e.what.key)) {
    std::weak_ptr<kafka::event_publisher> inner = inner_;
    in_.later(std::chrono::milliseconds(in_.dice.between(50, 4000)), [&in = in_, inner, e, token] {
      if (auto there = inner.lock())
        there->publish(e, token);
      in.bus_moves();
    });
    return true;
  }
  if (in_.strikes(mishap::bus_twice, e.what.key))
    inner_->publish(e, token | copy_bit);
  return inner_->publish(e, token);
}

shaky_consumer::shaky_consumer(world& in, process_ptr of, service s,
                               kafka::consume_callback hand_out)
    : in_(in), of_(std::move(of)), service_(s), hand_out_(std::move(hand_out)) {
  inner_ = in_.bus.make_consumer(kafka::group_of(s), kafka::topics_of(s),
                                 [this](auto batch) { take(std::move(batch)); });
  in_.bus_moves();
}

void shaky_consumer::take(std::vector<kafka::consumed_record> batch) {
  if (of_->gone)
    return;
  std::erase_if(batch, [this](const auto& r) { return buries(r); });
  for (const auto& r : batch)
    in_.note(r.what.key, word_of(service_) + " takes " + r.what.topic + " " + r.what.id);
  if (in_.broken == sabotage::offset_first)
    for (const auto& r : batch)
      inner_->done({r.token});
  if (!batch.empty())
    hand_out_(std::move(batch));
}

/// As if its handler had crashed on it too often.
bool shaky_consumer::buries(const kafka::consumed_record& r) {
  auto& rows = in_.inboxes.at(service_);
  if (rows->down || !in_.strikes(mishap::bus_buried, r.what.key))
    return false;
  in_.note(r.what.key, word_of(service_) + " loses " + r.what.topic + " " + r.what.id);
  test::fake_inbox(rows).bury({{kafka::group_of(service_), r.what, r.what.key, "a mishap"}});
  in_.buried.emplace(service_, r.what.id);
  inner_->done({r.token});
  return true;
}

void shaky_consumer::done(std::vector<kafka::record_token> finished) {
  if (of_->gone)
    return;
  inner_->done(std::move(finished));
  in_.bus_moves();
}

void shaky_consumer::resume_all() {
  inner_->resume_all();
  in_.bus_moves();
}

void disturb_group(world& in, service s) {
  std::shared_ptr<kafka::event_consumer> joins
      = in.bus.make_consumer(kafka::group_of(s), kafka::topics_of(s), [](const auto&) {});
  in.bus_moves();
  in.later(std::chrono::milliseconds(in.dice.between(50, 3000)), [&in, joins] {
    joins->stop();
    in.bus_moves();
  });
}

} // namespace troupe::dst
