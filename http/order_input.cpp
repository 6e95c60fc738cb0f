#include "http/order_input.hpp"

#include <algorithm>
#include <utility>

namespace troupe::http {

namespace {

using place = json_input::pointer;

constexpr size_t max_word_bytes = 64;
constexpr size_t max_tracking_bytes = 128;
/// Equals no product's price.
constexpr cents impossible_price = -1;

/// `first` where something stands, else `second`: a line comes in two shapes.
place either(const json_input& in, const place& first, const place& second) {
  return in.find(first) == nullptr && in.find(second) != nullptr ? second : first;
}

wanted_line read_line(json_input& in, const place& at) {
  const auto product = either(in, at / "productId", at / "product" / "id");
  in.complain_if_absent(product);
  in.complain_if_absent(at / "quantity");
  wanted_line result;
  result.product_id = in.id(product).value_or("");
  result.quantity = static_cast<int32_t>(in.integer(at / "quantity", 1, max_quantity).value_or(0));
  result.price = in.amount(either(in, at / "price", at / "product" / "price"));
  return result;
}

void merge(json_input& in, const place& at, std::vector<wanted_line>& lines, wanted_line more) {
  auto same = std::find_if(lines.begin(), lines.end(), [&](const wanted_line& line) {
    return line.product_id == more.product_id;
  });
  if (same == lines.end()) {
    lines.push_back(std::move(more));
    return;
  }
  same->quantity += more.quantity;
  if (same->quantity > max_quantity)
    in.complain(at / "quantity",
                "makes more than " + std::to_string(max_quantity) + " pieces of this product");
  if (!same->price)
    same->price = more.price;
  else if (more.price && more.price != same->price)
    same->price = impossible_price;
}

std::vector<wanted_line> read_lines(json_input& in) {
  const place at("/items");
  in.complain_if_absent(at);
  const auto* items = in.find(at);
  if (items == nullptr)
    return {};
  if (!items->is_array() || items->empty() || items->size() > max_order_lines) {
    in.complain(at, "must be an array of 1 to " + std::to_string(max_order_lines) + " lines");
    return {};
  }
  std::vector<wanted_line> lines;
  for (size_t i = 0; i < items->size(); ++i) {
    if (!(*items)[i].is_object()) {
      in.complain(at / i, "must be an object");
      continue;
    }
    const auto complaints = in.complaints().size();
    auto line = read_line(in, at / i);
    if (in.complaints().size() == complaints)
      merge(in, at / i, lines, std::move(line));
  }
  return lines;
}

std::string read_address(json_input& in) {
  const place at("/shippingAddress");
  in.complain_if_absent(at);
  const auto* address = in.find(at);
  if (address == nullptr)
    return {};
  if (!address->is_object() || address->empty()) {
    in.complain(at, "must be an object with at least one member");
    return {};
  }
  auto text = address->dump();
  if (text.size() > max_address_bytes)
    in.complain(at, "must be at most " + std::to_string(max_address_bytes) + " bytes of JSON");
  return text;
}

bool is_card_number(std::string_view text) {
  return text.size() >= 12 && text.size() <= 19
         && text.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace

order_input read_order(json_input& in) {
  order_input result;
  result.lines = read_lines(in);
  result.shipping_address = read_address(in);
  return result;
}

payment_input read_payment(json_input& in) {
  payment_input result;
  result.method = in.text(place("/paymentMethod"), max_word_bytes).value_or("");
  const place card("/cardNumber");
  // The number itself must not reach an answer or a log: the complaint never quotes it.
  if (auto number = in.text(card, max_word_bytes)) {
    if (is_card_number(*number))
      result.card_number = std::move(*number);
    else
      in.complain(card, "must be 12 to 19 digits");
  }
  return result;
}

dispatch_input read_dispatch(json_input& in) {
  return {in.text(place("/trackingNumber"), max_tracking_bytes).value_or(""),
          in.text(place("/courier"), max_tracking_bytes).value_or("")};
}

} // namespace troupe::http
