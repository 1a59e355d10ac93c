// What stands under catalog/internal is for the library's own sources; a host has no path to it.
#ifdef CATALOG_MUST_NOT_COMPILE
#include "catalog/internal/try.hpp"
#else
#include "catalog/core/result.hpp"
#endif
