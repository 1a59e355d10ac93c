// catalog/abi/library.h - the typed calls of an asset library, an interface of an extension:
// get_interface(CAT_LIBRARY_INTERFACE, CAT_LIBRARY_VERSION). The rules are those of extension.h.
//
// Typed are the calls that are made often and those that give content; everything else is a request
// in JSON (docs/abi.md lists the methods). All calls are [any] and synchronous, need
// HMX_STATE_RUNNING, and never touch the network. Where a package is named, `id` is NAME or
// NAME@VERSION and `requirement` narrows a bare NAME ("^1.2", empty: the newest; a whole version is
// that one exactly, whatever its state). Texts of more than 64 KiB are HMX_E_TOO_LARGE.
#ifndef CATALOG_ABI_LIBRARY_H
#define CATALOG_ABI_LIBRARY_H

#include "catalog/abi/extension.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CAT_LIBRARY_INTERFACE "hypermesh.asset_library"
#define CAT_LIBRARY_VERSION 0u

enum {
    CAT_STATE_PREPARING = 0,
    CAT_STATE_PUBLISHED = 1,
    CAT_STATE_INSTALLING = 2,
    CAT_STATE_INSTALLED = 3,
    CAT_STATE_UPDATING = 4,
    CAT_STATE_DEPRECATED = 5,
    CAT_STATE_ARCHIVED = 6,
};

enum {
    CAT_TYPE_LIBRARY = 0,
    CAT_TYPE_APPLICATION = 1,
    CAT_TYPE_VM = 2,
    CAT_TYPE_CONTAINER = 3,
    CAT_TYPE_DATASET = 4,
    CAT_TYPE_MODEL = 5,
    CAT_TYPE_TEMPLATE = 6,
    CAT_TYPE_RESOURCE = 7,
    CAT_TYPE_ANY = 255,  ///< In a filter.
};

enum {
    CAT_DEPENDENCY_REQUIRED = 0,
    CAT_DEPENDENCY_OPTIONAL = 1,
    CAT_DEPENDENCY_DEVELOPMENT = 2,
    CAT_DEPENDENCY_BUILD = 3,
    CAT_DEPENDENCY_PEER = 4,
};

enum {
    CAT_PACKAGE_YANKED = 1,
    CAT_PACKAGE_METADATA_ONLY = 2,  ///< Imported: can be found and resolved, not installed.
};

/// SHA-256.
typedef struct cat_hash {
    uint8_t bytes[32];
} cat_hash;

typedef struct cat_dependency {
    uint32_t struct_size;
    uint32_t kind;  ///< CAT_DEPENDENCY_*.
    hmx_str name;
    hmx_str requirement;
    hmx_str platform;   ///< Empty: everywhere.
    hmx_list features;  ///< Of hmx_str.
} cat_dependency;

/// One package version as it was at one moment: never changes, and every view in it lives until
/// release(owner). The caller sets struct_size.
typedef struct cat_package {
    uint32_t struct_size;
    uint32_t state;  ///< CAT_STATE_*.
    uint32_t type;   ///< CAT_TYPE_*.
    uint32_t flags;  ///< CAT_PACKAGE_*.
    hmx_str id;      ///< NAME@VERSION.
    hmx_str name;
    hmx_str version;
    hmx_str description;
    hmx_str license;
    hmx_str metadata_json;  ///< Everything that the manifest says, as JSON.
    uint32_t version_major;
    uint32_t version_minor;
    uint32_t version_patch;
    uint32_t reserved;
    uint64_t file_count;
    uint64_t size_bytes;  ///< Of all files.
    uint64_t log_index;
    int64_t published_us;  ///< Microseconds since the Unix epoch.
    cat_hash digest;       ///< Of the canonical manifest.
    cat_hash files_root;
    hmx_list authors;       ///< Of hmx_str.
    hmx_list keywords;      ///< Of hmx_str.
    hmx_list dependencies;  ///< Of cat_dependency.
    void* owner;
    void (*release)(void* owner);
} cat_package;

/// Narrows a listing or a search. Zero or empty members do not narrow, apart from type, where
/// CAT_TYPE_ANY does not.
typedef struct cat_filter {
    uint32_t struct_size;
    uint32_t type;            ///< CAT_TYPE_*.
    uint32_t include_yanked;  ///< 1: yanked versions too.
    uint32_t all_versions;    ///< 1: every version, not only the newest of each name.
    hmx_str name_prefix;
    hmx_str tag;
    hmx_str keyword;
    hmx_str author;
    hmx_str license;
} cat_filter;

/// Where a listing ended. The caller sets struct_size.
typedef struct cat_page {
    uint32_t struct_size;
    uint32_t count;  ///< Packages given to the callback.
    hmx_str cursor;  ///< For the next page; empty at the end. Lives until release(owner).
    void* owner;
    void (*release)(void* owner);
} cat_page;

/// Takes one package, borrowed for the call: owner is null. Of a package that the caller may list
/// but not read it shows what the list itself says: no manifest and nothing that only the manifest
/// says. A status other than HMX_OK ends the walk and is returned by it.
typedef hmx_status (*cat_package_fn)(void* user, const cat_package* package, double score);

/// An open file of a package. The caller sets struct_size.
typedef struct cat_content_info {
    uint32_t struct_size;
    uint32_t mode;  ///< 0644 or 0755.
    uint64_t size_bytes;
    cat_hash tree;  ///< RFC 6962 root over its 64 KiB blocks.
} cat_content_info;

typedef struct cat_library_api {
    hmx_iface iface;

    /// Gives the package that `id` and `requirement` name, as the last commit left it. Looked at
    /// again, it costs no allocation and no I/O until the library changes; an instance that opened
    /// the library for reading asks its files whether it has. out needs room for `release`.
    /// HMX_E_NOT_FOUND, HMX_E_VERSION_CONFLICT (the
    /// name is there, no version fits), HMX_E_INVALID_ARGUMENT.
    hmx_status (*get_package)(hmx_instance* instance, const hmx_call* call, hmx_str id,
                              hmx_str requirement, cat_package* out, hmx_error* error);
    /// Gives packages in byte order of names, newest version first. limit 1 to 10000. filter and
    /// page may be null.
    hmx_status (*list_packages)(hmx_instance* instance, const hmx_call* call,
                                const cat_filter* filter, uint32_t limit, hmx_str cursor,
                                cat_package_fn each, void* user, cat_page* page, hmx_error* error);
    /// Gives the packages that hold every word, best first. limit 1 to 10000. filter may be null.
    hmx_status (*search_packages)(hmx_instance* instance, const hmx_call* call, hmx_str words,
                                  const cat_filter* filter, uint32_t limit, cat_package_fn each,
                                  void* user, hmx_error* error);

    /// Opens one file of a package. It keeps its bytes while it is open, whatever becomes of the
    /// package, and is closed by shutdown. HMX_E_NOT_FOUND (package, file, or its content is not
    /// here), HMX_E_TOO_LARGE (16384 files are open).
    hmx_status (*open_content)(hmx_instance* instance, const hmx_call* call, hmx_str id,
                               hmx_str path, hmx_handle* out, hmx_error* error);
    hmx_status (*content_info)(hmx_instance* instance, hmx_handle content, cat_content_info* out);
    /// Copies up to `capacity` verified bytes from `offset`. *got is less only at the end; at or
    /// behind the end HMX_E_END. HMX_E_CORRUPT: what is stored does not match; nothing is given,
    /// and what was written of the buffer is zeros.
    hmx_status (*read_at)(hmx_instance* instance, hmx_handle content, uint64_t offset,
                          uint8_t* buffer, size_t capacity, size_t* got, hmx_error* error);
    /// Gives verified bytes from `offset` without a copy for the caller: at least one, at most
    /// `wanted` (0: as many as there are at hand). Errors as read_at.
    hmx_status (*map_at)(hmx_instance* instance, hmx_handle content, uint64_t offset, size_t wanted,
                         hmx_buf* out, hmx_error* error);
    /// Closes it. Mapped buffers stay valid until they are released. HMX_E_NOT_FOUND.
    hmx_status (*close_content)(hmx_instance* instance, hmx_handle content);
} cat_library_api;

HMX_STATIC_ASSERT(sizeof(cat_hash) == 32, "layout");

#ifdef __cplusplus
}
#endif
#endif
