// A name is not an id: a function that wants one does not take the other.
#include "catalog/core/ids.hpp"

void wants_name(const catalog::PackageName& name);

void pass(const catalog::PackageId& id) {
#ifdef CATALOG_MUST_NOT_COMPILE
    wants_name(id);
#else
    wants_name(id.name());
#endif
}
