#pragma once
// The parts that an instance makes at start, from the folders that hold them.

#include "requests/requests.hpp"

#if CATALOG_EXTENSION_TYPED
#include "typed/library_api.hpp"
#else
namespace catalog::extension {
class TypedCalls {};
}  // namespace catalog::extension
#endif
