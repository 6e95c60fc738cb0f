#include "persistence/stock_plan.hpp"

#include "domain/json.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace {

/// How many units of a line go where, for one unit of quantity.
struct flow {
  int64_t stock = 0, reserved = 0, sold = 0;
};

flow flow_of(movement m) {
  switch (m) {
    case movement::reserve:
      return {-1, +1, 0};
    case movement::sell_reserved:
      return {0, -1, +1};
    case movement::sell:
      return {-1, 0, +1};
    case movement::unreserve:
      return {+1, -1, 0};
    case movement::restock:
      return {+1, 0, -1};
    case movement::none:
      break;
  }
  return {};
}

std::string_view kind_of(stock_state next) {
  switch (next) {
    case stock_state::reserved:
      return "reserve";
    case stock_state::rejected:
      return "reject";
    case stock_state::sold:
      return "sell";
    case stock_state::released:
      return "release";
    case stock_state::unknown:
      break;
  }
  return "none";
}

std::vector<stock_line> merged(std::span<const stock_line> lines) {
  std::map<std::string, int64_t> sums;
  for (const auto& line : lines)
    sums[line.product_id] += line.quantity;
  std::vector<stock_line> result;
  for (const auto& [id, quantity] : sums) {
    if (quantity > INT32_MAX)
      return {};
    result.push_back({id, static_cast<int32_t>(quantity)});
  }
  return result;
}

std::optional<stock_verb> verb_of(std::string_view name) {
  if (name == topic::payment_success)
    return stock_verb::payment_success;
  if (name == topic::order_cancelled)
    return stock_verb::order_cancelled;
  return std::nullopt;
}

class stock_planner {
public:
  stock_planner(stock_view view, int64_t low_stock, const std::function<position()>& next)
      : view_(std::move(view)), low_stock_(low_stock), next_(next) {}

  void handle(const stock_input& in) {
    auto& file = file_of(in.order_id);
    stock_result result;
    if (!valid_id(in.order_id))
      result.error = "no valid order id";
    else if (in.verb == stock_verb::order_created && file.record.state == stock_state::unknown)
      result.error = adopt_lines(file.record, in.lines);
    if (!result.error.empty()) {
      result.what = stock_result::kind::impossible;
    } else {
      result.what = decide_one(file, in.verb, in.origin.traceparent, result.events);
      if (result.what == stock_result::kind::parked)
        park(file, in.origin);
      else if (file.record.state != stock_state::unknown)
        drain(file, in.origin, result.events);
    }
    plan_.results.push_back(std::move(result));
  }

  stock_plan finish() {
    for (const auto& id : touched_) {
      const auto& file = view_.orders.at(id);
      plan_.orders.push_back(
          {id, file.version, file.record.state, file.record.lines, file.record.step});
    }
    for (const auto& [id, change] : moved_)
      plan_.products.push_back(change);
    for (auto& [id, file] : view_.orders)
      for (auto& waiting : file.waiting)
        if (waiting.id == 0)
          plan_.park.push_back(std::move(waiting));
    return std::move(plan_);
  }

private:
  stock_file& file_of(const std::string& order_id) {
    auto& file = view_.orders[order_id];
    file.record.order_id = order_id;
    return file;
  }

  /// Gives a new record its lines, or says what is wrong with them.
  std::string adopt_lines(stock_record& record, std::span<const stock_line> lines) const {
    for (const auto& line : lines) {
      if (line.quantity <= 0)
        return "quantity of " + line.product_id + " is not positive";
      if (!view_.products.contains(line.product_id))
        return "unknown product " + line.product_id;
    }
    auto all = merged(lines);
    if (all.empty())
      return "no lines, or too many units";
    record.lines = std::move(all);
    return {};
  }

  bool enough(const stock_record& record) const {
    return std::all_of(record.lines.begin(), record.lines.end(), [&](const stock_line& line) {
      const auto found = view_.products.find(line.product_id);
      return found != view_.products.end() && found->second.stock >= line.quantity;
    });
  }

  stock_result::kind decide_one(stock_file& file, stock_verb verb, const std::string& traceparent,
                                std::vector<stock_result::answer>& answers) {
    const auto decision = decide_stock(file.record.state, verb, enough(file.record));
    switch (decision.what) {
      case stock_ruling::nothing:
        return stock_result::kind::ignored;
      case stock_ruling::park:
        return stock_result::kind::parked;
      case stock_ruling::answer_again:
        repeat(file, decision.answer, answers);
        return stock_result::kind::applied;
      case stock_ruling::step:
        step(file, decision, traceparent, answers);
        return stock_result::kind::applied;
    }
    return stock_result::kind::ignored;
  }

  void step(stock_file& file, const stock_decision& decision, const std::string& traceparent,
            std::vector<stock_result::answer>& answers) {
    auto& record = file.record;
    ledger_row row{next_(), record.step + 1, {}, {}};
    if (!decision.answer.empty())
      row.events.push_back(stock_answer(record, decision, traceparent));
    move(record.lines, decision.moves, traceparent, row.events);
    record.state = decision.next;
    record.step = row.step;
    touched_.insert(record.order_id);
    plan_.ledger.push_back({row.at, record.order_id, row.step, kind_of(decision.next),
                            decision.moves, record.lines, row.events});
    for (int32_t i = 0; i < static_cast<int32_t>(row.events.size()); ++i)
      answers.push_back({outgoing(row, i), true});
    file.rows.push_back(std::move(row));
  }

  void move(std::span<const stock_line> lines, movement m, const std::string& traceparent,
            std::vector<event>& notices) {
    if (m == movement::none)
      return;
    const auto per_unit = flow_of(m);
    for (const auto& line : lines) {
      auto& p = view_.products.at(line.product_id);
      auto& change = moved_[line.product_id];
      change.product_id = line.product_id;
      change.expected = p.version;
      const auto before = p.stock;
      p.stock += per_unit.stock * line.quantity;
      p.reserved += per_unit.reserved * line.quantity;
      p.sold += per_unit.sold * line.quantity;
      change.stock += per_unit.stock * line.quantity;
      change.reserved += per_unit.reserved * line.quantity;
      change.sold += per_unit.sold * line.quantity;
      if (before > low_stock_ && p.stock <= low_stock_)
        notices.push_back(low_stock_notice(line.product_id, p.name, p.stock, traceparent));
    }
  }

  /// The newest stored answer on `topic`. Every state that answers again was entered by a step
  /// with that answer, so there is one.
  static void repeat(const stock_file& file, std::string_view about,
                     std::vector<stock_result::answer>& answers) {
    for (auto row = file.rows.rbegin(); row != file.rows.rend(); ++row)
      for (int32_t i = 0; i < static_cast<int32_t>(row->events.size()); ++i)
        if (row->events[i].topic == about) {
          answers.push_back({outgoing(*row, i), false});
          return;
        }
  }

  static outgoing_event outgoing(const ledger_row& row, int32_t index) {
    return {service::inventory, row.at, index, row.step, row.time, row.events[index]};
  }

  void park(stock_file& file, const incoming_event& origin) {
    const bool known
        = std::any_of(file.waiting.begin(), file.waiting.end(), [&](const parked_event& e) {
            return e.what.source == origin.source && e.what.id == origin.id;
          });
    if (known)
      return;
    // The order's row is written with it: whoever creates the record meanwhile collides here.
    touched_.insert(file.record.order_id);
    file.waiting.push_back({0, file.record.order_id, origin});
  }

  /// Applies what waited for the record. Events that only the consumer can read stay for the sweep.
  void drain(stock_file& file, const incoming_event& just_applied,
             std::vector<stock_result::answer>& answers) {
    std::vector<parked_event> kept;
    for (auto& waiting : std::exchange(file.waiting, {})) {
      const bool itself
          = waiting.what.source == just_applied.source && waiting.what.id == just_applied.id;
      const auto verb = verb_of(waiting.what.topic);
      if (!itself && !verb) {
        kept.push_back(std::move(waiting));
        continue;
      }
      if (!itself)
        decide_one(file, *verb, waiting.what.traceparent, answers);
      if (waiting.id != 0)
        plan_.unpark.push_back(waiting.id);
    }
    file.waiting = std::move(kept);
  }

  stock_view view_;
  int64_t low_stock_;
  const std::function<position()>& next_;
  stock_plan plan_;
  std::set<std::string> touched_;
  std::map<std::string, stock_plan::product_change> moved_;
};

} // namespace

event low_stock_notice(const std::string& product_id, const std::string& name, int64_t stock,
                       const std::string& traceparent) {
  return make_event(
      topic::notification_requested, "admin",
      {{"userId", "admin"},
       {"type", "ORDER"},
       {"title", "Low stock"},
       {"message", name + " (" + product_id + ") is down to " + std::to_string(stock) + " units."}},
      traceparent);
}

bool stock_plan::writes() const {
  return !orders.empty() || !products.empty() || !ledger.empty() || !unpark.empty();
}

stock_plan plan_stock(stock_view view, std::span<const stock_input> inputs, int64_t low_stock,
                      const std::function<position()>& next) {
  stock_planner plan(std::move(view), low_stock, next);
  for (const auto& in : inputs)
    plan.handle(in);
  return plan.finish();
}

void stamp(stock_plan& plan, const std::map<position, timestamp>& times) {
  for (auto& result : plan.results)
    for (auto& answer : result.events)
      if (const auto found = times.find(answer.event.at); found != times.end())
        answer.event.time = found->second;
}

std::string encode_lines(std::span<const stock_line> lines) {
  auto json = nlohmann::json::array();
  for (const auto& line : lines)
    json.push_back({{"productId", line.product_id}, {"quantity", line.quantity}});
  return canonical(json);
}

std::vector<stock_line> decode_lines(std::string_view json) {
  try {
    std::vector<stock_line> lines;
    for (const auto& line : nlohmann::json::parse(json))
      lines.push_back(
          {line.at("productId").get<std::string>(), line.at("quantity").get<int32_t>()});
    return lines;
  } catch (const nlohmann::json::exception& e) {
    throw std::invalid_argument(std::string("lines of an order: ") + e.what());
  }
}

} // namespace troupe
