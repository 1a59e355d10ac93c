// Types that travel into calls are not aggregates: docs/decisions/0001-no-coroutines.md.
#include "catalog/core/call_context.hpp"

catalog::CallContext make_context() {
#ifdef CATALOG_MUST_NOT_COMPILE
    return catalog::CallContext{.principal = catalog::Principal{"ada"}};
#else
    catalog::CallContext context;
    context.principal.id = "ada";
    return context;
#endif
}
