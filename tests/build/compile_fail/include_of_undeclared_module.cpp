// Module version declares core; kv is not among its dependencies, so its headers are not there.
#ifdef CATALOG_MUST_NOT_COMPILE
#include "catalog/kv/key_value_store.hpp"
#else
#include "catalog/core/error.hpp"
#endif

#include "catalog/version/semver.hpp"
