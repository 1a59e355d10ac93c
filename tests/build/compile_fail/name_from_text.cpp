// Text becomes a name only through PackageName::parse, which checks it.
#include <optional>

#include "catalog/core/ids.hpp"

std::optional<catalog::PackageName> make_name() {
#ifdef CATALOG_MUST_NOT_COMPILE
    return catalog::PackageName(std::string("acme/blas"));
#else
    auto name = catalog::PackageName::parse("acme/blas");
    if (!name) return std::nullopt;
    return *std::move(name);
#endif
}
