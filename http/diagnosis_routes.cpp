#include "http/diagnosis_routes.hpp"

#include "http/diagnosis_view.hpp"
#include "http/serve.hpp"

namespace troupe::http {

namespace {

void diagnose(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  b.calls.ask<diagnosis>(
      line::diagnosis, to.diagnosis, c,
      [c](const diagnosis& d) { c->answer(json_answer(200, diagnosis_view(d))); },
      diagnose_atom::value, id_of(*c));
}

} // namespace

void add_diagnosis_routes(front& f, const backend& b) {
  f.get("/orders/:id/diagnosis", serve(b, diagnose));
}

} // namespace troupe::http
