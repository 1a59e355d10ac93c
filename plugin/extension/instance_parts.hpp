#pragma once
// The parts that an instance makes at start, from the folders that hold them.

#if __has_include("requests/requests.hpp")
#include "requests/requests.hpp"
#define CATALOG_EXTENSION_REQUESTS 1
#else
#define CATALOG_EXTENSION_REQUESTS 0
namespace catalog::extension {
struct Method {};
class Requests {};
}  // namespace catalog::extension
#endif

#if __has_include("typed/library_api.hpp")
#include "typed/library_api.hpp"
#define CATALOG_EXTENSION_TYPED 1
#else
#define CATALOG_EXTENSION_TYPED 0
namespace catalog::extension {
class TypedCalls {};
}  // namespace catalog::extension
#endif
