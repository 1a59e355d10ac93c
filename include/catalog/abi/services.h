// catalog/abi/services.h - the services that a host may offer to its extensions, by id and table
// version (hmx_host.get_service). The rules are those of extension.h. An extension works without
// any of them: what it does instead is in docs/abi.md.
#ifndef CATALOG_ABI_SERVICES_H
#define CATALOG_ABI_SERVICES_H

#include "catalog/abi/extension.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HMX_SVC_LOG "hypermesh.log"
enum {
    HMX_LOG_TRACE = 0,
    HMX_LOG_DEBUG = 1,
    HMX_LOG_INFO = 2,
    HMX_LOG_WARN = 3,
    HMX_LOG_ERROR = 4
};

/// Takes diagnostics. Needs no capability. [any], never blocks for long.
typedef struct hmx_svc_log {
    hmx_iface iface;
    void* ctx;
    int32_t (*enabled)(void* ctx, uint32_t level);  ///< 0: records of this level are not wanted.
    void (*write)(void* ctx, uint32_t level, hmx_str target, hmx_str message, hmx_str fields_json);
} hmx_svc_log;

#define HMX_SVC_METRICS "hypermesh.metrics"
enum { HMX_METRIC_COUNTER = 0, HMX_METRIC_GAUGE = 1, HMX_METRIC_HISTOGRAM = 2 };

/// Takes measurements. Capability: monitoring access. [any]
typedef struct hmx_svc_metrics {
    hmx_iface iface;
    void* ctx;
    hmx_status (*define)(void* ctx, uint32_t kind, hmx_str name, hmx_str help,
                         const hmx_str* label_names, uint32_t label_count, const double* bounds,
                         uint32_t bound_count, hmx_handle* out);
    hmx_status (*with)(void* ctx, hmx_handle metric, const hmx_str* label_values,
                       uint32_t label_count, hmx_handle* out);
    /// Adds to a counter, sets a gauge, observes in a histogram.
    void (*record)(void* ctx, hmx_handle series, double value);
} hmx_svc_metrics;

#define HMX_SVC_EXECUTOR "hypermesh.executor"

/// Runs tasks on the host's threads. Needs no capability. [any] A task's last instructions run
/// after the instance knows that it is done, so a host unloads an extension only when its threads
/// have returned from every task.
typedef struct hmx_svc_executor {
    hmx_iface iface;
    void* ctx;
    uint32_t concurrency;  ///< Tasks that can run at the same time, at least 1.
    uint32_t reserved;
    /// Runs fn(user) once on a thread of the host, never before post has returned.
    hmx_status (*post)(void* ctx, void (*fn)(void* user), void* user, uint32_t priority);
} hmx_svc_executor;

#define HMX_SVC_ASSETS "hypermesh.assets"

/// The host's register of assets. Capability: asset management. [any]
typedef struct hmx_svc_assets {
    hmx_iface iface;
    void* ctx;
    /// Numbers a kind of asset that has only a name ("package", "installation").
    hmx_status (*type_id)(void* ctx, hmx_str name, uint32_t* name_id);
    /// Registers an asset. spec_json holds `key`, which makes the call repeatable: the same key
    /// gives the same asset. result: const hmx_asset_id*.
    hmx_status (*create)(void* ctx, const hmx_call* call, uint32_t name_id, hmx_str spec_json,
                         const hmx_completion* completion, hmx_op* op);
    hmx_status (*update)(void* ctx, const hmx_call* call, const hmx_asset_id* id,
                         hmx_str update_json, const hmx_completion* completion, hmx_op* op);
    hmx_status (*remove)(void* ctx, const hmx_call* call, const hmx_asset_id* id,
                         const hmx_completion* completion, hmx_op* op);
    hmx_status (*cancel)(void* ctx, hmx_op op);
} hmx_svc_assets;

#define HMX_SVC_CONSENSUS "hypermesh.consensus"

/// The host's consensus. Capability: consensus access. The verdict is the host's alone. [any]
typedef struct hmx_svc_consensus {
    hmx_iface iface;
    void* ctx;
    /// Obtains proofs for an operation on a subject. result: const hmx_proof*.
    hmx_status (*generate)(void* ctx, const hmx_call* call, hmx_str operation,
                           const uint8_t subject[32], const hmx_consensus_reqs* requirements,
                           const hmx_completion* completion, hmx_op* op);
    /// Judges proofs: HMX_OK, or HMX_E_CONSENSUS_REJECTED with the reason as message. result: null.
    hmx_status (*validate)(void* ctx, const hmx_call* call, hmx_str operation,
                           const uint8_t subject[32], const hmx_proof* proof,
                           const hmx_consensus_reqs* requirements, const hmx_completion* completion,
                           hmx_op* op);
    hmx_status (*cancel)(void* ctx, hmx_op op);
} hmx_svc_consensus;

#define HMX_SVC_TRANSPORT "hypermesh.transport"

/// Ordered, flow-controlled byte streams between nodes. Capability: transport access. [any]
typedef struct hmx_svc_transport {
    hmx_iface iface;
    void* ctx;
    /// result: const hmx_handle*, the connection.
    hmx_status (*connect)(void* ctx, const hmx_call* call, const hmx_endpoint* endpoint,
                          hmx_str alpn, const hmx_completion* completion, hmx_op* op);
    hmx_status (*listen)(void* ctx, hmx_str alpn,
                         void (*on_stream)(void* user, hmx_handle connection, hmx_handle stream,
                                           hmx_str peer_fingerprint),
                         void* user, hmx_handle* out);
    /// result: const hmx_handle*, the stream.
    hmx_status (*open_stream)(void* ctx, const hmx_call* call, hmx_handle connection,
                              const hmx_completion* completion, hmx_op* op);
    /// result: hmx_buf* of at most max_bytes; HMX_E_END at the end of the stream.
    hmx_status (*read)(void* ctx, hmx_handle stream, size_t max_bytes,
                       const hmx_completion* completion, hmx_op* op);
    /// The parts stay valid until the completion has run.
    hmx_status (*write)(void* ctx, hmx_handle stream, const hmx_bytes* parts, uint32_t part_count,
                        uint32_t last, const hmx_completion* completion, hmx_op* op);
    hmx_status (*reset)(void* ctx, hmx_handle stream, uint64_t code);
    hmx_status (*close)(void* ctx, hmx_handle connection_or_listener);
    hmx_status (*cancel)(void* ctx, hmx_op op);
} hmx_svc_transport;

#ifdef __cplusplus
}
#endif
#endif
