#pragma once
// ContentWorkload: a seeded sequence of everything that changes a content store, with account of
// what was promised. The same seed over the same file system makes the same calls.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/content/content_source.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "support/content/content_bed.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {

/// Objects that workloads store are numbered: small, some alike, some that do not compress.
inline constexpr unsigned kWorkloadObjects = 20;
[[nodiscard]] const Bytes& workload_object(unsigned number);
[[nodiscard]] const ContentHash& workload_id(unsigned number);
/// Returns the number of an object; nothing when it is none of them.
[[nodiscard]] std::optional<unsigned> workload_number(const ContentHash& id);

/// Owners of their references.
inline constexpr std::array<std::string_view, 3> kWorkloadOwners = {"anna", "ben", "carl"};

/// Who needs which object.
using References = std::set<std::pair<std::string, unsigned>>;

/// What a store was told and what it promised.
struct WorkloadModel {
    References durable;                   ///< After the last commit that returned success.
    std::optional<References> attempted;  ///< After the one that is under way, or failed.
    bool damaged = false;                 ///< Files were damaged, and no repair has ended since.
    std::set<unsigned> hurt;              ///< Objects that may not be readable then.
    std::string step;                     ///< The kind of step under way.

    /// Tells whether a store may hold these references after a crash at this moment.
    [[nodiscard]] bool allows(const References& found) const {
        return found == durable || (attempted && found == *attempted);
    }
};

/// Offers all objects of workloads.
[[nodiscard]] std::unique_ptr<ContentSource> make_workload_source();

/// Returns which of these objects cannot be read. Throws when one is read with other bytes.
[[nodiscard]] std::set<unsigned> hurt_objects_of(ContentStorage& storage,
                                                 const References& references);

/// Returns the references of a store of a workload. Throws on errors and on unknown objects.
[[nodiscard]] References references_of(ContentStorage& storage);

/// Returns options of a store of small chunks and packs in `/library`, without store and queue,
/// which works without threads of its own.
[[nodiscard]] ContentOptions workload_options(std::shared_ptr<io::FileSystem> fs);

/// A content store that is open, with its queue and database.
class OpenContent {
public:
    /// Makes the database; called for every opening.
    using OpenDatabase = std::function<Result<std::shared_ptr<kv::KeyValueStore>>()>;

    /// Opens a store. `options` lacks store and queue.
    [[nodiscard]] static Result<std::unique_ptr<OpenContent>> open(ContentOptions options,
                                                                   const OpenDatabase& database);
    /// Opens a store with `workload_options`.
    [[nodiscard]] static Result<std::unique_ptr<OpenContent>> open(
        std::shared_ptr<io::FileSystem> fs, const OpenDatabase& database) {
        return open(workload_options(std::move(fs)), database);
    }
    ~OpenContent();
    OpenContent(const OpenContent&) = delete;
    OpenContent& operator=(const OpenContent&) = delete;

    [[nodiscard]] ContentAddressedStorage& storage() { return *storage_; }
    [[nodiscard]] Result<void> commit(kv::WriteBatch batch);

private:
    OpenContent() = default;

    std::shared_ptr<kv::KeyValueStore> database_;
    std::unique_ptr<kv::CommitQueue> queue_;
    std::unique_ptr<ContentAddressedStorage> storage_;
};

/// Runs steps. Thread safety: one thread.
class ContentWorkload {
public:
    /// Opens the store; called for every opening.
    using Open = std::function<Result<std::unique_ptr<OpenContent>>()>;

    /// Damages files of the store, which is not open, as a bad disk does.
    using Damage = std::function<void(io::testing::SeededRandom& random)>;

    /// `model` outlives it and says what the store holds already. Without `damage` what is
    /// repaired is whole.
    ContentWorkload(Open open, WorkloadModel& model, std::uint64_t seed, Damage damage = {});
    ~ContentWorkload();
    ContentWorkload(const ContentWorkload&) = delete;
    ContentWorkload& operator=(const ContentWorkload&) = delete;

    /// Opens the store, repairs it if it is damaged, and runs that many steps, or until the first
    /// error, which is returned.
    [[nodiscard]] Result<void> run(unsigned steps);

    /// Runs that many steps more in the store as the last run left it when it met an error; opens
    /// it if that is what failed. The first error is returned.
    [[nodiscard]] Result<void> go_on(unsigned steps);

    /// Returns the store that is open; null when none is.
    [[nodiscard]] OpenContent* opened() const { return open_.get(); }

    /// Names of all kinds of steps.
    [[nodiscard]] static std::vector<std::string_view> step_names();

private:
    using Session = std::unique_ptr<ContentTransaction>;

    struct Step {
        std::string_view name;
        unsigned weight;  ///< How often it is chosen, beside the others'.
        Result<void> (ContentWorkload::*run)();
    };
    static std::span<const Step> all_steps();

    [[nodiscard]] Result<void> open();
    [[nodiscard]] Result<void> run_steps(unsigned steps);
    [[nodiscard]] Result<void> reopen();
    [[nodiscard]] Result<void> put();
    [[nodiscard]] Result<void> put_in_two_sessions();
    [[nodiscard]] Result<void> put_without_commit();
    [[nodiscard]] Result<void> hold();
    [[nodiscard]] Result<void> remove();
    [[nodiscard]] Result<void> hand_over();
    [[nodiscard]] Result<void> collect();
    [[nodiscard]] Result<void> repack();
    [[nodiscard]] Result<void> damage_and_repair();
    [[nodiscard]] Result<void> repair();
    [[nodiscard]] Result<void> commit_held_beside_repair();
    [[nodiscard]] Result<void> read();
    [[nodiscard]] Result<Bytes> read_part(const ContentHash& id, ByteRange range);

    [[nodiscard]] Result<void> put_some(ContentTransaction& session, const std::string& owner,
                                        References& after);
    [[nodiscard]] Result<void> commit(kv::WriteBatch batch, References after);
    [[nodiscard]] std::string any_owner();
    [[nodiscard]] std::optional<std::pair<std::string, unsigned>> any_reference();

    const Open open_store_;
    const Damage damage_;
    WorkloadModel& model_;
    io::testing::SeededRandom random_;
    std::unique_ptr<OpenContent> open_;
    Session held_;        ///< Has put, and is committed some steps later.
    References of_held_;  ///< What it adds.
};

}  // namespace catalog::content::testing
