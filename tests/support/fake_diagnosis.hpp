#pragma once
// What one service's database would hold of orders, as a test has laid it out. Single-threaded.

#include "persistence/diagnosis_queries.hpp"

#include <map>
#include <memory>

namespace troupe::test {

struct fake_case_files {
  std::map<std::string, service_facts> of; ///< by order id; the rest: nothing is known
  bool down = false;                       ///< every call throws `wait`
  int asked = 0;
};

class fake_diagnosis_queries : public diagnosis_queries {
public:
  explicit fake_diagnosis_queries(std::shared_ptr<fake_case_files> files)
      : files_(std::move(files)) {}

  service_facts of(const std::string& order_id) override {
    ++files_->asked;
    if (files_->down)
      throw store_error(store_failure::wait, "the fake is down");
    const auto found = files_->of.find(order_id);
    return found == files_->of.end() ? service_facts{} : found->second;
  }

private:
  std::shared_ptr<fake_case_files> files_;
};

} // namespace troupe::test
