#pragma once
// TransparencyLog: what happened to which package, in order, provable. Leaves and tree nodes live
// in the library's store; a leaf becomes visible in the same commit as what it tells of.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/key_store.hpp"
#include "catalog/core/result.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/merkle/tree.hpp"
#include "catalog/security/checkpoint.hpp"

namespace catalog::security {

/// One leaf: canonical JSON of these members. Format page: docs/formats/log.md.
struct LogEntry {
    std::string event;   ///< "publish", "yank", "unyank", "deprecate", "restore", "archive".
    std::string id;      ///< `name@version`.
    std::string digest;  ///< Package digest, `sha256:hex`.
    std::string envelope_digest;  ///< Of the publisher's envelope; empty for events without one.
    std::string reason;           ///< As given by the person; may be empty.
    std::string principal;        ///< Who did it.
    WallTime time;                ///< When the library committed it.
    friend bool operator==(const LogEntry&, const LogEntry&) = default;

    [[nodiscard]] std::string encode() const;
    /// Errors: kCheckpointInvalid.
    [[nodiscard]] static Result<LogEntry> decode(std::string_view text);
};

/// The log of one library. Thread safety: any thread; `stage_append` only inside CommitQueue's
/// prepare.
class TransparencyLog {
public:
    TransparencyLog(kv::KeyValueStore& store, kv::Family family, std::string origin);
    ~TransparencyLog();

    /// Appends a leaf to `batch` at the position after those of `view`, and returns the position.
    /// Errors: kDatabaseIo ...
    [[nodiscard]] Result<std::uint64_t> stage_append(const kv::CommitView& view,
                                                     kv::WriteBatch& batch, const LogEntry& entry);

    [[nodiscard]] Result<std::uint64_t> size() const;
    /// Errors: kNotFound.
    [[nodiscard]] Result<LogEntry> entry(std::uint64_t index) const;
    [[nodiscard]] Result<Checkpoint> head() const;
    /// Errors: kInvalidArgument.
    [[nodiscard]] Result<std::vector<merkle::TreeHash>> inclusion_proof(std::uint64_t index,
                                                                        std::uint64_t size) const;
    [[nodiscard]] Result<std::vector<merkle::TreeHash>> consistency_proof(
        std::uint64_t old_size, std::uint64_t new_size) const;

    /// Returns the newest signed checkpoint, or nullopt when none was stored.
    [[nodiscard]] Result<std::optional<std::string>> signed_checkpoint() const;
    /// Appends a signed checkpoint of `size` leaves to `batch`, unless `view` has one that is as
    /// new. Errors: kDatabaseIo.
    [[nodiscard]] Result<void> stage_checkpoint(const kv::CommitView& view, kv::WriteBatch& batch,
                                                std::string_view note, std::uint64_t size) const;

    /// Recomputes every node from the leaves and compares. Returns what is wrong, one sentence
    /// each. Errors: kDatabaseIo.
    [[nodiscard]] Result<std::vector<std::string>> verify() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::security
