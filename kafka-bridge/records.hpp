#pragma once
// Between librdkafka's structures and our own. Only for .cpp files of this folder.

#include "kafka-bridge/codec.hpp"
#include "kafka-bridge/holders.hpp"
#include "kafka-bridge/in_work.hpp"

#include <vector>

namespace troupe::kafka {

/// `m` by reference: valid as long as `m` is.
record_view view_of(const rd_kafka_message_t& m);

/// The headers in the library's form.
headers_handle make_headers(const header_list& from);

/// Partitions without offsets.
partitions_handle list_of(const std::vector<partition_id>& partitions);
/// Partitions with the offset to go on from.
partitions_handle list_of(const std::vector<work_table::offset_of>& offsets);

} // namespace troupe::kafka
