#pragma once
// What every route needs before it asks an actor: who asks, for what, with which body. All of these
// throw `refused` with the contract's problem; `serve` turns that into the answer.

#include "http/backend.hpp"
#include "http/call.hpp"
#include "http/front.hpp"
#include "http/json_input.hpp"
#include "http/query.hpp"
#include "http/views.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace troupe::http {

/// A route's first step, on the front's thread. It must not block.
using route_step = std::function<void(const backend& b, const doors& to, const call_ptr& c)>;

/// The handler that runs `first`, with `b.options.answer_within` to answer. While the backend is
/// closed it answers 503.
handler serve(const backend& b, route_step first);
/// As above, with a deadline of its own.
handler serve_within(const backend& b, route_step first, std::chrono::milliseconds limit);

/// What `front_options::admit` asks: 429 for an address that asks too often. Health and metrics are
/// answered whatever the load.
std::function<std::optional<problem>(const request&)> admit_by_address(const backend& b);

/// Whose request it is: header, then `body`, then query, then the default. 400 when malformed, 429
/// when that user asks too often: ask once a request.
std::string user_of(const backend& b, const call& c, const json_input* body = nullptr);
/// `scope=all`: 401 for others than the admin, 400 for another scope.
bool asks_for_all(const backend& b, const call& c);
/// `user_of` a request without a body, or empty (anybody's) when all are asked for.
std::string owner_of(const backend& b, const call& c);
/// 401 for others.
void require_admin(const backend& b, const call& c);

/// The path's `:id`; 404 for one that cannot exist.
std::string id_of(const call& c);
/// The Idempotency-Key that `user` sent; nothing without one, 400 for a malformed one.
std::optional<idempotency> key_of(const call& c, const std::string& user);

enum class body_is { required, optional };
/// The JSON body: 415 for another type, 400 when it is not within the limits.
json_input body_of(const call& c, body_is needed);

/// 400 with every complaint, if there are any.
void refuse_if_bad(const std::vector<field_error>& complaints);

response json_answer(int status, const view& body);
/// Of JSON that is text already.
response text_answer(int status, std::string json);

} // namespace troupe::http
