#include "http_ask.hpp"

#include <curl/curl.h>

#include <memory>
#include <stdexcept>

namespace troupe::test {

namespace {

size_t take(char* data, size_t, size_t length, void* into) {
  static_cast<std::string*>(into)->append(data, length);
  return length;
}

} // namespace

asked ask(const std::string& method, const std::string& url, const std::string& body,
          const std::vector<std::string>& headers, std::chrono::milliseconds limit) {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
  curl_slist* lines = curl_slist_append(nullptr, "Expect:");
  for (const auto& line : headers)
    lines = curl_slist_append(lines, line.c_str());
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owned(lines, curl_slist_free_all);
  asked out;
  CURL* c = easy.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, lines);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &out.body);
  if (method != "GET") {
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  auto result = curl_easy_perform(c);
  long status = 0;
  if (result == CURLE_OK)
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  out.status = static_cast<int>(status);
  out.timed_out = result == CURLE_OPERATION_TIMEDOUT;
  return out;
}

} // namespace troupe::test
