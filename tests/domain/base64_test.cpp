#include "domain/base64.hpp"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("base64: the vectors of RFC 4648") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe\xfb") == "//77");
  CHECK(base64url("\xff\xfe\xfb") == "__77");
}

TEST_CASE("base64url: every length comes back, no two texts mean the same") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(from_base64url(base64url(bytes)) == bytes);
    bytes += static_cast<char>(i * 37);
  }
  CHECK(from_base64url("Zg") == "f");
  for (const auto* bad : {"Z", "Zh", "Zg==", "Zm9v!", "Zm+v", "Zm 9", "Zm9vZ"})
    CHECK_FALSE(from_base64url(bad).has_value());
}
