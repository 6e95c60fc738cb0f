// Bodies of requests: what is accepted is within the contract's limits, and every complaint can be
// answered.

#include "http/json_input.hpp"
#include "http/order_input.hpp"

#include "check.hpp"

#include <cstdint>
#include <set>

using namespace troupe;
using namespace troupe::http;

namespace {

int depth_of(const nlohmann::json& value) {
  int deepest = 0;
  if (value.is_structured())
    for (const auto& inner : value)
      deepest = std::max(deepest, depth_of(inner));
  return deepest + 1;
}

void check_answer(const json_input& in) {
  problem why{.status = 400, .code = "invalid_request", .errors = in.complaints()};
  for (const auto& complaint : why.errors)
    FUZZ_CHECK(complaint.pointer.starts_with('#') && !complaint.detail.empty());
  FUZZ_CHECK(!to_response(why, "/").body.empty());
}

void check_order(std::string_view text) {
  json_input in(text);
  const auto read = read_order(in);
  check_answer(in);
  if (!in.good())
    return;
  FUZZ_CHECK(!read.lines.empty() && read.lines.size() <= max_order_lines);
  std::set<std::string> products;
  for (const auto& line : read.lines) {
    FUZZ_CHECK(valid_id(line.product_id) && products.insert(line.product_id).second);
    FUZZ_CHECK(line.quantity >= 1 && line.quantity <= max_quantity);
  }
  FUZZ_CHECK(read.shipping_address.size() <= max_address_bytes);
  FUZZ_CHECK(nlohmann::json::parse(read.shipping_address).is_object());
}

void check_others(std::string_view text) {
  json_input pays(text, true);
  const auto payment = read_payment(pays);
  check_answer(pays);
  if (pays.good() && !payment.card_number.empty())
    FUZZ_CHECK(payment.card_number.find_first_not_of("0123456789") == std::string::npos);
  json_input dispatches(text, true);
  read_dispatch(dispatches);
  check_answer(dispatches);
  json_input edits(text);
  edits.id("/id"_json_pointer);
  if (const auto price = edits.amount("/price"_json_pointer))
    FUZZ_CHECK(*price >= 0);
  if (const auto stock = edits.integer("/stock"_json_pointer, 0, 1'000'000'000))
    FUZZ_CHECK(*stock >= 0 && *stock <= 1'000'000'000);
  check_answer(edits);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const json_input in(text);
  check_answer(in);
  if (in.good()) {
    FUZZ_CHECK(in.root().is_object() && depth_of(in.root()) <= max_json_depth);
    const auto written = in.root().dump();
    FUZZ_CHECK(nlohmann::json::parse(written) == in.root());
    FUZZ_CHECK(written.find('\0') == std::string::npos);
  } else {
    FUZZ_CHECK(in.root().empty());
  }
  check_order(text);
  check_others(text);
  return 0;
}
