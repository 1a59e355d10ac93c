// The shared object's own part: the one exported symbol, and the note that tells what it is before
// anybody loads it.

#include "identity_list.hpp"
#include "instance.hpp"

extern "C" hmx_status hypermesh_extension_query_v0(uint32_t host_major, uint32_t host_minor,
                                                   const hmx_extension_api** out) {
    if (out == nullptr) return HMX_E_INVALID_ARGUMENT;
    *out = nullptr;
    // While the major is 0 a minor may change meanings, so it must be the same.
    if (host_major != HMX_ABI_MAJOR || host_minor != HMX_ABI_MINOR) return HMX_E_ABI_MISMATCH;
    *out = &catalog::extension::extension_api();
    return HMX_OK;
}

// Written for the assembler: a C++ object could get padding, red zones or be dropped as unused.
// "a" and @note put it into a loadable note segment, which strip and --gc-sections keep.
__asm__(
    ".pushsection .note.hypermesh, \"a\", @note\n"
    ".balign 4\n"
    ".long 2f - 1f\n"
    ".long 4f - 3f\n"
    ".long 1\n"
    "1: .asciz \"HyperMesh\"\n"
    "2: .balign 4\n"
    "3: .ascii \"" CATALOG_EXTENSION_NOTE
    "\"\n"
    "4: .balign 4\n"
    ".popsection\n");
