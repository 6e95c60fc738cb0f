#include "http/json_input.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;
using troupe::http::fragment_of;
using troupe::http::json_input;

namespace {

using at = json_input::pointer;

std::string nested(int arrays) {
  return R"({"a":)" + std::string(size_t(arrays), '[') + std::string(size_t(arrays), ']') + "}";
}

struct bad_input {
  const char* what;
  std::string text;
  std::string pointer;
};

std::vector<bad_input> bad_inputs() {
  using namespace std::string_literals;
  return {
      {"nothing", "", "#"},
      {"blank", " \n", "#"},
      {"an array", "[]", "#"},
      {"a string", R"("a")", "#"},
      {"a number", "1", "#"},
      {"null", "null", "#"},
      {"an open object", "{", "#"},
      {"a trailing comma", R"({"a":1,})", "#"},
      {"a trailing comma in an array", R"({"a":[1,]})", "#"},
      {"two values", "{}{}", "#"},
      {"rubbish after the value", "{} x", "#"},
      {"a comment", "{/**/}", "#"},
      {"single quotes", "{'a':1}", "#"},
      {"bare names", "{a:1}", "#"},
      {"NaN", R"({"a":NaN})", "#"},
      {"Infinity", R"({"a":-Infinity})", "#"},
      {"a leading zero", R"({"a":01})", "#"},
      {"a leading plus", R"({"a":+1})", "#"},
      {"a bare point", R"({"a":1.})", "#"},
      {"hexadecimal", R"({"a":0x1})", "#"},
      {"a number past the doubles", R"({"a":1e400})", "#/a"},
      {"a negative number past the doubles", R"({"a":[1,-1e400]})", "#/a/1"},
      {"an escaped NUL", R"({"a":"x\u0000"})", "#/a"},
      {"an escaped NUL in a name", R"({"a\u0000":1})", "#"},
      {"a NUL byte in a string", "{\"a\":\"\0\"}"s, "#"},
      {"a NUL byte after the value", "{}\0{"s, "#"},
      {"a byte order mark", "\xef\xbb\xbf{}", "#"},
      {"a control character in a string", "{\"a\":\"\n\"}", "#"},
      {"a lone high surrogate", R"({"a":"\ud800"})", "#"},
      {"a high surrogate before a letter", R"({"a":"\ud800x"})", "#"},
      {"a lone low surrogate", R"({"a":"\udc00"})", "#"},
      {"surrogates the wrong way round", R"({"a":"\udc00\ud800"})", "#"},
      {"a surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", "#"},
      {"a cut UTF-8 sequence", "{\"a\":\"\xc3\"}", "#"},
      {"an overlong UTF-8 sequence", "{\"a\":\"\xc0\xaf\"}", "#"},
      {"Latin-1", "{\"a\":\"\xe4\"}", "#"},
      {"past U+10FFFF", "{\"a\":\"\xf4\x90\x80\x80\"}", "#"},
      {"a name twice", R"({"a":1,"a":2})", "#/a"},
      {"a name twice, once escaped", R"({"a":1,"\u0061":1})", "#/a"},
      {"a name twice, deeper", R"({"a":[{"b c":1,"b c":1}]})", "#/a/0/b%20c"},
      {"17 levels", nested(16), "#/a/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0"},
      {"17 levels of objects",
       [] {
         std::string text;
         for (int i = 0; i < 17; ++i)
           text += R"({"a":)";
         return text + "1" + std::string(17, '}');
       }(),
       "#/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"},
      {"very deep", nested(30'000), "#/a/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0"},
  };
}

} // namespace

TEST_CASE("json_input refuses what is outside the limits, and says where") {
  for (const auto& bad : bad_inputs()) {
    CAPTURE(bad.what);
    json_input in(bad.text);
    REQUIRE(in.complaints().size() == 1);
    CHECK(in.complaints()[0].pointer == bad.pointer);
    CHECK_FALSE(in.complaints()[0].detail.empty());
    CHECK(in.root() == nlohmann::json::object());
  }
}

TEST_CASE("json_input takes what is within the limits") {
  for (const auto& text :
       {std::string("{}"), std::string(" {\"a\" : [ ] }\r\n"), nested(15),
        std::string(R"({"a":"\ud83d\ude00","b":"😀","\u00e4":1.7976931348623157e308,"n":null})"),
        std::string(R"({"a":{"x":1},"b":{"x":1}})")}) {
    CAPTURE(text);
    json_input in(text);
    CHECK(in.good());
    CHECK(in.root() == nlohmann::json::parse(text));
  }
}

TEST_CASE("json_input takes an empty body only where one is optional") {
  CHECK(json_input("", true).good());
  CHECK_FALSE(json_input("").good());
  CHECK_FALSE(json_input("null", true).good());
}

TEST_CASE("a whole number counts as one, however it is written") {
  for (auto text : {"1", "1.0", "1e0", "0.1e1", "10e-1"}) {
    CAPTURE(text);
    json_input in(std::string(R"({"a":)") + text + "}");
    CHECK(in.integer(at("/a"), 1, 10) == 1);
    CHECK(in.good());
  }
}

TEST_CASE("what is no whole number between the bounds is refused") {
  for (auto text : {"0", "11", "-1", "1.5", "1.00000000000000001", "1e300", "18446744073709551616",
                    "9223372036854775808", "true", "\"1\"", "[1]", "{}"}) {
    CAPTURE(text);
    json_input in(std::string(R"({"a":)") + text + "}");
    CHECK_FALSE(in.integer(at("/a"), 1, 10));
    REQUIRE(in.complaints().size() == 1);
    CHECK(in.complaints()[0].pointer == "#/a");
    CHECK(in.complaints()[0].detail == "must be a whole number from 1 to 10");
  }
}

TEST_CASE("an amount has at most two decimals and is never rounded") {
  struct {
    const char* text;
    cents amount;
  } good[] = {{"0", 0},        {"12", 1200},      {"12.5", 1250},
              {"12.50", 1250}, {"12.500", 1250},  {"0.1", 10},
              {"1e2", 10000},  {"1.005e1", 1005}, {"9999999999999.99", 999'999'999'999'999}};
  for (const auto& [text, amount] : good) {
    CAPTURE(text);
    CHECK(json_input(std::string(R"({"a":)") + text + "}").amount(at("/a")) == amount);
  }
  for (auto text : {"12.345", "0.001", "-1", "-0.01", "12.340000000000000001", "1e300",
                    "9999999999999.991", "10000000000000.01", "\"1\"", "true"}) {
    CAPTURE(text);
    json_input in(std::string(R"({"a":)") + text + "}");
    CHECK_FALSE(in.amount(at("/a")));
    CHECK(in.complaints().size() == 1);
  }
}

TEST_CASE("an absent place is silent, a null one is absent, a required one complains") {
  json_input in(R"({"a":null,"s":"text"})");
  CHECK_FALSE(in.integer(at("/a"), 1, 2));
  CHECK_FALSE(in.amount(at("/b")));
  CHECK_FALSE(in.text(at("/s/deeper"), 10));
  CHECK_FALSE(in.id(at("/x")));
  CHECK(in.good());
  in.complain_if_absent(at("/a"));
  in.complain_if_absent(at("/s"));
  REQUIRE(in.complaints().size() == 1);
  CHECK(in.complaints()[0].pointer == "#/a");
  CHECK(in.complaints()[0].detail == "is required");
}

TEST_CASE("texts and ids") {
  json_input in(R"({"s":"12345","i":"a_B-9","bad":"a b","n":1,"e":""})");
  CHECK(in.text(at("/s"), 5) == "12345");
  CHECK(in.id(at("/i")) == "a_B-9");
  CHECK(in.good());
  CHECK_FALSE(in.text(at("/s"), 4));
  CHECK_FALSE(in.text(at("/n"), 4));
  for (auto place : {"/bad", "/n", "/e"})
    CHECK_FALSE(in.id(at(place)));
  CHECK(in.complaints().size() == 5);
}

TEST_CASE("pointers are URI fragments") {
  CHECK(fragment_of(at()) == "#");
  CHECK(fragment_of(at() / "a/b" / "c~d" / "e f" / 0) == "#/a~1b/c~0d/e%20f/0");
  CHECK(fragment_of(at() / "\xc3\xa4\"") == "#/%C3%A4%22");
}
