// Secrets in files of their own.

#include "app/config.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

using namespace troupe;
using strings = std::vector<std::string>;

namespace {

/// A folder for the secrets of one test.
class secret_folder {
public:
  secret_folder()
      : path_(std::filesystem::temp_directory_path()
              / ("troupe-secrets-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(path_);
  }
  ~secret_folder() { std::filesystem::remove_all(path_); }
  secret_folder(const secret_folder&) = delete;
  secret_folder& operator=(const secret_folder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

config_result read(const strings& environment) {
  return read_config("", false, environment);
}

strings mistakes_for_token(const std::string& file) {
  return read({"TROUPE_ADMIN_TOKEN_FILE=" + file}).mistakes;
}

} // namespace

TEST_CASE("every secret can come from a file, without its line end") {
  secret_folder files;
  const auto got
      = read({"TROUPE_ADMIN_TOKEN_FILE=" + files.write("token", "t0ken\n"),
              "TROUPE_DATABASES_ORDERS_FILE=" + files.write("o", "dbname=o\n\n"),
              "TROUPE_DATABASES_PAYMENTS_FILE=" + files.write("p", "dbname=p\r\n"),
              "TROUPE_DATABASES_INVENTORY_FILE=" + files.write("i", "dbname=i"),
              "TROUPE_DATABASES_EMAILING_FILE=" + files.write("e", " dbname=e "),
              "TROUPE_DATABASES_GATEWAY_FILE=" + files.write("g", "dbname=g"),
              "TROUPE_KAFKA_OPTIONS_SASL_PASSWORD_FILE=" + files.write("k", "pass\n"),
              "TROUPE_KAFKA_OPTIONS_SSL_KEY_PASSWORD_FILE=" + files.write("l", "key\n")});
  CHECK(got.mistakes.empty());
  CHECK(got.values.admin.token == "t0ken");
  CHECK(got.values.databases.orders == "dbname=o\n");
  CHECK(got.values.databases.payments == "dbname=p");
  CHECK(got.values.databases.inventory == "dbname=i");
  CHECK(got.values.databases.emailing == " dbname=e ");
  CHECK(got.values.databases.gateway == "dbname=g");
  CHECK(got.values.kafka.options
        == std::map<std::string, std::string>{{"sasl.password", "pass"},
                                              {"ssl.key.password", "key"}});
}

TEST_CASE("the configuration file names files of secrets too") {
  secret_folder files;
  const auto file = files.write("config.toml", "[admin]\ntoken = \"\"\ntoken_file = \""
                                                   + files.write("a", "x\n")
                                                   + "\"\n[kafka.options]\nsasl.password_file = \""
                                                   + files.write("b", "y\n") + "\"\n");
  const auto got = read_config(file, true, {});
  CHECK(got.mistakes.empty());
  CHECK(got.values.admin.token == "x");
  CHECK(got.values.kafka.options.at("sasl.password") == "y");
}

TEST_CASE("the simulator's books are beside the payments that a file names") {
  secret_folder files;
  CHECK(read({"TROUPE_DATABASES_PAYMENTS_FILE=" + files.write("p", "dbname=p\n")})
            .values.databases.gateway
        == "dbname=p");
}

TEST_CASE("a secret and its file are one too many") {
  secret_folder files;
  const auto file = files.write("a", "hunter2\n");
  CHECK(read({"TROUPE_ADMIN_TOKEN=hunter1", "TROUPE_ADMIN_TOKEN_FILE=" + file}).mistakes
        == strings{"admin.token and admin.token_file: only one of them may be given"});
  CHECK(read({"TROUPE_KAFKA_OPTIONS_SASL_PASSWORD=hunter1",
              "TROUPE_KAFKA_OPTIONS_SASL_PASSWORD_FILE=" + file})
            .mistakes
        == strings{"kafka.options.sasl.password and kafka.options.sasl.password_file: only one of "
                   "them may be given"});
}

TEST_CASE("a file that cannot be used is named with its key") {
  secret_folder files;
  const auto missing = files.path() + "/missing";
  CHECK(mistakes_for_token(missing)
        == strings{"admin.token_file: " + missing + ": No such file or directory"});
  CHECK(mistakes_for_token(files.path())
        == strings{"admin.token_file: " + files.path() + ": Is a directory"});
  for (const auto* empty : {"", "\n"}) {
    const auto file = files.write("empty", empty);
    CHECK(mistakes_for_token(file) == strings{"admin.token_file: " + file + ": is empty"});
  }
  const auto large = files.write("large", std::string(65'537, 'x'));
  CHECK(mistakes_for_token(large)
        == strings{"admin.token_file: " + large + ": is larger than 65536 bytes"});
  CHECK(mistakes_for_token(files.write("most", std::string(65'536, 'x'))).empty());
  const auto nul = files.write("nul", std::string("a\0b", 3));
  CHECK(mistakes_for_token(nul) == strings{"admin.token_file: " + nul + ": holds a NUL character"});
}

TEST_CASE("what is no secret comes from no file") {
  CHECK(read({"TROUPE_SERVER_BIND_FILE=/x"}).mistakes
        == strings{"TROUPE_SERVER_BIND_FILE: no such key"});
  // librdkafka then refuses the name that it does not know.
  CHECK(read({"TROUPE_KAFKA_OPTIONS_SSL_CA_LOCATION_FILE=/x"})
            .values.kafka.options.count("ssl.ca.location_file")
        == 1);
}

TEST_CASE("no mistake quotes what may be a secret") {
  secret_folder files;
  for (const auto* value : {"hunter2",
                            "thunter2",
                            "fhunter2",
                            "ihunter2",
                            "nhunter2",
                            "\"hunter2",
                            "'hunter2",
                            "\"\\qhunter2\"",
                            "\"hunter2\" hunter2",
                            "0xhunter2",
                            "1hunter2",
                            "-hunter2",
                            "[\"hunter2\"]",
                            "{hunter2",
                            "\"\"\"hunter2",
                            "2026-13-01Thunter2",
                            "= hunter2",
                            "\"a\"\nhunter2",
                            "hunter2 = 1",
                            "\"hun\nter2\""}) {
    const auto file = files.write("config.toml", std::string("[admin]\ntoken = ") + value + "\n");
    const auto mistakes = read_config(file, true, {}).mistakes;
    REQUIRE(mistakes.size() == 1);
    CAPTURE(mistakes[0]);
    CHECK(mistakes[0].find("unter2") == std::string::npos);
  }
}
