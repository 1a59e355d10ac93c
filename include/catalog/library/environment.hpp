#pragma once
// Environment: everything that a host may inject, in one place. Every member has an embedded
// default.

#include <memory>

#include "catalog/content/storage_backend.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/executor.hpp"
#include "catalog/core/key_store.hpp"
#include "catalog/core/log_sink.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/library/asset_registry.hpp"
#include "catalog/lifecycle/consensus_client.hpp"
#include "catalog/monitor/performance_monitor.hpp"

namespace catalog::library {

/// Null members are replaced by their embedded defaults when a library is opened.
class Environment {
public:
    Environment() = default;

    std::shared_ptr<io::FileSystem> file_system;  ///< Default: the machine's.
    std::shared_ptr<Clock> clock;                 ///< Default: the machine's.
    std::shared_ptr<Executor> executor;  ///< Default: a pool of as many threads as the machine has.
    std::shared_ptr<Random> random;      ///< Default: the kernel's.
    std::shared_ptr<LogSink> log_sink;   ///< Default: none.
    std::shared_ptr<KeyStore> key_store;  ///< Default: files in the library's `keys/`.
    /// Default: none. Catalog has no validators of its own: what LibraryOptions::consensus says
    /// must be asked is then refused.
    std::shared_ptr<lifecycle::ConsensusClient> consensus;
    /// Default: the library's own register, in its database. Its failures never make a publication
    /// or an installation fail: they are logged and made good later (docs/assets.md).
    std::shared_ptr<AssetRegistry> assets;
    /// Where content is kept. Default: pack files in the library's `packs/`. One library alone uses
    /// it, and always the same: the library's database says what of it counts.
    std::shared_ptr<content::StorageBackend> storage_backend;

    /// What the library counts in, with or without others: docs/monitoring.md. Default: one of its
    /// own, which AssetLibrary::environment() has.
    std::shared_ptr<monitor::PerformanceMonitor> monitor;

    /// Returns a copy with every default filled in, except `key_store`, whose default needs the
    /// library's folder.
    [[nodiscard]] Environment with_defaults() const;
};

}  // namespace catalog::library
