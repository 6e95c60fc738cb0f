#include "tests/domain/model_walk.hpp"

#include <algorithm>
#include <numeric>

namespace model {

using namespace troupe;

namespace {

constexpr uint32_t nowhere = UINT32_MAX;

/// The worlds met so far, numbered in the order of meeting. Open addressing over the numbers.
class world_set {
public:
  /// The number of `bits`, and whether it is new.
  std::pair<uint32_t, bool> insert(uint64_t bits) {
    if (worlds.size() * 2 >= slots_.size())
      grow();
    uint32_t& slot = find_slot(bits);
    if (slot != nowhere)
      return {slot, false};
    slot = static_cast<uint32_t>(worlds.size());
    worlds.push_back(bits);
    return {slot, true};
  }

  std::vector<uint64_t> worlds;

private:
  uint32_t& find_slot(uint64_t bits) {
    uint64_t hash = bits * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32;
    size_t i = hash & (slots_.size() - 1);
    while (slots_[i] != nowhere && worlds[slots_[i]] != bits)
      i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }

  void grow() {
    slots_.assign(std::max<size_t>(1024, slots_.size() * 2), nowhere);
    for (uint32_t n = 0; n < worlds.size(); ++n)
      find_slot(worlds[n]) = n;
  }

  std::vector<uint32_t> slots_;
};

int captures(const world& w) {
  return static_cast<int>(
      std::count_if(w.attempts.begin(), w.attempts.end(), [](const attempt_world& a) {
        return a.gateway == static_cast<uint8_t>(books::captured);
      }));
}

bool all_refunded(const world& w) {
  return std::all_of(w.attempts.begin(), w.attempts.end(), [](const attempt_world& a) {
    return a.gateway != static_cast<uint8_t>(books::captured)
           || a.refund == static_cast<uint8_t>(refund_status::refunded);
  });
}

bool sold_order(const world& w) {
  const auto s = w.order_status();
  return s == order_status::confirmed || s == order_status::dispatched
         || s == order_status::completed;
}

/// Somebody still owes the order a step.
bool owed(const world& w) {
  const bool closed = w.order_status() == order_status::cancelled && !w.held
                      && w.payment_status() != payment_status::refund_pending;
  return w.order_status() != order_status::completed && !closed;
}

bool nothing_under_way(const world& w) {
  return std::all_of(w.copies.begin(), w.copies.end(), [](uint8_t c) { return c == 0; });
}

/// The order is where it should end: all must be in its place.
bool is_final(const world& w) {
  return nothing_under_way(w) && (sold_order(w) || !owed(w));
}

bool waits_for_customer(const world& w) {
  return nothing_under_way(w)
         && (w.order_status() == order_status::created
             || w.order_status() == order_status::payment_failed);
}

class walker {
public:
  walker(const rules& r, const world& start, bool fair_weather)
      : r_(r), first_(start), fair_weather_(fair_weather) {}

  walk_result run() {
    note(pack(first_), nowhere, "");
    for (uint32_t n = 0; n < set_.worlds.size(); ++n)
      expand(n);
    mark_settling();
    result_.states = set_.worlds.size();
    return std::move(result_);
  }

private:
  uint32_t note(uint64_t bits, uint32_t from, const char* what) {
    const auto [n, fresh] = set_.insert(bits);
    if (fresh) {
      parents_.push_back(from);
      labels_.push_back(what);
    }
    return n;
  }

  void expand(uint32_t n) {
    const auto w = unpack(set_.worlds[n]);
    check(n, w);
    happenings(w, r_, next_);
    for (const auto& h : next_) {
      if (fair_weather_ && (h.why == cause::fault || h.why == cause::deadline))
        continue;
      if (h.violation)
        report(h.violation, n, h.what);
      if (std::min({h.after.stock, h.after.reserved, h.after.sold}) < 0) {
        report("oversold", n, h.what);
        continue;
      }
      const auto bits = pack(h.after);
      if (bits == set_.worlds[n])
        continue;
      const auto to = note(bits, n, h.what);
      if (h.why == cause::due || h.why == cause::deadline)
        edges_.emplace_back(n, to);
    }
  }

  void check(uint32_t n, const world& w) {
    if (captures(w) > 1)
      report("charged twice", n);
    if (w.stock + w.reserved + w.sold + w.restocks
        != first_.stock + first_.reserved + first_.sold + first_.restocks)
      report("stock sum", n);
    if (owed(w) && !w.live)
      report("no deadline", n);
    const auto row = w.attempt == 0 ? no_row : w.attempts[w.attempt - 1].row;
    const bool row_captured = row == static_cast<uint8_t>(attempt_status::captured);
    if (w.order_status() == order_status::payment_failed && row_captured)
      report("failed though charged", n);
    if (w.payment_status() == payment_status::success && !row_captured)
      report("paid though not charged", n);
    if (!is_final(w))
      return;
    ++result_.ends[std::string(to_string(w.order_status())) + "/"
                   + std::string(to_string(w.payment_status()))];
    const bool record_holds = w.record == static_cast<uint8_t>(stock_state::reserved)
                              || w.record == static_cast<uint8_t>(stock_state::sold);
    if (w.order_status() == order_status::cancelled) {
      if (!all_refunded(w))
        report("charged for nothing", n);
      if (record_holds || w.reserved + w.sold != 0)
        report("stock leaked", n);
    } else {
      if (w.record != static_cast<uint8_t>(stock_state::sold) || w.sold != 1)
        report("confirmed without stock", n);
      if (captures(w) != 1)
        report("confirmed without charge", n);
    }
  }

  /// Backwards from the final worlds over what is due: who is not met never settles.
  void mark_settling() {
    const auto count = set_.worlds.size();
    std::vector<uint32_t> begin(count + 1, 0);
    for (const auto& [from, to] : edges_)
      ++begin[to + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<uint32_t> before(edges_.size());
    auto fill = begin;
    for (const auto& [from, to] : edges_)
      before[fill[to]++] = from;
    std::vector<bool> settles(count, false);
    std::vector<uint32_t> open;
    const auto mark = [&](uint32_t n) {
      if (!settles[n]) {
        settles[n] = true;
        open.push_back(n);
      }
    };
    for (uint32_t n = 0; n < count; ++n) {
      const auto w = unpack(set_.worlds[n]);
      if (is_final(w) || (fair_weather_ && waits_for_customer(w)))
        mark(n);
    }
    while (!open.empty()) {
      const auto n = open.back();
      open.pop_back();
      ++result_.settled;
      std::for_each(before.begin() + begin[n], before.begin() + begin[n + 1], mark);
    }
    for (uint32_t n = 0; n < count; ++n)
      if (!settles[n]) {
        const auto w = unpack(set_.worlds[n]);
        report("never settles: " + std::string(to_string(w.order_status())) + "/"
                   + std::string(to_string(w.payment_status())),
               n);
      }
  }

  void report(const std::string& violation, uint32_t n, const char* last = "") {
    auto& way = result_.violations[violation];
    if (!way.empty())
      return;
    std::vector<const char*> path{last};
    for (; parents_[n] != nowhere; n = parents_[n])
      path.push_back(labels_[n]);
    way = "created";
    for (auto what = path.rbegin(); what != path.rend(); ++what)
      if (**what != '\0')
        way.append(" > ").append(*what);
  }

  const rules& r_;
  const world first_;
  const bool fair_weather_;
  world_set set_;
  std::vector<uint32_t> parents_;
  std::vector<const char*> labels_;
  std::vector<std::pair<uint32_t, uint32_t>> edges_;
  std::vector<happening> next_;
  walk_result result_;
};

} // namespace

walk_result walk(const rules& r, const setting& s) {
  world start;
  start.stock = static_cast<int8_t>(s.stock);
  start.restocks = static_cast<uint8_t>(s.restocks);
  start.losses = static_cast<uint8_t>(s.losses);
  start.copies[created_at_inventory] = 2;
  return walker(r, start, s.fair_weather).run();
}

} // namespace model
