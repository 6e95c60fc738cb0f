#include "outside/mail_message.hpp"
#include "outside/mail_transport.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

using namespace troupe;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path;
  folder() {
    std::string name = (fs::temp_directory_path() / "troupe-spool-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~folder() { fs::remove_all(path); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::recursive_directory_iterator(path))
      if (entry.is_regular_file())
        all.push_back(entry.path());
    return all;
  }
};

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

/// Hands over one; why it could not be, if so.
std::string send(mail_transport& to, const mail& one) {
  return to.send({&one, 1}).at(0);
}

mail sample() {
  return {"order-7.0@troupe", "user-1@example.com", "Order confirmed", "Thank you.\nBye."};
}

} // namespace

TEST_CASE("an e-mail is one whole file in RFC 5322's form") {
  folder spool;
  auto transport = make_spool_transport((spool.path / "deep" / "er").string(), "shop@example.com");
  CHECK(send(*transport, sample()).empty());
  REQUIRE(spool.files().size() == 1);
  CHECK(spool.files()[0].filename() == "order-7.0@troupe.eml");
  auto text = content(spool.files()[0]);
  CHECK(text.starts_with("Message-ID: <order-7.0@troupe>\r\nDate: "));
  CHECK(text.find("\r\nFrom: <shop@example.com>\r\nTo: <user-1@example.com>\r\n"
                  "Subject: Order confirmed\r\n")
        != std::string::npos);
  CHECK(text.ends_with("\r\n\r\nThank you.\r\nBye.\r\n"));
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    CHECK(text[at - 1] == '\r');
}

TEST_CASE("a repeat replaces its file") {
  folder spool;
  auto transport = make_spool_transport(spool.path.string(), "shop@example.com");
  CHECK(send(*transport, sample()).empty());
  auto again = sample();
  again.body = "changed";
  CHECK(send(*transport, again).empty());
  REQUIRE(spool.files().size() == 1);
  CHECK(content(spool.files()[0]).ends_with("changed\r\n"));
}

TEST_CASE("no field can add a header") {
  folder spool;
  auto transport = make_spool_transport(spool.path.string(), "shop@example.com");
  auto evil = sample();
  evil.subject = "Hi\r\nBcc: all@example.com\r\n\r\nbody";
  CHECK(send(*transport, evil).empty());
  auto text = content(spool.files().at(0));
  auto head = text.substr(0, text.find("\r\n\r\n"));
  CHECK(head.find("\nBcc") == std::string::npos);
  CHECK(head.find("Subject: =?UTF-8?Q?Hi=0D=0ABcc=3A_all=40example=2Ecom") != std::string::npos);
  for (auto field : {&mail::to, &mail::message_id}) {
    for (const char* value : {"a@b\r\nBcc: c@d", "", "a b", "a>b", "a\nb", "\xC3\xA4@b"}) {
      auto bad = sample();
      bad.*field = value;
      CHECK_FALSE(send(*transport, bad).empty());
    }
  }
  CHECK(spool.files().size() == 1);
}

TEST_CASE("a message id never leaves the folder and never takes another's name") {
  folder spool;
  auto transport = make_spool_transport((spool.path / "in").string(), "shop@example.com");
  auto what = sample();
  for (const char* id : {"../../etc/x", "..", ".hidden", "a/b", "a_b", "a:b"}) {
    what.message_id = id;
    CHECK(send(*transport, what).empty());
  }
  auto files = spool.files();
  CHECK(files.size() == 6);
  for (const auto& file : files) {
    CHECK(file.parent_path() == spool.path / "in");
    CHECK(file.filename().string().front() != '.');
  }
  CHECK(spool_name(std::string(250, 'x')).size() < 200);
  CHECK(spool_name(std::string(250, 'x')) != spool_name(std::string(251, 'x')));
}

TEST_CASE("what is not ASCII is encoded, whole characters at a time") {
  CHECK(encoded_header("Bücher für 5 €") == "=?UTF-8?Q?B=C3=BCcher_f=C3=BCr_5_=E2=82=AC?=");
  CHECK(encoded_header("=?UTF-8?Q?x?=") == "=?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fx=3F=3D?=");
  std::string subject;
  for (int i = 0; i < 60; ++i)
    subject += "€";
  auto folded = encoded_header(subject);
  std::stringstream lines(folded);
  int words = 0;
  for (std::string line; std::getline(lines, line); ++words) {
    CHECK(line.size() <= 77);
    size_t marks = 0;
    for (char c : line)
      marks += c == '=';
    CHECK((marks - 2) % 3 == 0); // three bytes a character
  }
  CHECK(words > 1);
}

TEST_CASE("a body survives: long lines, trailing blanks, dots, equal signs, UTF-8") {
  CHECK(quoted_printable("a=b") == "a=3Db\r\n");
  CHECK(quoted_printable("a \nb\t") == "a=20\r\nb=09\r\n");
  CHECK(quoted_printable(".\n..x") == "=2E\r\n=2E.x\r\n");
  CHECK(quoted_printable("ä\r\nb") == "=C3=A4\r\nb\r\n");
  CHECK(quoted_printable("").empty());
  std::stringstream lines(quoted_printable(std::string(500, 'x') + "\n" + std::string(90, '=')));
  std::string joined;
  for (std::string line; std::getline(lines, line);) {
    REQUIRE(line.ends_with('\r'));
    line.pop_back();
    CHECK(line.size() <= 76);
    joined += line.ends_with('=') ? line.substr(0, line.size() - 1) : line + "\n";
  }
  std::string equals;
  for (int i = 0; i < 90; ++i)
    equals += "=3D";
  CHECK(joined == std::string(500, 'x') + "\n" + equals + "\n");
}

TEST_CASE("dates are English and UTC") {
  using namespace std::chrono;
  CHECK(mail_date(system_clock::time_point(seconds(1700000000)))
        == "Tue, 14 Nov 2023 22:13:20 +0000");
}

TEST_CASE("a spool that cannot be written is an error, and leaves nothing behind") {
  folder spool;
  std::ofstream(spool.path / "taken") << "a file";
  auto transport = make_spool_transport((spool.path / "taken").string(), "shop@example.com");
  CHECK(send(*transport, sample()).find("cannot make") != std::string::npos);
  auto blocked = make_spool_transport(spool.path.string(), "shop@example.com");
  fs::create_directories(spool.path / "order-7.0@troupe.eml"); // a folder has the name
  CHECK(send(*blocked, sample()).find("cannot rename") != std::string::npos);
  CHECK(spool.files().size() == 1);
}

TEST_CASE("one that cannot be sent holds up none of those beside it") {
  folder spool;
  fs::create_directories(spool.path / "b.eml"); // a folder has the name
  auto transport = make_spool_transport(spool.path.string(), "shop@example.com");
  std::vector<mail> all(4, sample());
  for (size_t i = 0; i < all.size(); ++i)
    all[i].message_id = std::string(1, static_cast<char>('a' + i));
  all[2].to = "nobody\r\n";
  auto wrong = transport->send(all);
  REQUIRE(wrong.size() == 4);
  CHECK(wrong[0].empty());
  CHECK(wrong[1].find("cannot rename") != std::string::npos);
  CHECK(wrong[2].find("malformed To") != std::string::npos);
  CHECK(wrong[3].empty());
  CHECK(spool.files().size() == 2);
  CHECK(fs::exists(spool.path / "a.eml"));
  CHECK(fs::exists(spool.path / "d.eml"));
}
