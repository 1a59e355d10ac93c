// The notes of what changed: what somebody who keeps a copy of the index has to look at again.

#include <algorithm>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/merkle/hash.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

constexpr std::uint64_t kForgottenAtOnce = 50'000;

Result<IndexState> state_from(const std::optional<std::string>& bytes) {
    if (!bytes) return IndexState{};
    return decode_state(*bytes);
}

/// The state that follows from another by a change that is told by `what`.
IndexState next_state(const IndexState& state, std::string_view what) {
    std::string text(as_text(state.chain));
    append_le(text, state.sequence);
    text += what;
    const ContentHash hash = merkle::hash_of(as_bytes(text));
    IndexState next;
    next.sequence = state.sequence + 1;
    std::copy_n(hash.bytes().begin(), next.chain.size(), next.chain.begin());
    return next;
}

void sort_unique(std::vector<std::string>& names) {
    std::ranges::sort(names);
    const auto rest = std::ranges::unique(names);
    names.erase(rest.begin(), rest.end());
}

}  // namespace

Result<void> PackageIndex::Impl::note_change(const kv::CommitView& view, kv::WriteBatch& batch,
                                             const IndexEntry& entry,
                                             const package::PackageMetadata* added) const {
    if (!families.changes) return {};
    CATALOG_TRY(const std::optional<std::string> bytes, view.get(*families.changes, kStateKey));
    CATALOG_TRY(const IndexState before, state_from(bytes));
    const IndexState after = next_state(before, encode_entry(entry));
    ChangeNote note;
    note.chain = after.chain;
    note.name = entry.id.name().str();
    if (added != nullptr)
        for (const package::Provide& provide : added->provides)
            note.virtual_names.push_back(provide.name.str());
    batch.put(*families.changes, change_key(after.sequence), encode_change(note));
    batch.put(*families.changes, std::string(kStateKey), encode_state(after));
    return {};
}

Result<void> PackageIndex::stage_break(const kv::CommitView& view, kv::WriteBatch& batch) const {
    const std::optional<kv::Family> family = impl_->families.changes;
    if (!family) return {};
    CATALOG_TRY(const std::optional<std::string> bytes, view.get(*family, kStateKey));
    CATALOG_TRY(const IndexState before, state_from(bytes));
    const IndexState after = next_state(before, "break");
    batch.put(*family, std::string(kStateKey), encode_state(after));
    batch.put(*family, std::string(kKnownSinceKey), encode_state(after));
    return {};
}

Result<std::uint64_t> PackageIndex::stage_forget(kv::WriteBatch& batch,
                                                 const IndexState& state) const {
    const std::optional<kv::Family> family = impl_->families.changes;
    if (!family) return 0;
    const std::string end = change_key(state.sequence);
    std::uint64_t forgotten = 0;
    const std::unique_ptr<kv::Iterator> iterator = impl_->store.iterate(*family);
    for (iterator->seek(change_key(0));
         iterator->valid() && forgotten < kForgottenAtOnce &&
         iterator->key().size() == end.size() && iterator->key() <= end;
         iterator->next()) {
        batch.remove(*family, std::string(iterator->key()));
        ++forgotten;
    }
    CATALOG_TRY_VOID(iterator->status());
    CATALOG_TRY(const std::optional<std::string> bytes, impl_->store.get(*family, kKnownSinceKey));
    CATALOG_TRY(const IndexState known_since, state_from(bytes));
    // What stands before is without meaning once this is there, whether it is gone or not.
    if (forgotten > 0 && known_since.sequence < state.sequence)
        batch.put(*family, std::string(kKnownSinceKey), encode_state(state));
    return forgotten;
}

Result<IndexState> PackageIndex::state() const {
    const std::optional<kv::Family> family = impl_->families.changes;
    if (!family) return IndexState{};
    CATALOG_TRY(const std::optional<std::string> bytes, impl_->store.get(*family, kStateKey));
    return state_from(bytes);
}

Result<std::optional<IndexDelta>> PackageIndex::changes_since(const IndexState& state,
                                                              std::uint64_t changes_max) const {
    const std::optional<kv::Family> family = impl_->families.changes;
    if (!family) return std::nullopt;
    IndexDelta delta;
    CATALOG_TRY(delta.to, this->state());
    CATALOG_TRY(const std::optional<std::string> bytes, impl_->store.get(*family, kKnownSinceKey));
    CATALOG_TRY(const IndexState known_since, state_from(bytes));
    if (state.sequence > delta.to.sequence || state.sequence < known_since.sequence ||
        delta.to.sequence - state.sequence > changes_max)
        return std::nullopt;
    IndexState then = known_since;
    if (state.sequence != known_since.sequence) {
        CATALOG_TRY(const std::optional<std::string> note,
                    impl_->store.get(*family, change_key(state.sequence)));
        if (!note) return std::nullopt;
        CATALOG_TRY(const ChangeNote change, decode_change(*note));
        then = {state.sequence, change.chain};
    }
    if (then != state) return std::nullopt;
    std::uint64_t next = state.sequence + 1;
    const std::unique_ptr<kv::Iterator> iterator = impl_->store.iterate(*family);
    for (iterator->seek(change_key(next));
         iterator->valid() && next <= delta.to.sequence && iterator->key() == change_key(next);
         iterator->next(), ++next) {
        CATALOG_TRY(ChangeNote change, decode_change(iterator->value()));
        delta.names.push_back(std::move(change.name));
        std::ranges::move(change.virtual_names, std::back_inserter(delta.virtual_names));
    }
    CATALOG_TRY_VOID(iterator->status());
    if (next <= delta.to.sequence) return std::nullopt;
    sort_unique(delta.names);
    sort_unique(delta.virtual_names);
    return delta;
}

}  // namespace catalog::index
