#include "kafka-bridge/records.hpp"

namespace troupe::kafka {

record_view view_of(const rd_kafka_message_t& m) {
  record_view r;
  r.topic = rd_kafka_topic_name(m.rkt);
  r.partition = m.partition;
  r.offset = m.offset;
  if (m.key != nullptr)
    r.key = {static_cast<const char*>(m.key), m.key_len};
  if (m.payload != nullptr)
    r.value = std::string_view(static_cast<const char*>(m.payload), m.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return r;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    if (value != nullptr)
      r.headers.emplace_back(name, std::string_view(static_cast<const char*>(value), size));
  return r;
}

headers_handle make_headers(const header_list& from) {
  headers_handle out(rd_kafka_headers_new(from.size()));
  for (const auto& [name, value] : from)
    rd_kafka_header_add(out.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  return out;
}

partitions_handle list_of(const std::vector<partition_id>& partitions) {
  partitions_handle out(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto& [topic, partition] : partitions)
    rd_kafka_topic_partition_list_add(out.get(), topic.c_str(), partition);
  return out;
}

partitions_handle list_of(const std::vector<work_table::offset_of>& offsets) {
  partitions_handle out(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [where, offset] : offsets)
    rd_kafka_topic_partition_list_add(out.get(), where.first.c_str(), where.second)->offset
        = offset;
  return out;
}

} // namespace troupe::kafka
