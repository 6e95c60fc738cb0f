#include "http/views.hpp"

#include "domain/base64.hpp"
#include "domain/money.hpp"
#include "domain/utf8.hpp"
#include "http/json_text.hpp"

#include <algorithm>
#include <string_view>

namespace troupe::http {

namespace {

void add_line(json_text& to, const order_line& line) {
  to.open('{').name("id").value(line.id).name("productId").value(line.product_id);
  to.name("quantity").value(int64_t{line.quantity}).name("price").money(line.price);
  to.name("product").open('{').name("id").value(line.product_id).name("name").value(line.name);
  to.name("price").money(line.price).name("imageUrl").value(line.image_url).close('}').close('}');
}

void add_entry(json_text& to, const history_entry& entry) {
  to.open('{').name("status").value(to_string(entry.status));
  to.name("timestamp").value(to_iso8601(entry.at)).name("message").value(entry.message).close('}');
}

/// In one line, as an event of a stream must be.
std::string address_text(const std::string& address) {
  const bool one_line
      = std::none_of(address.begin(), address.end(), [](unsigned char c) { return c < ' '; });
  if (one_line && view::accept(address))
    return address;
  const auto parsed = view::parse(address, nullptr, false);
  return parsed.is_discarded() ? "null" : text_of(parsed);
}

/// The message of the last step into `status`; empty when there was none.
std::string message_of(const order& o, order_status status) {
  auto found = std::find_if(o.history.rbegin(), o.history.rend(),
                            [&](const history_entry& e) { return e.status == status; });
  return found == o.history.rend() ? std::string() : found->message;
}

int64_t count_of(const order_figures& f, order_status status) {
  auto found = f.by_status.find(std::string(to_string(status)));
  return found == f.by_status.end() ? 0 : found->second;
}

cents rounded_share(cents total, int64_t parts) {
  return parts == 0 ? 0 : (total + parts / 2) / parts;
}

/// Adds `bytes` as text, or in base64 with a member `encoding` that says so.
void add_bytes(view& to, const char* name, const char* encoding, const std::string& bytes) {
  const bool text = is_utf8(bytes);
  to[name] = text ? bytes : base64(bytes);
  if (!text)
    to[encoding] = "base64";
}

} // namespace

std::string text_of(const view& value) {
  return value.dump(-1, ' ', false, view::error_handler_t::replace);
}

std::string order_text(const order& o) {
  json_text to;
  to.open('{').name("id").value(o.id).name("userId").value(o.user_id).name("items").open('[');
  for (const auto& line : o.lines)
    add_line(to, line);
  to.close(']').name("totalAmount").money(o.total).name("status").value(to_string(o.status));
  to.name("paymentStatus").value(to_string(o.payment));
  to.name("shippingAddress").raw(address_text(o.shipping_address));
  to.name("createdAt").value(to_iso8601(o.created_at));
  to.name("updatedAt").value(to_iso8601(o.updated_at)).name("statusHistory").open('[');
  for (const auto& entry : o.history)
    add_entry(to, entry);
  return to.close(']').name("version").value(int64_t{o.version}).close('}').take();
}

std::string orders_text(const std::vector<order>& orders) {
  json_text to;
  to.open('[');
  for (const auto& o : orders)
    to.raw(order_text(o));
  return to.close(']').take();
}

view product_view(const product& p) {
  return {{"id", p.id},
          {"name", p.name},
          {"description", p.description},
          {"price", number_from_cents(p.price)},
          {"stock", p.stock},
          {"category", p.category},
          {"imageUrl", p.image_url},
          {"createdAt", to_iso8601(p.created_at)},
          {"updatedAt", to_iso8601(p.updated_at)}};
}

view inventory_view(const product& p, int64_t low_stock) {
  auto row = product_view(p);
  row["reserved"] = p.reserved;
  row["sold"] = p.sold;
  row["lowStock"] = p.stock <= low_stock;
  row["active"] = p.active;
  row["version"] = p.version;
  return row;
}

view ledger_view(const product_ledger& l) {
  const auto entry = [](const product_ledger::entry& e) -> view {
    return {{"kind", e.creates ? "create" : "adjust"},
            {"version", e.version},
            {"quantity", e.quantity},
            {"price", e.price ? view(number_from_cents(*e.price)) : view()},
            {"at", to_iso8601(e.at)}};
  };
  return {{"productId", l.what.id}, {"version", l.what.version},
          {"initial", l.initial},   {"adjusted", l.adjusted},
          {"stock", l.what.stock},  {"reserved", l.what.reserved},
          {"sold", l.what.sold},    {"entries", array_view(l.entries, entry)}};
}

view notification_view(const notification& n) {
  return {{"id", n.id},           {"userId", n.user_id},
          {"type", n.type},       {"title", n.title},
          {"message", n.message}, {"orderId", n.order_id.empty() ? view() : view(n.order_id)},
          {"isRead", n.is_read},  {"createdAt", to_iso8601(n.created_at)}};
}

view letter_view(const letter& l) {
  view row = {{"id", to_string(l.id)}, {"service", to_string(l.id.of)}, {"consumer", l.consumer},
              {"topic", l.what.topic}, {"partition", l.what.partition}, {"offset", l.what.offset}};
  add_bytes(row, "key", "keyEncoding", l.what.key);
  if (l.what.tombstone)
    row["value"] = nullptr;
  else
    add_bytes(row, "value", "encoding", l.what.value);
  row["error"] = l.error;
  if (!l.order_id.empty())
    row["orderId"] = l.order_id;
  row["createdAt"] = to_iso8601(l.created_at);
  return row;
}

view payment_view(const order& o, bool pending) {
  const bool paid = !pending && o.payment == payment_status::success;
  const auto step = pending ? order_status::payment_pending
                    : paid  ? order_status::payment_success
                            : order_status::payment_failed;
  view result = {{"success", paid},
                 {"message", message_of(o, step)},
                 {"orderId", o.id},
                 {"status", to_string(o.status)},
                 {"paymentStatus", to_string(o.payment)}};
  if (!o.transaction_id.empty())
    result["transactionId"] = o.transaction_id;
  return result;
}

view analytics_view(const order_figures& f, int64_t active_products) {
  int64_t total = 0;
  auto by_status = view::object();
  for (const auto& [status, count] : f.by_status) {
    total += count;
    by_status[status] = count;
  }
  const auto completed = count_of(f, order_status::completed);
  return {{"totalOrders", total},
          {"successfulOrders", completed},
          {"failedPayments", f.failed_payments},
          {"pendingOrders",
           count_of(f, order_status::created) + count_of(f, order_status::payment_pending)},
          {"revenueToday", number_from_cents(f.revenue_today)},
          {"totalRevenue", number_from_cents(f.total_revenue)},
          {"totalProducts", active_products},
          {"ordersByStatus", std::move(by_status)},
          {"averageOrderValue", number_from_cents(rounded_share(f.total_revenue, completed))},
          {"revenueByDay", array_view(f.days,
                                      [](const order_figures::day& d) -> view {
                                        return {{"date", d.date},
                                                {"revenue", number_from_cents(d.revenue)},
                                                {"orders", d.orders}};
                                      })},
          {"topProducts", array_view(f.top_products, [](const order_figures::product& p) -> view {
             return {{"productId", p.id},
                     {"name", p.name},
                     {"quantity", p.quantity},
                     {"revenue", number_from_cents(p.revenue)}};
           })}};
}

} // namespace troupe::http
