#include "actors/wire.hpp"

#include "actors/faults.hpp"

namespace troupe {

void add_wire_types(caf::actor_system_config& config) {
  config.add_message_type<order>("order")
      .add_message_type<order_request>("order_request")
      .add_message_type<order_answer>("order_answer")
      .add_message_type<create_request>("create_request")
      .add_message_type<create_answer>("create_answer")
      .add_message_type<presence>("presence")
      .add_message_type<shard_place>("shard_place")
      .add_message_type<change_notice>("change_notice");
}

} // namespace troupe
