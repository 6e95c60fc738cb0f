// The configuration: file, environment, and what each says when it is wrong.

#include "app/config.hpp"
#include "app/settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

using namespace troupe;

namespace {

/// A file of its own that goes with the test.
class written {
public:
  explicit written(const std::string& text)
      : path_(std::filesystem::temp_directory_path()
              / ("troupe-config-" + std::to_string(getpid()) + ".toml")) {
    std::ofstream(path_) << text;
  }
  ~written() { std::filesystem::remove(path_); }
  written(const written&) = delete;
  written& operator=(const written&) = delete;
  std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

config_result read(const std::string& text, const std::vector<std::string>& environment = {}) {
  written file(text);
  auto result = read_config(file.path(), true, environment);
  for (auto& mistake : result.mistakes) // the place as the user named it
    if (mistake.starts_with(file.path()))
      mistake = "config.toml" + mistake.substr(file.path().size());
  return result;
}

using strings = std::vector<std::string>;

/// Everything that serving needs.
config servable() {
  config c;
  c.databases = {"orders", "payments", "inventory", "emailing", "gateway"};
  c.kafka.brokers = "127.0.0.1:9092";
  return c;
}

bool names(const strings& mistakes, const std::string& key) {
  return mistakes.size() == 1 && mistakes[0].starts_with(key + ": ");
}

} // namespace

TEST_CASE("without a file every key has its default") {
  auto result = read_config("no-such-file.toml", false, {});
  CHECK(result.mistakes.empty());
  CHECK(result.values.server.order_port == 3001);
  CHECK(result.values.payment.gateway == "embedded");
}

TEST_CASE("a file that must be there and is not is a mistake") {
  CHECK(read_config("no-such-file.toml", true, {}).mistakes
        == strings{"no-such-file.toml: no such file"});
}

TEST_CASE("a file sets numbers, texts and lists") {
  auto result = read("[server]\norder_port = 4001\nbind = \"::1\"\nhosts = [\"a\", \"b\"]\n"
                     "cors_origins = []\n[log]\nlevel = \"debug\"\n");
  CHECK(result.mistakes.empty());
  CHECK(result.values.server.order_port == 4001);
  CHECK(result.values.server.bind == "::1");
  CHECK(result.values.server.hosts == strings{"a", "b"});
  CHECK(result.values.server.cors_origins.empty());
  CHECK(result.values.log.level == "debug");
}

TEST_CASE("every mistake is named with its place, and all of them at once") {
  auto result = read("[server]\norder_port = 70000\npayment_port = \"x\"\nnonsense = 1\n"
                     "hosts = \"a\"\n[log]\nlevel = \"loud\"\nformat = 1\n[nowhere]\nx = 1\n");
  auto mistakes = result.mistakes;
  std::sort(mistakes.begin(), mistakes.end());
  CHECK(mistakes
        == strings{"config.toml:2: server.order_port: must be from 0 to 65535",
                   "config.toml:3: server.payment_port: must be a number",
                   "config.toml:4: server.nonsense: no such key",
                   "config.toml:5: server.hosts: must be a list of texts",
                   "config.toml:7: log.level: must be one of debug, info, warn, error",
                   "config.toml:8: log.format: must be a text",
                   "config.toml:9: nowhere: no such section"});
}

TEST_CASE("broken TOML is named with its line") {
  auto result = read("[server]\norder_port =\n");
  REQUIRE(result.mistakes.size() == 1);
  CHECK(result.mistakes[0].starts_with("config.toml:2: "));
}

TEST_CASE("characters beyond ASCII belong into texts and comments") {
  const auto good = read("\xef\xbb\xbf# \u00fc \"\n[emailing] # '\u00fc\n"
                         "from = \"B\u00fcro \\\" # \u00fc\"\ndomain = '\u00fc\\' # \u00fc\n"
                         "spool = \"\"\"\n\u00fc \"\\\"\"\" \u00fc\\\n\"\"\"\n");
  CHECK(good.mistakes.empty());
  CHECK(good.values.emailing.domain == "\u00fc\\");
  for (const auto* bad :
       {"[log]\nlev\u00fcl = 1\n", "[log]\nlevel = \u00fc\n", "[log]\nlevel = \"info\" \u00fc\n",
        "# '\n\u0336[log]\n", "[log]\n'\u00fc' \u0336 = 1\n", "''\n\xff"}) {
    const auto mistakes = read(bad).mistakes;
    REQUIRE(mistakes.size() == 1);
    CHECK(mistakes[0] == "config.toml:2: a character that only texts and comments may hold");
  }
}

TEST_CASE("the environment wins") {
  auto result = read("[server]\norder_port = 4001\nhosts = [\"a\"]\n",
                     {"TROUPE_SERVER_ORDER_PORT=5001", "TROUPE_SERVER_HOSTS=b,c", "HOME=/x",
                      "TROUPE_DATABASES_ORDERS=host=h dbname=d", "TROUPE_TEST_PG=elsewhere"});
  CHECK(result.mistakes.empty());
  CHECK(result.values.server.order_port == 5001);
  CHECK(result.values.server.hosts == strings{"b", "c"});
  CHECK(result.values.databases.orders == "host=h dbname=d");
}

TEST_CASE("the embedded simulator's books are beside the payments, unless they have a place") {
  const strings payments = {"TROUPE_DATABASES_PAYMENTS=dbname=p"};
  CHECK(read("", payments).values.databases.gateway == "dbname=p");
  CHECK(read("[databases]\ngateway = \"dbname=g\"\n", payments).values.databases.gateway
        == "dbname=g");
  CHECK(read("[payment]\ngateway = \"https://pay.example\"\n", payments)
            .values.databases.gateway.empty());
}

TEST_CASE("a variable that is wrong is named") {
  auto result = read_config("", false,
                            {"TROUPE_SERVER_ORDER_PORT=many", "TROUPE_SERVER_PORT=1",
                             "TROUPE_LOG_LEVEL=loud", "TROUPE_PAYMENT_TRIES=11"});
  CHECK(result.mistakes
        == strings{"TROUPE_SERVER_ORDER_PORT: must be a whole number",
                   "TROUPE_SERVER_PORT: no such key",
                   "TROUPE_LOG_LEVEL: must be one of debug, info, warn, error",
                   "TROUPE_PAYMENT_TRIES: must be from 1 to 10"});
}

TEST_CASE("fail points come from the environment alone, and a wrong one is a mistake") {
  auto result = read("[log]\nlevel = \"info\"\n", {"TROUPE_FAIL_POINTS=stop.drained=kill@2"});
  CHECK(result.mistakes.empty());
  CHECK(result.values.fail_points == "stop.drained=kill@2");
  CHECK(read_config("", false, {"TROUPE_FAIL_POINTS=nowhere=kill"}).mistakes
        == strings{"TROUPE_FAIL_POINTS: there is no fail point \"nowhere\""});
  CHECK(read("fail_points = \"stop.drained=kill\"\n").mistakes.size() == 1);
}

TEST_CASE("librdkafka's own options pass through, dotted, from file and environment") {
  auto result = read("[kafka]\nbrokers = \"a:1\"\n[kafka.options]\nsecurity.protocol = \"ssl\"\n"
                     "\"linger.ms\" = 3\ncheck.crcs = true\n",
                     {"TROUPE_KAFKA_OPTIONS_SASL_USERNAME=me"});
  CHECK(result.mistakes.empty());
  CHECK(result.values.kafka.options
        == std::map<std::string, std::string>{{"security.protocol", "ssl"},
                                              {"linger.ms", "3"},
                                              {"check.crcs", "true"},
                                              {"sasl.username", "me"}});
  CHECK(read("[kafka.options]\nx = [1]\n").mistakes.size() == 1);
  CHECK(read("[kafka]\noptions = 1\n").mistakes.size() == 1);
}

TEST_CASE("every key has a variable of its own, and a default within its bounds") {
  config c;
  std::set<std::string> variables;
  for (const auto& s : settings_of(c)) {
    CHECK(variables.insert(s.variable()).second);
    if (const auto* number = std::get_if<int64_t*>(&s.target)) {
      CAPTURE(s.name());
      CHECK(**number >= s.least);
      CHECK(**number <= s.most);
    }
  }
}

TEST_CASE("serving needs its databases and brokers") {
  CHECK(check_for_serving(servable()).empty());
  CHECK(check_for_serving(config()).size() == 5);
  auto c = servable();
  c.databases.orders.clear();
  CHECK(names(check_for_serving(c), "databases.orders"));
}

TEST_CASE("beyond loopback the simulator and open admin routes are refused") {
  auto c = servable();
  c.server.bind = "0.0.0.0";
  c.admin.token = "secret";
  CHECK(names(check_for_serving(c), "payment.gateway"));
  c.payment.gateway = "https://pay.example";
  CHECK(check_for_serving(c).empty());
  c.admin.token.clear();
  CHECK(names(check_for_serving(c), "admin.token"));
}

TEST_CASE("addresses and the token are checked before serving") {
  auto c = servable();
  c.server.bind = "localhost";
  CHECK(check_for_serving(c).front().starts_with("server.bind: "));
  c.server.bind = "::ffff:127.0.0.1";
  c.server.trusted_proxies = {"10.0.0.0/8", "::1"};
  CHECK(check_for_serving(c).empty());
  c.server.trusted_proxies.emplace_back("proxy.example");
  CHECK(check_for_serving(c)
        == strings{"server.trusted_proxies: \"proxy.example\" is neither an address nor a network "
                   "like 10.0.0.0/8"});
  c = servable();
  c.admin.token = "two words";
  CHECK(names(check_for_serving(c), "admin.token"));
}

TEST_CASE("what cannot be right is refused before serving") {
  auto c = servable();
  c.payment.gateway = "ftp://x";
  CHECK(names(check_for_serving(c), "payment.gateway"));
  c = servable();
  c.payment.latency_min_ms = 50;
  CHECK(names(check_for_serving(c), "payment.latency_min_ms"));
  c = servable();
  c.server.default_user = "a b";
  CHECK(names(check_for_serving(c), "server.default_user"));
  c = servable();
  c.node.name.clear();
  CHECK(names(check_for_serving(c), "node.name"));
  c = servable();
  c.retention.keys_hours = 23; // a repeat of its request would be a new one
  CHECK(names(check_for_serving(c), "retention.keys_hours"));
  c.retention.keys_hours = 24;
  CHECK(check_for_serving(c).empty());
  c.server.key_life = 24 * 3600 + 1;
  CHECK(names(check_for_serving(c), "retention.keys_hours"));
  c.retention.keys_hours = 0; // for ever
  CHECK(check_for_serving(c).empty());
  c.payment.gateway = "http://127.0.0.1:1"; // then no database of the simulator is needed
  c.databases.gateway.clear();
  CHECK(check_for_serving(c).empty());
}

TEST_CASE("a cluster is on loopback, behind TLS, or on a network said to be private") {
  auto c = servable();
  c.cluster.port = 3011; // without an address there is no cluster
  CHECK(check_for_serving(c).empty());
  CHECK(cluster_address(c).empty());
  c.cluster.bind = "127.0.0.1";
  CHECK(check_for_serving(c).empty());
  CHECK(cluster_address(c) == "127.0.0.1:3011");
  c.cluster.bind = "::1";
  CHECK(check_for_serving(c).empty());
  CHECK(cluster_address(c) == "[::1]:3011");
  c.cluster.bind = "10.0.0.7";
  CHECK(names(check_for_serving(c), "cluster.bind"));
  c.cluster.is_private = true;
  CHECK(check_for_serving(c).empty());
  c.cluster.bind = "node-1.example";
  CHECK(names(check_for_serving(c), "cluster.bind"));
}

TEST_CASE("who binds every address says where the others find it") {
  auto c = servable();
  c.cluster.is_private = true;
  for (const auto* every : {"0.0.0.0", "::"}) {
    c.cluster.bind = every;
    c.cluster.advertise.clear();
    CHECK(names(check_for_serving(c), "cluster.advertise"));
    for (const auto* bad :
         {"node-1", "node-1:0", "node-1:x", ":3010", "::1:3010", "node-1:70000"}) {
      c.cluster.advertise = bad;
      CHECK(names(check_for_serving(c), "cluster.advertise"));
    }
    for (const auto* good : {"node-1:3010", "10.0.0.7:1", "[::1]:3010"}) {
      c.cluster.advertise = good;
      CHECK(check_for_serving(c).empty());
      CHECK(cluster_address(c) == good);
    }
  }
}

TEST_CASE("of the files for TLS there are all or none, and they can be read") {
  const written file("pem");
  auto c = servable();
  c.cluster.bind = "10.0.0.7";
  c.cluster.certificate = file.path();
  const auto mistakes = check_for_serving(c);
  REQUIRE(mistakes.size() == 2);
  CHECK(mistakes[0] == "cluster.key: is needed with the other two for TLS");
  CHECK(mistakes[1] == "cluster.authority: is needed with the other two for TLS");
  c.cluster.key = c.cluster.authority = file.path();
  CHECK(check_for_serving(c).empty());
  c.cluster.key = "no-such-file.pem";
  CHECK(names(check_for_serving(c), "cluster.key"));
}

TEST_CASE("a switch is true or false, in the file and in the environment") {
  CHECK(read("[cluster]\nprivate = true\n").values.cluster.is_private);
  CHECK_FALSE(read("[cluster]\nprivate = true\n", {"TROUPE_CLUSTER_PRIVATE=false"})
                  .values.cluster.is_private);
  CHECK(read("[cluster]\nprivate = 1\n").mistakes
        == strings{"config.toml:2: cluster.private: must be true or false"});
  CHECK(read("[cluster]\nprivate = \"yes\"\n").mistakes
        == strings{"config.toml:2: cluster.private: must be true or false"});
  CHECK(read("", {"TROUPE_CLUSTER_PRIVATE=yes"}).mistakes
        == strings{"TROUPE_CLUSTER_PRIVATE: must be true or false"});
  CHECK(read("[cluster]\nbind = true\nport = true\n").mistakes
        == strings{"config.toml:2: cluster.bind: must be a text",
                   "config.toml:3: cluster.port: must be a number"});
}

TEST_CASE("how long rows are kept is set by kind, and nothing is negative") {
  const auto result = read("[retention]\nkeys_hours = 48\nletters_days = 0\nemails_days = 7\n",
                           {"TROUPE_RETENTION_NOTIFICATIONS_DAYS=1"});
  CHECK(result.mistakes.empty());
  const auto& r = result.values.retention;
  CHECK(r.keys_hours == 48);
  CHECK(r.letters_days == 0);
  CHECK(r.emails_days == 7);
  CHECK(r.notifications_days == 1);
  CHECK(read("[retention]\nletters_days = -1\n").mistakes
        == strings{"config.toml:2: retention.letters_days: must be from 0 to 10000"});
}
