#include "actors/outbox.hpp"

#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <algorithm>

namespace troupe {

namespace {

size_t size_of(const outgoing_event& e) {
  return e.what.key.size() + e.what.value.size() + 256;
}

} // namespace

outbox::outbox(stream_log& log, outbox_owner owner, sender send, outbox_limits limits)
    : log_(log), owner_(std::move(owner)), send_(std::move(send)), limits_(limits) {}

outbox::window& outbox::present() {
  return windows_[log_.stream()];
}

void outbox::committed(std::vector<outgoing_event> events) {
  if (events.empty())
    return;
  auto& w = present();
  if (!w.reading && (events_ > limits_.events || bytes_ > limits_.bytes)) {
    log::warn("outbox.forgets", {{"stream", log_.stream()}, {"events", events_}});
    w.reading = true;
    w.at_end = false;
  }
  if (!w.reading)
    send_rows(w, std::move(events));
}

void outbox::send_rows(window& w, std::vector<outgoing_event> events) {
  if (events.empty())
    return;
  for (const auto& e : events) {
    if (w.rows.empty() || w.rows.back().at != e.at)
      w.rows.push_back({e.at, 0});
    ++w.rows.back().outstanding;
    ++events_;
    bytes_ += size_of(e);
    sizes_[e.at] += size_of(e);
  }
  w.sent = std::max(w.sent, events.back().at);
  send_({std::move(events), owner_});
}

void outbox::delivered(const std::vector<position>& rows) {
  for (auto at : rows) {
    auto known = windows_.find(stream_of(at));
    if (known == windows_.end())
      continue;
    auto& w = known->second;
    auto it = std::lower_bound(w.rows.begin(), w.rows.end(), at,
                               [](const row& r, position p) { return r.at < p; });
    if (it == w.rows.end() || it->at != at || it->outstanding == 0)
      continue;
    --events_;
    if (--it->outstanding == 0) {
      auto size = sizes_.find(at);
      bytes_ -= size->second;
      sizes_.erase(size);
    }
    pass(w);
  }
}

/// The watermark moves only over rows whose every delivery is reported.
void outbox::pass(window& w) {
  while (!w.rows.empty() && w.rows.front().outstanding == 0) {
    w.passed = w.rows.front().at;
    w.rows.pop_front();
  }
}

void outbox::again(std::vector<outgoing_event> events) {
  if (!events.empty())
    send_({std::move(events), outbox_owner{}});
}

void outbox::adopt_orphans() {
  for (auto stream : log_.orphans()) {
    if (stream == log_.stream())
      continue;
    auto& w = windows_[stream];
    if (w.orphan)
      continue;
    if (!log_.take(stream))
      continue;
    log::info("stream.adopted", {{"stream", stream}});
    // What this process sent itself may still be reported; what it forgot is read again.
    w.written = log_.watermark(stream);
    w.passed = std::max(w.passed, w.written);
    w.sent = std::max(w.sent, w.passed);
    w.reading = w.orphan = true;
    w.at_end = false;
  }
}

void outbox::read_on(int64_t stream, window& w) {
  auto page = log_.read(stream, w.sent, limits_.page);
  send_rows(w, std::move(page.events));
  w.sent = std::max(w.sent, page.last);
  w.at_end = page.end;
  // The reader is the stream's only writer: at the end, nothing can have come meanwhile.
  w.reading = w.orphan || !page.end;
}

void outbox::tick() {
  for (auto it = windows_.begin(); it != windows_.end();) {
    auto& [stream, w] = *it;
    if (w.reading && !w.at_end && events_ < limits_.events / 2)
      read_on(stream, w);
    if (w.rows.empty() && !w.reading)
      w.passed = std::max(w.passed, w.sent);
    if (w.passed > w.written) {
      fail_point("outbox.after_publish");
      log_.advance(stream, w.passed);
      w.written = w.passed;
    }
    if (w.orphan && w.at_end && w.rows.empty()) {
      log_.mark_drained(stream);
      log::info("stream.drained", {{"stream", stream}});
      it = windows_.erase(it);
    } else {
      ++it;
    }
  }
}

bool outbox::dirty() const {
  return std::any_of(windows_.begin(), windows_.end(), [](const auto& entry) {
    const auto& w = entry.second;
    return w.passed > w.written || (w.reading && (!w.at_end || w.rows.empty()));
  });
}

bool outbox::idle() const {
  return events_ == 0 && !dirty();
}

} // namespace troupe
