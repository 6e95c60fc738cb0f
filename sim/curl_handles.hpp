#pragma once
// libcurl's handles, each with its end, and what is asked of them more than once.

#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include <curl/curl.h>

namespace troupe::sim {

struct easy_end {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct multi_end {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct share_end {
  void operator()(CURLSH* share) const { curl_share_cleanup(share); }
};
struct list_end {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct url_end {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct text_end {
  void operator()(char* text) const { curl_free(text); }
};
using easy_ptr = std::unique_ptr<CURL, easy_end>;
using list_ptr = std::unique_ptr<curl_slist, list_end>;

inline void append(list_ptr& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr)
    throw std::bad_alloc();
  (void)list.release();
  list.reset(longer);
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK)
    throw std::runtime_error("libcurl refused an option");
}

/// Of an answer; empty: it has none of this name.
inline std::string header(CURL* easy, const char* name) {
  curl_header* found = nullptr;
  return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : "";
}

/// Whether a head has begun to come.
inline bool heard_anything(CURL* easy) {
  long bytes = 0;
  curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &bytes);
  return bytes > 0;
}

} // namespace troupe::sim
