#include "http/letter_routes.hpp"

#include "http/fault_table.hpp"
#include "http/paging.hpp"
#include "http/serve.hpp"

#include <string>
#include <utility>

namespace troupe::http {

namespace {

using scope = std::optional<service>;

letter_state read_state(const request& q, complaints& bad) {
  const auto state = letter_state_from(q.query_param("state").value_or("dead"));
  if (!state)
    bad.push_back({"?state", "must be dead or parked"});
  return state.value_or(letter_state::dead);
}

/// A service's port has its own letters only.
scope read_service(const request& q, scope own, complaints& bad) {
  const auto asked = q.query_param("service");
  if (!asked)
    return own;
  const auto wanted = service_from(*asked);
  if (!wanted)
    bad.push_back({"?service", "must be order, payment, inventory or emailing"});
  else if (own && *own != *wanted)
    bad.push_back({"?service", "must be " + std::string(to_string(*own)) + " on this port"});
  return wanted;
}

std::optional<letter_place> read_place(const request& q, letter_state state, complaints& bad) {
  const auto keys = read_cursor(q, to_string(state), 2, bad);
  if (keys.empty())
    return std::nullopt;
  const timestamp at{std::chrono::microseconds(key_number(keys[0], bad))};
  const auto id = letter_id_from(keys[1]);
  if (!id || id->state != state)
    bad.push_back({"?cursor", "must be a cursor of this list"});
  return letter_place{at, id.value_or(letter_id{})};
}

response page_answer(const request& q, const letter_page& page, letter_state state) {
  auto answer = json_answer(200, array_view(page.rows, letter_view));
  if (page.more) {
    const auto& last = page.rows.back();
    link_next(answer, q, to_string(state),
              {std::to_string(last.created_at.time_since_epoch().count()), to_string(last.id)});
  }
  return answer;
}

void list_letters(const backend& b, const doors& to, const call_ptr& c, scope own) {
  require_admin(b, *c);
  complaints bad;
  letter_filter by;
  by.state = read_state(c->asked, bad);
  by.of = read_service(c->asked, own, bad);
  by.limit = read_limit(c->asked, default_limit, bad);
  by.after = read_place(c->asked, by.state, bad);
  refuse_if_bad(bad);
  b.calls.ask<letter_page>(
      line::letters, to.letters, c,
      [c, state = by.state](const letter_page& page) {
        c->answer(page_answer(c->asked, page, state));
      },
      list_atom::value, by);
}

response replay_answer_of(const letter_id& id, const replay_answer& a) {
  view body = {{"id", to_string(id)}, {"outcome", a.outcome.applied ? "applied" : "failed"}};
  if (!a.outcome.applied)
    body["error"] = a.outcome.error;
  auto answer = json_answer(200, body);
  if (a.repeated)
    answer.headers.emplace_back("Idempotent-Replayed", "true");
  return answer;
}

/// The path's letter; 404 for one that cannot exist, or not on this port.
letter_id letter_of(const call& c, scope own) {
  const auto id = letter_id_from(c.asked.path_param("id"));
  if (!id || (own && *own != id->of))
    throw refused(problem_of(fault::not_found, {}));
  return *id;
}

void replay_letter(const backend& b, const doors& to, const call_ptr& c, scope own) {
  require_admin(b, *c);
  const auto in = body_of(*c, body_is::optional);
  replay_request asked;
  asked.by = user_of(b, *c, &in);
  asked.key = key_of(*c, asked.by);
  const auto id = letter_of(*c, own);
  asked.id = id;
  b.calls.ask<replay_answer>(
      line::letters, to.letters, c,
      [c, id](const replay_answer& a) { c->answer(replay_answer_of(id, a)); }, replay_atom::value,
      std::move(asked));
}

void discard_letter(const backend& b, const doors& to, const call_ptr& c, scope own) {
  require_admin(b, *c);
  b.calls.ask<bool>(
      line::letters, to.letters, c, [c](bool) { c->answer({.status = 204}); }, discard_atom::value,
      letter_of(*c, own), user_of(b, *c));
}

/// `step` for the letters of `own`.
template <class Step>
route_step within(scope own, Step step) {
  return [own, step](const backend& b, const doors& to, const call_ptr& c) { step(b, to, c, own); };
}

} // namespace

void add_letter_routes(front& f, const backend& b, std::optional<service> of) {
  f.get("/dead-letters", serve(b, within(of, list_letters)));
  f.post("/dead-letters/:id/replay", serve(b, within(of, replay_letter)));
  f.del("/dead-letters/:id", serve(b, within(of, discard_letter)));
}

} // namespace troupe::http
