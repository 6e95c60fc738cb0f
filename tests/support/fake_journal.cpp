#include "tests/support/fake_journal.hpp"

#include <algorithm>
#include <utility>

namespace troupe::test {

void fake_journal::fence(int64_t incarnation) {
  fenced.insert(incarnation);
  for (auto& [number, s] : streams)
    if (s.incarnation == incarnation && s.writer)
      s.held = s.writer = false;
}

std::vector<int64_t> fake_journal::unpublished() const {
  std::set<int64_t> all;
  for (const auto& [at, row] : rows)
    if (!row.events.empty() && at > streams.at(stream_of(at)).watermark)
      all.insert(stream_of(at));
  return {all.begin(), all.end()};
}

fake_session::fake_session(service from, std::shared_ptr<fake_journal> journal, int64_t incarnation)
    : from_(from), journal_(std::move(journal)), incarnation_(incarnation) {}

fake_session::~fake_session() {
  drop();
}

bool fake_session::writes() const {
  return journal_->streams.at(stream_).writer;
}

void fake_session::connect() {
  if (connected())
    return;
  drop();
  if (journal_->fenced.contains(incarnation_))
    throw store_error(store_failure::fenced, "the fake has fenced this incarnation");
  if (refusals > 0) {
    --refusals;
    throw store_error(store_failure::wait, "the fake refuses");
  }
  stream_ = journal_->streams.empty() ? 1 : journal_->streams.rbegin()->first + 1;
  journal_->streams[stream_] = {incarnation_, true, true, false, make_position(stream_, 0)};
  counter_ = 0;
  up_ = true;
}

void fake_session::drop() {
  if (!up_)
    return;
  up_ = false;
  if (writes())
    journal_->streams[stream_].held = journal_->streams[stream_].writer = false;
  for (auto stream : std::exchange(taken_, {}))
    journal_->streams[stream].held = false;
}

position fake_session::next_position() {
  return make_position(stream_, ++counter_);
}

void fake_session::need_session() {
  if (!connected())
    throw store_error(store_failure::lost, "not connected");
}

void fake_session::before_write() {
  need_session();
  present_ = store_fault::none;
  if (!faults.empty()) {
    present_ = faults.front();
    faults.pop_front();
  }
  if (present_ == store_fault::wait)
    throw store_error(store_failure::wait, "the fake waits");
  if (present_ == store_fault::lost_before) {
    drop();
    throw store_error(store_failure::lost, "the fake is lost before the commit");
  }
}

void fake_session::after_write() {
  if (std::exchange(present_, store_fault::none) != store_fault::lost_after)
    return;
  drop();
  throw store_error(store_failure::lost, "the fake is lost after the commit");
}

std::vector<int64_t> fake_session::orphans() {
  need_session();
  std::vector<int64_t> all;
  for (const auto& [number, s] : journal_->streams)
    if (number != stream_ && !s.drained && (!s.held || taken_.contains(number)))
      all.push_back(number);
  return all;
}

bool fake_session::take(int64_t stream) {
  need_session();
  if (taken_.contains(stream))
    return true;
  auto& s = journal_->streams.at(stream);
  if (s.held && !s.writer)
    return false;
  s.held = true;
  s.writer = false;
  taken_.insert(stream);
  return true;
}

position fake_session::watermark(int64_t stream) {
  need_session();
  return journal_->streams.at(stream).watermark;
}

void fake_session::advance(int64_t stream, position to) {
  need_session();
  auto& at = journal_->streams.at(stream).watermark;
  at = std::max(at, to);
}

event_page fake_session::read(int64_t stream, position after, int rows) {
  need_session();
  event_page page;
  page.last = std::max(after, make_position(stream, 0));
  auto row = journal_->rows.upper_bound(page.last);
  for (; row != journal_->rows.end() && stream_of(row->first) == stream && rows > 0;
       ++row, --rows) {
    for (const auto& e : row->second.events)
      page.events.push_back({from_, row->first,
                             static_cast<int32_t>(&e - row->second.events.data()), row->second.step,
                             row->second.time, e});
    page.last = row->first;
  }
  page.end = rows > 0;
  return page;
}

void fake_session::mark_drained(int64_t stream) {
  need_session();
  auto& s = journal_->streams.at(stream);
  s.drained = true;
  s.held = false;
  taken_.erase(stream);
}

} // namespace troupe::test
