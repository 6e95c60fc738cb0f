#include "kafka-bridge/topics.hpp"

#include "kafka-bridge/client.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace troupe::kafka {

namespace {

std::vector<new_topic_handle> requests(const options& o, const std::vector<std::string>& topics) {
  std::vector<new_topic_handle> wanted;
  for (const auto& topic : topics) {
    std::array<char, 256> text{};
    wanted.emplace_back(rd_kafka_NewTopic_new(topic.c_str(), o.partitions, o.replication,
                                              text.data(), text.size()));
    if (!wanted.back())
      throw std::invalid_argument(topic + ": " + text.data());
  }
  return wanted;
}

admin_options_handle limits(rd_kafka_t* client, std::chrono::milliseconds timeout) {
  admin_options_handle out(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const int ms = static_cast<int>(std::clamp<int64_t>(timeout.count(), 1, 3'600'000));
  // The operation's time-out makes the broker answer only when the topics are usable.
  std::array<char, 256> text{};
  if (rd_kafka_AdminOptions_set_request_timeout(out.get(), ms, text.data(), text.size())
          != RD_KAFKA_RESP_ERR_NO_ERROR
      || rd_kafka_AdminOptions_set_operation_timeout(out.get(), ms, text.data(), text.size())
             != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::invalid_argument(text.data());
  return out;
}

topics_result read(rd_kafka_event_t* event) {
  topics_result result;
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    result.errors.emplace_back(rd_kafka_event_error_string(event));
    return result;
  }
  size_t count = 0;
  const auto* const answer = rd_kafka_event_CreateTopics_result(event);
  const rd_kafka_topic_result_t** each = rd_kafka_CreateTopics_result_topics(answer, &count);
  for (size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_topic_result_name(each[i]);
    const auto error = rd_kafka_topic_result_error(each[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
      result.created.push_back(name);
    else if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      const char* text = rd_kafka_topic_result_error_string(each[i]);
      result.errors.push_back(name + ": " + (text != nullptr ? text : rd_kafka_err2str(error)));
    }
  }
  return result;
}

topics_result create(rd_kafka_t* client, const options& o, const std::vector<std::string>& topics,
                     std::chrono::milliseconds timeout) {
  const queue_handle answers(rd_kafka_queue_new(client));
  const auto wanted = requests(o, topics);
  std::vector<rd_kafka_NewTopic_t*> raw;
  std::transform(wanted.begin(), wanted.end(), std::back_inserter(raw),
                 [](const auto& topic) { return topic.get(); });
  const auto within = limits(client, timeout);
  rd_kafka_CreateTopics(client, raw.data(), raw.size(), within.get(), answers.get());
  // The request has its own time-out; the wait is a little longer to get its error's text.
  const event_handle event(
      rd_kafka_queue_poll(answers.get(), static_cast<int>(timeout.count()) + 100));
  if (!event)
    return {{}, {"no answer within " + std::to_string(timeout.count()) + " ms"}};
  return read(event.get());
}

} // namespace

topics_result create_topics(const options& o, const std::vector<std::string>& topics,
                            std::chrono::milliseconds timeout) {
  using std::chrono::milliseconds;
  try {
    const auto deadline = steady::now() + timeout;
    const auto client = make_client(RD_KAFKA_PRODUCER, base_conf(o));
    // Asked first, because a user without the right to create topics may still use those there are.
    const auto wanted = missing_topics(client.get(), topics, timeout);
    if (wanted.empty())
      return {};
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady::now());
    return create(client.get(), o, wanted, std::max(left, milliseconds(1)));
  } catch (const std::exception& e) {
    return {{}, {e.what()}};
  }
}

} // namespace troupe::kafka
