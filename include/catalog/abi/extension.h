// catalog/abi/extension.h - the C interface between an extension and the host that loads it.
//
// C11 and C++20, 64-bit little-endian. Major 0: names and meanings may still change with the minor
// number; a host and an extension of different majors refuse each other. docs/abi.md explains and
// shows how to use it. The rules that both sides keep:
//
//  R1  Plain C. Fixed-width integers, pointers and function pointers only: no bool, enum type,
//      bit-field, variadic function, errno, FILE or time_t. No implicit padding. Enumerations are
//      integer constants, and a reader handles values that it does not know.
//  R2  Tables and structs that may grow begin with struct_size, the writer's sizeof. Within a major
//      members are only ever appended. A reader touches a member only if HMX_HAS tells that it is
//      there; a callee that fills a caller's struct writes at most the caller's struct_size bytes.
//      Lists carry their stride.
//  R3  An extension exports one symbol, hypermesh_extension_query_v0, whose suffix is the major. It
//      is pure: no allocation, no thread, no file, callable before and after anything else.
//  R4  Nothing of an extension runs before the query: no constructor touches files, threads,
//      locale, signals or environment. Id, version and required services stand in the ELF note
//      .note.hypermesh, readable without loading.
//  R5  Who allocates frees. An object that outlives its call comes with owner and release;
//      release(owner) may be called once, on any thread. Inputs are borrowed for the call, and an
//      asynchronous call copies what it needs before it returns. Objects that are still out are
//      counted: destroy answers HMX_E_BUSY until all are released.
//  R6  Errors are a status and, where the call takes one, a caller-allocated hmx_error that points
//      nowhere. A null hmx_error is allowed everywhere.
//  R7  No exception, longjmp or panic crosses, in either direction.
//  R8  Calls marked [control] are made one at a time per instance. Calls marked [any] may be made
//      from any thread at the same time. No thread is special. An extension holds no lock while it
//      calls the host or a completion, and a completion may make any [any] call.
//  R9  Asynchronous calls: when the call does not return HMX_OK its completion never runs; when it
//      does, the completion runs exactly once, before the call returns only with
//      HMX_CALL_INLINE_OK. Operation ids are never 0 and never used again. cancel never blocks and
//      never fails for an operation that has ended; the completion still comes, with
//      HMX_E_CANCELLED or the real outcome. What `result` points to lives as long as the completion
//      runs, unless its owner is taken (hmx_buf: copy the struct and set the original's owner to
//      null).
//  R10 Deadlines are absolute nanoseconds of CLOCK_MONOTONIC, 0 for none. They are looked at when a
//      call is admitted and wherever it can stop without leaving anything half done.
//  R11 After shutdown has completed no thread, timer, descriptor or registration of the instance is
//      left. A child of fork gets HMX_E_FORKED from every call.
//  R12 An extension runs in the host's address space and is trusted like the host. Capabilities
//      gate what the host's services and the extension's requests do; they are no sandbox.
#ifndef CATALOG_ABI_EXTENSION_H
#define CATALOG_ABI_EXTENSION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define HMX_STATIC_ASSERT(condition, message) static_assert(condition, message)
extern "C" {
#else
#define HMX_STATIC_ASSERT(condition, message) _Static_assert(condition, message)
#endif

#define HMX_EXPORT __attribute__((visibility("default")))

#define HMX_ABI_MAJOR 0u
#define HMX_ABI_MINOR 1u

HMX_STATIC_ASSERT(sizeof(void*) == 8 && sizeof(size_t) == 8, "this interface is for LP64");

// ---- Vocabulary ----

typedef int32_t hmx_status;   ///< 0 or one of HMX_E_*; an unknown value counts as HMX_E_UNKNOWN.
typedef uint64_t hmx_op;      ///< Names an asynchronous operation of one instance or service.
typedef uint64_t hmx_handle;  ///< Checked on use: a stale one gives HMX_E_NOT_FOUND.
typedef int64_t hmx_time_ns;  ///< Wall: since the Unix epoch. Deadlines: of CLOCK_MONOTONIC.

/// UTF-8 text, not terminated, borrowed. data may be null when size is 0.
typedef struct hmx_str {
    const char* data;
    size_t size;
} hmx_str;

/// Bytes, borrowed. data may be null when size is 0.
typedef struct hmx_bytes {
    const uint8_t* data;
    size_t size;
} hmx_bytes;

/// An array, borrowed. Item i begins stride * i bytes after items.
typedef struct hmx_list {
    const void* items;
    uint32_t count;
    uint32_t stride;
} hmx_list;

/// Bytes that stay until release(owner). owner null: there is nothing to release.
typedef struct hmx_buf {
    const uint8_t* data;
    size_t size;
    void* owner;
    void (*release)(void* owner);
} hmx_buf;

/// First member of every table of functions.
typedef struct hmx_iface {
    uint32_t struct_size;
    uint32_t version;
} hmx_iface;

/// Tells whether a table or struct holds a member and the member is not 0.
#define HMX_HAS(pointer, member)                                                 \
    ((pointer)->struct_size >=                                                   \
         offsetof(__typeof__(*(pointer)), member) + sizeof((pointer)->member) && \
     (pointer)->member != 0)

/// The same for tables, whose struct_size stands in their hmx_iface.
#define HMX_IFACE_HAS(pointer, member)                                           \
    ((pointer)->iface.struct_size >=                                             \
         offsetof(__typeof__(*(pointer)), member) + sizeof((pointer)->member) && \
     (pointer)->member != 0)

// ---- Status and error ----

#define HMX_STATUS_TABLE(X)      \
    X(OK, 0)                     \
    X(E_UNKNOWN, 1)              \
    X(E_INVALID_ARGUMENT, 2)     \
    X(E_NOT_FOUND, 3)            \
    X(E_ALREADY_EXISTS, 4)       \
    X(E_INVALID_STATE, 5)        \
    X(E_UNSUPPORTED, 6)          \
    X(E_ABI_MISMATCH, 7)         \
    X(E_CAPABILITY_DENIED, 8)    \
    X(E_QUOTA_EXCEEDED, 9)       \
    X(E_AGAIN, 10)               \
    X(E_BUSY, 11)                \
    X(E_CANCELLED, 12)           \
    X(E_DEADLINE_EXCEEDED, 13)   \
    X(E_OUT_OF_MEMORY, 14)       \
    X(E_IO, 15)                  \
    X(E_CORRUPT, 16)             \
    X(E_CONSENSUS_REJECTED, 17)  \
    X(E_CERTIFICATE_INVALID, 18) \
    X(E_SIGNATURE_INVALID, 19)   \
    X(E_UNAUTHENTICATED, 20)     \
    X(E_DEPENDENCY_FAILED, 21)   \
    X(E_VERSION_CONFLICT, 22)    \
    X(E_RESOLUTION_FAILED, 23)   \
    X(E_SECURITY_REJECTED, 24)   \
    X(E_NETWORK, 25)             \
    X(E_STORAGE, 26)             \
    X(E_TOO_LARGE, 27)           \
    X(E_BUFFER_TOO_SMALL, 28)    \
    X(E_END, 29)                 \
    X(E_FORKED, 30)              \
    X(E_INTERNAL, 31)
#define HMX_STATUS_CONSTANT(name, value) HMX_##name = value,
enum { HMX_STATUS_TABLE(HMX_STATUS_CONSTANT) HMX_STATUS_COUNT };
#undef HMX_STATUS_CONSTANT

enum {
    HMX_ERR_RETRYABLE = 1,  ///< The same call may succeed later; see retry_after_ns.
    HMX_ERR_TRUNCATED = 2,  ///< The message did not fit and was cut at a character.
    HMX_ERR_PERMANENT = 4,  ///< The same call can never succeed.
};

/// An error that needs nobody to free it and may outlive the extension. The caller sets
/// struct_size.
typedef struct hmx_error {
    uint32_t struct_size;
    hmx_status code;
    uint32_t flags;           ///< HMX_ERR_*.
    uint32_t domain_code;     ///< The extension's own number: for Catalog docs/errors.md.
    uint64_t retry_after_ns;  ///< With HMX_ERR_RETRYABLE; 0: no advice.
    char message[488];        ///< Terminated UTF-8: what was wrong, where, and what to do.
} hmx_error;

// ---- Capabilities, privacy, states ----

/// Bits of a capability set: 1 << HMX_CAP_...
enum {
    HMX_CAP_ASSET_MANAGEMENT = 0,
    HMX_CAP_CONTAINER_MANAGEMENT = 1,
    HMX_CAP_VM_EXECUTION = 2,
    HMX_CAP_NETWORK_ACCESS = 3,
    HMX_CAP_FILESYSTEM_ACCESS = 4,
    HMX_CAP_CONSENSUS_ACCESS = 5,
    HMX_CAP_TRUSTCHAIN_ACCESS = 6,
    HMX_CAP_TRANSPORT_ACCESS = 7,
    HMX_CAP_PROXY_ACCESS = 8,
    HMX_CAP_MONITORING_ACCESS = 9,
    HMX_CAP_USER_DATA_ACCESS = 10,
    HMX_CAP_CONFIGURATION_ACCESS = 11,
};

enum {
    HMX_PRIVACY_PRIVATE = 0,
    HMX_PRIVACY_PRIVATE_NETWORK = 1,
    HMX_PRIVACY_P2P = 2,
    HMX_PRIVACY_PUBLIC_NETWORK = 3,
    HMX_PRIVACY_FULL_PUBLIC = 4,
};

enum {
    HMX_STATE_CREATED = 0,
    HMX_STATE_INITIALIZING = 1,
    HMX_STATE_RUNNING = 2,
    HMX_STATE_PAUSED = 3,
    HMX_STATE_SHUTTING_DOWN = 4,
    HMX_STATE_STOPPED = 5,
    HMX_STATE_FAILED = 6,
};

enum {
    HMX_HEALTH_HEALTHY = 0,
    HMX_HEALTH_DEGRADED = 1,
    HMX_HEALTH_UNHEALTHY = 2,
};

// ---- Identities ----

/// Kinds of asset: the host's own by number, all others by a name that the host has numbered.
enum {
    HMX_ASSET_CPU = 0,
    HMX_ASSET_GPU = 1,
    HMX_ASSET_MEMORY = 2,
    HMX_ASSET_STORAGE = 3,
    HMX_ASSET_NETWORK = 4,
    HMX_ASSET_CONTAINER = 5,
    HMX_ASSET_ECONOMIC = 6,
    HMX_ASSET_NAMED = 0x10000,
};

typedef struct hmx_asset_id {
    uint32_t type;     ///< HMX_ASSET_*.
    uint32_t name_id;  ///< With HMX_ASSET_NAMED: the host's number of the name, else 0.
    uint8_t uuid[16];
    uint8_t chain_hash[32];
    int64_t created_us;  ///< Microseconds since the Unix epoch; part of the identity.
} hmx_asset_id;

/// Where a peer listens.
typedef struct hmx_endpoint {
    uint8_t ipv6[16];
    uint16_t port;
    uint16_t reserved[3];
    hmx_str server_name;
} hmx_endpoint;

// ---- Consensus ----

typedef struct hmx_stake_proof {
    hmx_str holder;
    hmx_str holder_id;
    uint64_t amount;
    hmx_time_ns at;
} hmx_stake_proof;

typedef struct hmx_time_proof {
    uint64_t offset_us;
    int64_t at_us;
    uint64_t nonce;
    hmx_bytes hash;
} hmx_time_proof;

typedef struct hmx_space_proof {
    hmx_str node_id;
    hmx_str path;
    uint64_t used_bytes;
    uint64_t capacity_bytes;
    hmx_str file_hash;
    hmx_time_ns at;
} hmx_space_proof;

typedef struct hmx_work_proof {
    hmx_str owner_id;
    hmx_str workload_id;
    uint64_t pid;
    uint64_t power;
    uint32_t type;
    uint32_t state;
    hmx_list challenges;  ///< Of hmx_str.
    hmx_time_ns at;
} hmx_work_proof;

enum {
    HMX_PROOF_STAKE = 1,
    HMX_PROOF_TIME = 2,
    HMX_PROOF_SPACE = 4,
    HMX_PROOF_WORK = 8,
};

/// Proofs for one operation. The host's own encoding goes back to it unchanged.
typedef struct hmx_proof {
    uint32_t struct_size;
    uint32_t present;  ///< HMX_PROOF_* of the parts that are filled.
    hmx_stake_proof stake;
    hmx_time_proof time;
    hmx_space_proof space;
    hmx_work_proof work;
    hmx_str encoding;   ///< Name of the form of `encoded`, as the host calls it.
    hmx_bytes encoded;  ///< Opaque.
} hmx_proof;

/// What a proof must show.
typedef struct hmx_consensus_reqs {
    uint32_t struct_size;
    uint32_t required;  ///< HMX_PROOF_*.
    uint64_t min_space_bytes;
    uint64_t min_stake;
    uint64_t min_compute;
    uint32_t min_difficulty;
    uint32_t byzantine_ppm;
    uint64_t window_ns;
    uint64_t max_offset_ns;
} hmx_consensus_reqs;

// ---- Calls and completions ----

enum {
    HMX_CALL_INLINE_OK = 1,   ///< The completion may run before the call returns.
    HMX_CALL_NO_NETWORK = 2,  ///< Answer from what is on this machine.
    HMX_CALL_DRY_RUN = 4,     ///< Say what would be done.
};

/// Circumstances of one call. A null pointer stands for all zeros.
typedef struct hmx_call {
    uint32_t struct_size;
    uint32_t flags;        ///< HMX_CALL_*.
    hmx_time_ns deadline;  ///< R10.
    uint32_t priority;     ///< 0 normal; greater is more urgent. A hint.
    uint32_t privacy;      ///< HMX_PRIVACY_*.
    hmx_str request_id;    ///< Comes back in JSON answers.
    hmx_str principal;     ///< Who asks; empty: the owner of the process.
    uint8_t trace_id[16];
    const hmx_proof* proof;  ///< May be null.
} hmx_call;

typedef void (*hmx_done_fn)(void* user, hmx_op op, hmx_status status, const void* result,
                            const hmx_error* error);
typedef void (*hmx_progress_fn)(void* user, hmx_op op, uint64_t done, uint64_t total,
                                hmx_str phase);

/// Who is told. `done` is mandatory; `progress` may be null and is called from any thread, never
/// after `done`.
typedef struct hmx_completion {
    hmx_done_fn done;
    hmx_progress_fn progress;
    void* user;
} hmx_completion;

// ---- Metadata, configuration, status ----

typedef struct hmx_dependency {
    uint32_t struct_size;
    uint32_t optional;
    hmx_str id;
    hmx_str version_req;
} hmx_dependency;

/// What an extension says of itself. Static: lives as long as the extension is loaded.
typedef struct hmx_metadata {
    uint32_t struct_size;
    uint32_t reserved;
    hmx_str id;
    hmx_str name;
    hmx_str version;
    hmx_str description;
    hmx_str author;
    hmx_str license;
    hmx_str homepage;
    hmx_str category;
    hmx_str hypermesh_version;  ///< Requirement on the host's version.
    hmx_str certificate_fingerprint;
    hmx_str build_id;
    uint64_t required_caps;
    uint64_t optional_caps;
    hmx_list dependencies;       ///< Of hmx_dependency.
    hmx_list provided_assets;    ///< Of hmx_str.
    hmx_list required_services;  ///< Of hmx_str.
    hmx_list optional_services;  ///< Of hmx_str.
    hmx_str config_schema_json;
} hmx_metadata;

/// Bounds that the host sets. 0 stands for the default in brackets. Because it stands inside
/// hmx_config it does not grow within a major: further bounds are appended to hmx_config. Those
/// that an extension can keep inside the host's process it keeps, and answers HMX_E_QUOTA_EXCEEDED
/// or HMX_E_AGAIN; its documentation says which it only reports (R12). create answers
/// HMX_E_QUOTA_EXCEEDED for a bound with which no instance can work.
typedef struct hmx_limits {
    uint32_t struct_size;
    uint32_t max_cpu_permille;         ///< [250]
    uint64_t max_memory_bytes;         ///< [1 GiB]
    uint64_t max_storage_bytes;        ///< [10 GiB]
    uint64_t max_network_bytes_per_s;  ///< [100 MiB]
    uint64_t max_concurrent_ops;       ///< [100]
    uint64_t max_execution_ns;         ///< [300 s]
    uint64_t max_assets;               ///< [10 000]
    uint32_t max_file_descriptors;     ///< [1024]
    uint32_t max_threads;              ///< [100]
    uint32_t max_ops_per_s;            ///< [1000] Of requests. UINT32_MAX: no limit.
    uint32_t reserved;
} hmx_limits;

enum { HMX_CONFIG_DEBUG = 1 };

/// How an instance is made.
typedef struct hmx_config {
    uint32_t struct_size;
    uint32_t flags;    ///< HMX_CONFIG_*.
    uint32_t privacy;  ///< HMX_PRIVACY_*.
    uint32_t reserved;
    hmx_str settings_json;  ///< An object as config_schema_json says; empty: defaults.
    hmx_str data_dir;       ///< Absolute. The instance keeps what lasts below it.
    hmx_str cache_dir;      ///< Absolute or empty. What may vanish between runs.
    uint64_t granted_caps;
    hmx_limits limits;
} hmx_config;

typedef struct hmx_status_report {
    uint32_t struct_size;
    uint32_t state;   ///< HMX_STATE_*.
    uint32_t health;  ///< HMX_HEALTH_*.
    uint32_t reserved;
    uint64_t cpu_ns;            ///< Of the instance's tasks that have returned, on any thread.
    uint64_t memory_bytes;      ///< That the instance keeps or has handed out.
    uint64_t network_bytes;     ///< Sent and received.
    uint64_t storage_bytes;     ///< On disk.
    uint64_t threads;           ///< Of its own.
    uint64_t file_descriptors;  ///< Open.
    uint64_t active_ops;
    uint64_t outstanding_objects;  ///< Handed out with an owner and not released; see R5.
    uint64_t total_requests;
    uint64_t error_count;
    uint64_t uptime_ns;  ///< Since start.
    char reason[128];    ///< Why it is degraded, unhealthy or failed; terminated UTF-8.
} hmx_status_report;

// ---- Services that a host offers ----

typedef struct hmx_host hmx_host;

/// The host as an extension sees it. Valid until destroy has returned.
struct hmx_host {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t flags;
    void* ctx;
    hmx_str name;
    hmx_str hypermesh_version;
    hmx_str node_id;
    /// [any] Gives a table of functions. HMX_E_NOT_FOUND: this host has no such service, now;
    /// HMX_E_CAPABILITY_DENIED: it has, but not for this extension. A table stays valid until
    /// destroy has returned.
    hmx_status (*get_service)(const hmx_host* host, hmx_str id, uint32_t min_version,
                              const hmx_iface** out);
};

// ---- What an extension provides ----

typedef struct hmx_instance hmx_instance;

enum {
    HMX_EXT_UNLOAD_SAFE = 1,     ///< dlclose after the last destroy leaves nothing behind.
    HMX_EXT_MULTI_INSTANCE = 2,  ///< Several instances may live at the same time.
};

typedef struct hmx_extension_api {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t flags;  ///< HMX_EXT_*.
    const hmx_metadata* metadata;

    /// [control] Makes an instance. Does no I/O, starts no thread, calls no service.
    hmx_status (*create)(const hmx_host* host, const hmx_config* config, hmx_instance** out,
                         hmx_error* error);
    /// [control] CREATED -> INITIALIZING -> RUNNING, or FAILED. result: null.
    hmx_status (*start)(hmx_instance* instance, const hmx_call* call,
                        const hmx_completion* completion, hmx_op* op);
    /// [control] RUNNING -> PAUSED: new calls get HMX_E_AGAIN, those under way finish.
    hmx_status (*pause)(hmx_instance* instance, hmx_error* error);
    /// [control] PAUSED -> RUNNING.
    hmx_status (*resume)(hmx_instance* instance, hmx_error* error);
    /// [control] RUNNING, PAUSED or FAILED -> SHUTTING_DOWN -> STOPPED. Operations under way are
    /// cancelled and complete first; what is not done at the deadline is still waited for, because
    /// nothing may be left half done. result: null.
    hmx_status (*shutdown)(hmx_instance* instance, hmx_time_ns deadline,
                           const hmx_completion* completion, hmx_op* op);
    /// [control] CREATED, STOPPED or FAILED: frees the instance. HMX_E_BUSY with the number of
    /// objects that are still out, HMX_E_INVALID_STATE while it runs.
    hmx_status (*destroy)(hmx_instance* instance, hmx_error* error);

    /// [any] In every state.
    hmx_status (*status)(hmx_instance* instance, hmx_status_report* out);
    /// [any] Checks the instance: {"valid", "errors": [..], "warnings": [..], ...}.
    hmx_status (*validate)(hmx_instance* instance, const hmx_call* call, hmx_buf* report_json,
                           hmx_error* error);
    /// [any] Gives a table of typed functions, valid until destroy. HMX_E_NOT_FOUND.
    hmx_status (*get_interface)(hmx_instance* instance, hmx_str id, uint32_t min_version,
                                const hmx_iface** out);
    /// [any] One request on the calling thread. The answer is an envelope {"request_id", "success",
    /// "data", "error", "code", "retryable"}, given for failures too: the status is that of the
    /// request, and *response_json is to be released whatever it is, unless its owner is null.
    hmx_status (*request)(hmx_instance* instance, const hmx_call* call, hmx_str method,
                          hmx_str params_json, hmx_buf* response_json, hmx_error* error);
    /// [any] The same on the executor. result: hmx_buf*, the envelope, for failures too. With
    /// HMX_CALL_INLINE_OK it runs on the calling thread when the executor takes no task.
    hmx_status (*request_async)(hmx_instance* instance, const hmx_call* call, hmx_str method,
                                hmx_str params_json, const hmx_completion* completion, hmx_op* op);
    /// [any] See R9. HMX_E_NOT_FOUND for an id that was never given out.
    hmx_status (*cancel)(hmx_instance* instance, hmx_op op);
} hmx_extension_api;

#define HMX_ENTRY_SYMBOL "hypermesh_extension_query_v0"

/// The one exported symbol (R3). Gives the table for a host of this interface version.
/// HMX_E_ABI_MISMATCH: another major, or a minor that this extension no longer serves.
typedef hmx_status (*hmx_query_fn)(uint32_t host_major, uint32_t host_minor,
                                   const hmx_extension_api** out);
HMX_EXPORT hmx_status hypermesh_extension_query_v0(uint32_t host_major, uint32_t host_minor,
                                                   const hmx_extension_api** out);

/// The ELF note: section .note.hypermesh, name "HyperMesh", type 1, descriptor UTF-8 JSON
/// {"id","version","abi":{"major","minor"},"hypermesh","required_services":[..]}.
#define HMX_NOTE_SECTION ".note.hypermesh"
#define HMX_NOTE_NAME "HyperMesh"
#define HMX_NOTE_TYPE 1u

HMX_STATIC_ASSERT(sizeof(hmx_error) == 512, "an error fills 512 bytes");
HMX_STATIC_ASSERT(sizeof(hmx_buf) == 32 && sizeof(hmx_asset_id) == 64, "layout");

#ifdef __cplusplus
}
#endif
#endif
