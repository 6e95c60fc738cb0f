#pragma once
// What every fuzz target ends with when a promise is broken. Not an assert: it must hold in every
// build.

#include <cstdio>
#include <cstdlib>

#define FUZZ_CHECK(holds)                                                                          \
  do {                                                                                             \
    if (!(holds)) {                                                                                \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #holds);                     \
      std::abort();                                                                                \
    }                                                                                              \
  } while (false)
