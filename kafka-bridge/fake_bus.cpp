#include "kafka-bridge/fake_bus.hpp"

#include "kafka-bridge/in_work.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace troupe::kafka {

/// What outlives each publisher and member.
class fake_bus::state {
public:
  explicit state(int32_t partitions) : partitions(partitions) {}

  struct group {
    std::map<partition_id, int64_t> committed;
    std::vector<member*> members;
  };

  std::vector<std::vector<stored_record>>& log_of(const std::string& topic) {
    auto& log = topics[topic];
    log.resize(static_cast<size_t>(partitions));
    return log;
  }
  void append(const std::string& topic, stored_record r) {
    const auto p = std::hash<std::string>{}(r.key) % static_cast<size_t>(partitions);
    log_of(topic)[p].push_back(std::move(r));
  }
  void rebalance(group& g);

  const int32_t partitions;
  std::map<std::string, std::vector<std::vector<stored_record>>> topics;
  std::map<std::string, group> groups;
  std::vector<publisher*> publishers;
  std::mutex leaving; ///< members of several groups may be stopped at once
  uint64_t last_assignment = 0;
  size_t max_value = 1'000'000;
  bool down = false;
};

class fake_bus::publisher final : public event_publisher {
public:
  publisher(std::shared_ptr<state> bus, publisher_callbacks tell, size_t limit)
      : bus_(std::move(bus)), tell_(std::move(tell)), limit_(limit) {
    bus_->publishers.push_back(this);
  }
  ~publisher() override { std::erase(bus_->publishers, this); }

  bool publish(const outgoing_event& e, uint64_t token) override {
    if (queue_.size() >= limit_)
      return false;
    queue_.emplace_back(e, token);
    return true;
  }
  bool flush(std::chrono::milliseconds) override {
    pump();
    return queue_.empty();
  }
  bool connected() const override { return !bus_->down; }
  size_t in_flight() const override { return queue_.size(); }

  bool pump() {
    if (bus_->down || queue_.empty())
      return false;
    std::vector<uint64_t> delivered;
    std::vector<uint64_t> failed;
    for (const auto& [e, token] : std::exchange(queue_, {})) {
      if (e.what.value.size() > bus_->max_value) {
        failed.push_back(token);
        continue;
      }
      bus_->append(e.what.topic, {e.what.key, e.what.value, headers_of(e)});
      delivered.push_back(token);
    }
    if (!delivered.empty() && tell_.delivered)
      tell_.delivered(std::move(delivered));
    for (const auto token : failed)
      if (tell_.failed)
        tell_.failed(token, "the value is too large");
    return true;
  }

private:
  std::shared_ptr<state> bus_;
  publisher_callbacks tell_;
  size_t limit_;
  std::deque<std::pair<outgoing_event, uint64_t>> queue_;
};

class fake_bus::member final : public event_consumer {
public:
  member(std::shared_ptr<state> bus, std::string group, std::vector<std::string> topics,
         consume_callback hand_out)
      : bus_(std::move(bus)),
        group_(std::move(group)),
        topics_(std::move(topics)),
        hand_out_(std::move(hand_out)) {
    mine().members.push_back(this);
    bus_->rebalance(mine());
  }
  ~member() override { leave(); }

  void done(std::vector<record_token> finished) override {
    if (!stopped_)
      std::move(finished.begin(), finished.end(), std::back_inserter(finished_));
  }
  void pause_all() override { paused_ = true; }
  void resume_all() override { paused_ = false; }
  void stop() override { leave(); }
  bool connected() const override { return !bus_->down; }
  size_t assigned() const override { return work_.size(); }

  const std::vector<std::string>& topics() const { return topics_; }

  void revoke() {
    commit();
    work_.clear();
    position_.clear();
  }
  void assign(const partition_id& p, uint64_t turn) {
    work_.assign(p, turn);
    position_[p] = mine().committed[p];
  }

  bool pump() {
    if (bus_->down)
      return false;
    const bool committed = commit();
    auto batch = paused_ ? std::vector<consumed_record>() : take();
    if (batch.empty())
      return committed;
    hand_out_(std::move(batch));
    return true;
  }

private:
  state::group& mine() { return bus_->groups[group_]; }

  bool commit() {
    for (const auto& token : std::exchange(finished_, {}))
      work_.done(token);
    if (bus_->down)
      return false;
    const auto offsets = work_.to_commit();
    for (const auto& [where, offset] : offsets) {
      mine().committed[where] = offset;
      work_.committed(where, offset);
    }
    return !offsets.empty();
  }

  std::vector<consumed_record> take() {
    std::vector<consumed_record> batch;
    for (auto& [p, next] : position_) {
      const auto& log = bus_->log_of(p.first)[static_cast<size_t>(p.second)];
      for (; next < static_cast<int64_t>(log.size()) && !work_.paused(p); ++next) {
        const auto& r = log[static_cast<size_t>(next)];
        record_view view{p.first, p.second, next, r.key, r.value, {}};
        for (const auto& [name, value] : r.headers)
          view.headers.emplace_back(name, value);
        if (auto token = work_.taken(p, next, 0))
          batch.push_back({std::move(*token), decode(view)});
      }
    }
    return batch;
  }

  void leave() {
    const std::scoped_lock guard(bus_->leaving);
    if (std::exchange(stopped_, true))
      return;
    revoke();
    std::erase(mine().members, this);
    bus_->rebalance(mine());
  }

  std::shared_ptr<state> bus_;
  std::string group_;
  std::vector<std::string> topics_;
  consume_callback hand_out_;
  work_table work_;
  std::map<partition_id, int64_t> position_; ///< of the next record to hand out
  std::vector<record_token> finished_;
  bool paused_ = false;
  bool stopped_ = false;
};

/// As the eager protocol does: everybody gives up everything, then all is dealt anew.
void fake_bus::state::rebalance(group& g) {
  for (auto* m : g.members)
    m->revoke();
  ++last_assignment;
  std::map<std::string, std::vector<member*>> subscribers;
  for (auto* m : g.members)
    for (const auto& topic : m->topics())
      subscribers[topic].push_back(m);
  for (const auto& [topic, members] : subscribers)
    for (int32_t p = 0; p < partitions; ++p)
      members[static_cast<size_t>(p) % members.size()]->assign({topic, p}, last_assignment);
}

fake_bus::fake_bus(int32_t partitions) : state_(std::make_shared<state>(partitions)) {}

fake_bus::~fake_bus() = default;

std::unique_ptr<event_publisher> fake_bus::make_publisher(publisher_callbacks tell, size_t limit) {
  return std::make_unique<publisher>(state_, std::move(tell), limit);
}

std::unique_ptr<event_consumer> fake_bus::make_consumer(std::string group,
                                                        std::vector<std::string> topics,
                                                        consume_callback hand_out) {
  return std::make_unique<member>(state_, std::move(group), std::move(topics), std::move(hand_out));
}

bool fake_bus::pump() {
  bool moved = false;
  for (auto* p : std::vector(state_->publishers))
    moved = p->pump() || moved;
  std::vector<member*> members;
  for (const auto& [name, g] : state_->groups)
    members.insert(members.end(), g.members.begin(), g.members.end());
  for (auto* m : members)
    moved = m->pump() || moved;
  return moved;
}

void fake_bus::settle(int rounds) {
  while (pump())
    if (--rounds < 0)
      throw std::runtime_error("the event bus does not come to rest");
}

void fake_bus::inject(const std::string& topic, stored_record record) {
  state_->append(topic, std::move(record));
}

void fake_bus::set_down(bool down) {
  state_->down = down;
}

void fake_bus::set_max_value(size_t bytes) {
  state_->max_value = bytes;
}

std::vector<fake_bus::stored_record> fake_bus::records(const std::string& topic) const {
  std::vector<stored_record> out;
  if (const auto it = state_->topics.find(topic); it != state_->topics.end())
    for (const auto& partition : it->second)
      out.insert(out.end(), partition.begin(), partition.end());
  return out;
}

int64_t fake_bus::committed(const std::string& group, const std::string& topic,
                            int32_t partition) const {
  const auto it = state_->groups.find(group);
  if (it == state_->groups.end())
    return 0;
  const auto at = it->second.committed.find(partition_id(topic, partition));
  return at == it->second.committed.end() ? 0 : at->second;
}

} // namespace troupe::kafka
