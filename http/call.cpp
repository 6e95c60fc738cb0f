#include "http/call.hpp"

#include "actors/faults.hpp"
#include "http/fault_table.hpp"
#include "http/who.hpp"
#include "telemetry/log.hpp"

namespace troupe::http {

call::call(request what, reply to, clock::time_point answer_by)
    : asked(std::move(what)),
      traceparent(traceparent_or_fresh(asked.header("traceparent").value_or(""))),
      deadline(answer_by),
      to_(std::move(to)) {}

void call::answer(response what) {
  if (!answered_.exchange(true))
    to_.send(std::move(what));
}

reply_stream call::stream(response head) {
  return answered_.exchange(true) ? reply_stream() : to_.stream(std::move(head));
}

void call::fail(const problem& why) {
  auto what = to_response(why, asked.instance());
  if (why.status == 401)
    what.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"troupe\"");
  answer(std::move(what));
}

void call::fail(const caf::error& why) {
  const auto what = fault_of(why);
  if (what == fault::internal || what == fault::quarantined)
    log::error(
        "http.failed",
        {{"route", asked.route}, {"fault", to_string(what)}, {"trace", trace_id(traceparent)}});
  fail(problem_of(what, detail_of(why)));
}

void fail_with_current(call& c) noexcept {
  try {
    throw;
  } catch (const refused& r) {
    c.fail(r.why());
  } catch (const std::exception& e) {
    log::error("http.handler_threw",
               {{"route", c.asked.route}, {"what", e.what()}, {"trace", trace_id(c.traceparent)}});
    c.fail(problem_of(fault::internal, {}));
  }
}

} // namespace troupe::http
