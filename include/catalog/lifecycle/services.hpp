#pragma once
// Services: what the lifecycle operations work on. The library module wires one; tests wire fakes.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/executor.hpp"
#include "catalog/core/key_store.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/log_sink.hpp"
#include "catalog/core/random.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/lifecycle/asset_ledger.hpp"
#include "catalog/lifecycle/consensus_client.hpp"
#include "catalog/resolve/request.hpp"
#include "catalog/security/transparency_log.hpp"

namespace catalog::lifecycle {

/// Column families that the lifecycle uses besides those of the modules below it.
struct LifecycleFamilies {
    kv::Family envelopes{};      ///< Package digest -> publisher's envelope.
    kv::Family file_tables{};    ///< Package digest -> object id of its file table.
    kv::Family installations{};  ///< Prefix -> what the library knows of it, and intents of
                                 ///< switches under way.
    kv::Family preparing{};      ///< Package id -> a package that waits for the consensus.
};

/// Borrowed services of one library; all must outlive the operations that use them. Pointers are
/// never null, except where said.
class Services {
public:
    Services() = default;

    std::shared_ptr<io::FileSystem> fs;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Executor> executor;
    std::shared_ptr<Random> random;
    std::shared_ptr<LogSink> log_sink;
    kv::KeyValueStore* store = nullptr;
    kv::CommitQueue* queue = nullptr;
    content::ContentStorage* content = nullptr;
    index::PackageIndex* index = nullptr;
    security::TransparencyLog* log = nullptr;
    KeyStore* keys = nullptr;
    std::vector<PublicKey> trusted;  ///< Publishers whose signature counts.
    LifecycleFamilies families;
    ConsensusPolicy consensus_policy = ConsensusPolicy::kNone;
    std::shared_ptr<ConsensusClient> consensus;  ///< May be null: there is nobody to ask.
    AssetLedger* assets = nullptr;               ///< May be null: no register is kept.
    /// Resolves over the library's packages; may be empty: they are read from the index.
    std::function<Result<resolve::Solution>(const resolve::Request&, const CallContext&)> resolve;
    bool read_only = false;  ///< The library is open for reading: notes of prefixes are not kept.
    Limits limits;
};

}  // namespace catalog::lifecycle
