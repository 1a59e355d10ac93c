/* The layout of the C interface, told row by row. */
#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A struct: member empty, offset 0, its size. A member: its offset and size. */
typedef void (*hmx_layout_row)(void* user, const char* type, const char* member, size_t offset,
                               size_t size);
void hmx_layout(hmx_layout_row row, void* user);

#ifdef __cplusplus
}
#endif
