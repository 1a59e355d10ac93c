// Nothing but the headers, as C11.
#include "catalog/abi/extension.h"
#include "catalog/abi/library.h"
#include "catalog/abi/services.h"

hmx_status extension_headers_c11(const hmx_extension_api* api, const cat_library_api* library);
hmx_status extension_headers_c11(const hmx_extension_api* api, const cat_library_api* library) {
    return HMX_HAS(api, cancel) && HMX_IFACE_HAS(library, close_content) ? HMX_OK
                                                                         : HMX_E_UNSUPPORTED;
}
