// The pages are served by name, not sent twice to whoever has them, and may run and load nothing
// that is not a file of ours.

#include "http/documents.hpp"
#include "shop.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::test;

TEST_CASE_FIXTURE(shop, "the pages and what they load are served with their types") {
  const std::map<std::string, std::string> wanted{
      {"/", "text/html; charset=utf-8"},
      {"/admin", "text/html; charset=utf-8"},
      {"/web/style.css", "text/css; charset=utf-8"},
      {"/web/pages.css", "text/css; charset=utf-8"},
      {"/web/icon.svg", "image/svg+xml"},
      {"/web/lib/api.js", "text/javascript; charset=utf-8"},
      {"/web/vendor/bootstrap.css", "text/css; charset=utf-8"},
      {"/web/vendor/chart.js", "text/javascript; charset=utf-8"},
  };
  for (const auto& [path, type] : wanted) {
    CAPTURE(path);
    const auto first = get(path);
    CHECK(first.status == 200);
    CHECK(first.header("Content-Type") == type);
    CHECK(first.header("Cache-Control") == "no-cache");
    CHECK(first.header("X-Content-Type-Options") == "nosniff");
    CHECK(first.header("Referrer-Policy") == "same-origin");
    const std::string etag(first.header("ETag"));
    const auto again = get(path, {{"If-None-Match", etag}});
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    CHECK(send("HEAD", path).header("ETag") == etag);
  }
}

TEST_CASE_FIXTURE(shop, "what is no page is a 404, whatever its name") {
  for (const auto* path : {"/web/none.js", "/web/lib/none.js", "/web/a/b/c.js", "/web/..", "/web/",
                           "/web/lib", "/web/%2e%2e/lib", "/web/lib%2Fapi.js", "/index.html"}) {
    CAPTURE(path);
    const auto answer = get(path);
    CHECK(answer.status == 404);
    CHECK(answer.header("Content-Type") == "application/problem+json");
  }
  CHECK(send("POST", "/").status == 405);
}

TEST_CASE_FIXTURE(shop, "no page holds a script, a style or an address of elsewhere") {
  const auto policy = std::string(get("/").header("Content-Security-Policy"));
  CHECK(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
  CHECK(policy.find("unsafe") == std::string::npos);
  for (const auto& file : http::web_files()) {
    CAPTURE(file.path);
    if (!file.path.starts_with("/web/vendor/"))
      CHECK(file.text.find("innerHTML") == std::string_view::npos);
    if (!file.path.ends_with(".html"))
      continue;
    for (const auto* never : {"<style", " style=", "onclick", "<script>", "://"})
      CHECK(file.text.find(never) == std::string_view::npos);
  }
}
