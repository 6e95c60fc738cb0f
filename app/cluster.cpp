#include "app/cluster.hpp"

#include <openssl/ssl.h>

#include <memory>

namespace troupe {

cluster_net_options cluster_net_options_of(const config& c) {
  const auto& at = c.cluster;
  return {at.bind, static_cast<uint16_t>(at.port), at.certificate, at.key, at.authority};
}

std::vector<std::string> mistakes_in_certificates(const config& c) {
  const auto& at = c.cluster;
  if (at.bind.empty() || at.certificate.empty())
    return {};
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_method()),
                                                             SSL_CTX_free);
  // There is nobody to ask for a passphrase.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
  std::vector<std::string> wrong;
  const auto check = [&](int loaded, const char* key, const std::string& what) {
    if (loaded != 1)
      wrong.push_back(std::string("cluster.") + key + ": " + what);
  };
  check(SSL_CTX_use_certificate_chain_file(context.get(), at.certificate.c_str()), "certificate",
        at.certificate + " holds no certificate in PEM");
  check(SSL_CTX_use_PrivateKey_file(context.get(), at.key.c_str(), SSL_FILETYPE_PEM), "key",
        at.key + " holds no private key in PEM, without a passphrase, that fits the certificate");
  check(SSL_CTX_load_verify_locations(context.get(), at.authority.c_str(), nullptr), "authority",
        at.authority + " holds no certificate in PEM");
  return wrong;
}

} // namespace troupe
