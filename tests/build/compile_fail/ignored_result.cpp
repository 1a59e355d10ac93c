// A call that can fail cannot be written as if it could not.
#include "catalog/core/ids.hpp"

void parse_a_name() {
#ifdef CATALOG_MUST_NOT_COMPILE
    catalog::PackageName::parse("acme/blas");
#else
    const auto name = catalog::PackageName::parse("acme/blas");
    static_cast<void>(name);
#endif
}
