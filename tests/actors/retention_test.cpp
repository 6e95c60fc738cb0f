// Sweeps of what is old: small, with pauses, by the owner only.

#include "actors/retention_sweeper.hpp"
#include "tests/support/stage.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct attic {
  std::map<old_rows, int> rows;
  std::vector<std::string> batches; ///< "emails 10"
  bool down = false;
};

class fake_retention : public retention {
public:
  explicit fake_retention(std::shared_ptr<attic> rows) : rows_(std::move(rows)) {}

  int remove(old_rows what, std::chrono::hours age, int limit) override {
    if (rows_->down)
      throw store_error(store_failure::wait, "the fake is down");
    CHECK(age == 48h);
    const int removed = std::min(limit, rows_->rows[what]);
    rows_->rows[what] -= removed;
    rows_->batches.push_back(std::string(to_string(what)) + " " + std::to_string(removed));
    return removed;
  }

private:
  std::shared_ptr<attic> rows_;
};

struct sweep_house : stage {
  void start(const std::function<bool()>& leads = [] { return true; }) {
    retention_options options;
    options.tasks
        = {{old_rows::letters, service::payment, 48h}, {old_rows::emails, service::emailing, 48h}};
    options.batch = 10;
    options.pause = 200ms;
    options.interval = 60s;
    const retention_maker make
        = [this](service of) { return std::make_unique<fake_retention>(at[of]); };
    keep(sys.spawn(retention_sweeper_behavior, make, leads, options, &count));
    run();
  }

  std::map<service, std::shared_ptr<attic>> at = {{service::payment, std::make_shared<attic>()},
                                                  {service::emailing, std::make_shared<attic>()}};
};

using batches = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(sweep_house, "what is old goes in batches, with a pause between") {
  at[service::emailing]->rows[old_rows::emails] = 25;
  at[service::payment]->rows[old_rows::letters] = 3;
  start();
  const auto& mails = at[service::emailing]->batches;
  pass(300ms);
  CHECK(at[service::payment]->batches == batches{"dead_letters 3"});
  CHECK(mails.empty());
  pass(200ms);
  CHECK(mails == batches{"emails 10"});
  pass(200ms);
  CHECK(mails == batches{"emails 10", "emails 10"});
  pass(30s);
  CHECK(mails == batches{"emails 10", "emails 10", "emails 5"});
  pass(35s); // the next sweep
  CHECK(mails.size() == 4);
  CHECK(count.text().find(R"(troupe_retention_removed_total{kind="emails"} 25)")
        != std::string::npos);
  CHECK(count.text().find(R"(troupe_retention_removed_total{kind="dead_letters"} 3)")
        != std::string::npos);
}

TEST_CASE_FIXTURE(sweep_house, "a database that is away keeps its rows for the next sweep") {
  at[service::payment]->rows[old_rows::letters] = 3;
  at[service::emailing]->rows[old_rows::emails] = 1;
  at[service::payment]->down = true;
  start();
  pass(2s);
  CHECK(at[service::emailing]->batches == batches{"emails 1"});
  at[service::payment]->down = false;
  pass(61s);
  CHECK(at[service::payment]->batches == batches{"dead_letters 3"});
}

TEST_CASE_FIXTURE(sweep_house, "a node that does not lead removes nothing") {
  at[service::payment]->rows[old_rows::letters] = 3;
  bool leads = false;
  start([&leads] { return leads; });
  pass(5min);
  CHECK(at[service::payment]->batches.empty());
  leads = true;
  pass(1min);
  CHECK(at[service::payment]->batches == batches{"dead_letters 3"});
}
