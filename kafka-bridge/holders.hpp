#pragma once
// One owner for each kind of librdkafka handle. Only for .cpp files of this folder and for its
// tests: librdkafka's types go no further.

#include <librdkafka/rdkafka.h>

#include <memory>

namespace troupe::kafka {

/// Deleter that calls `Free`.
template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};

using client_handle = std::unique_ptr<rd_kafka_t, freed_by<rd_kafka_destroy>>;
using conf_handle = std::unique_ptr<rd_kafka_conf_t, freed_by<rd_kafka_conf_destroy>>;
using topic_handle = std::unique_ptr<rd_kafka_topic_t, freed_by<rd_kafka_topic_destroy>>;
using queue_handle = std::unique_ptr<rd_kafka_queue_t, freed_by<rd_kafka_queue_destroy>>;
using event_handle = std::unique_ptr<rd_kafka_event_t, freed_by<rd_kafka_event_destroy>>;
using message_handle = std::unique_ptr<rd_kafka_message_t, freed_by<rd_kafka_message_destroy>>;
using headers_handle = std::unique_ptr<rd_kafka_headers_t, freed_by<rd_kafka_headers_destroy>>;
using error_handle = std::unique_ptr<rd_kafka_error_t, freed_by<rd_kafka_error_destroy>>;
using partitions_handle = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                          freed_by<rd_kafka_topic_partition_list_destroy>>;
using new_topic_handle = std::unique_ptr<rd_kafka_NewTopic_t, freed_by<rd_kafka_NewTopic_destroy>>;
using admin_options_handle
    = std::unique_ptr<rd_kafka_AdminOptions_t, freed_by<rd_kafka_AdminOptions_destroy>>;
// `struct` because the library has a function of that name too.
using metadata_handle
    = std::unique_ptr<const struct rd_kafka_metadata, freed_by<rd_kafka_metadata_destroy>>;

} // namespace troupe::kafka
