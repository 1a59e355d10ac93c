#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

#include "index_format.hpp"

namespace catalog::content {

IndexCursor::IndexCursor(const IndexRun& run, std::uint64_t ordinal)
    : run_(&run), next_(std::min(ordinal, run.size())) {}

Result<void> IndexCursor::enter_page(std::uint64_t page) {
    const std::uint64_t number = run_entry_page_at(page);
    const IndexPageView bytes(&run_->bytes_[number * kIndexPageBytes], kIndexPageBytes);
    page_ = bytes.data();
    if (run_->cipher_ != nullptr) {
        plain_.resize(kIndexPageBytes);
        const IndexPage plain(plain_.data(), kIndexPageBytes);
        CATALOG_TRY_VOID(run_->cipher_->open(number, bytes, plain));
        page_ = plain_.data();
    }
    return check_run_page(IndexPageView(page_, kIndexPageBytes), run_->info_, number, kRunEntryPage,
                          run_page_entries(run_->shape_, page));
}

Result<bool> IndexCursor::next() {
    if (next_ >= run_->size()) return false;
    const std::uint64_t page = next_ / kRunPageEntries;
    const std::size_t slot = next_ % kRunPageEntries;
    if (page_ == nullptr || slot == 0)
        if (auto entered = enter_page(page); !entered) {
            next_ = run_->size();
            return fail(std::move(entered).error());
        }
    const std::byte* bytes = page_ + slot * kRunEntryBytes;
    if (any_ && std::memcmp(bytes, entry_.id.digest.data(), ContentHash::kDigestBytes) <= 0) {
        next_ = run_->size();
        return run_page_damaged(run_->info_, run_entry_page_at(page), "has ids out of order");
    }
    load_run_entry(bytes, entry_);
    any_ = true;
    ++next_;
    return true;
}

// A run is what its builder makes of its entries, to the last byte: it is built again and compared.
Result<void> IndexRun::verify() const {
    std::uint64_t number = 0;
    std::vector<std::byte> buffer(kIndexPageBytes);
    const IndexPage plain(buffer.data(), kIndexPageBytes);
    const auto compare = [&](ByteView made) -> Result<void> {
        for (; !made.empty(); made = made.subspan(kIndexPageBytes), ++number) {
            const IndexPageView stored(&bytes_[number * kIndexPageBytes], kIndexPageBytes);
            ByteView found = stored;
            if (cipher_ != nullptr) {
                CATALOG_TRY_VOID(cipher_->open(number, stored, plain));
                found = plain;
            }
            if (!std::equal(found.begin(), found.end(), made.begin()))
                return run_page_damaged(info_, number, "is not what its entries ask for");
        }
        return {};
    };
    IndexRunBuilder builder(info_, compare);
    IndexCursor cursor(*this);
    for (;;) {
        CATALOG_TRY(const bool more, cursor.next());
        if (!more) return builder.finish();
        if (auto added = builder.add(cursor.entry()); !added) {
            if (added.error().code() != Errc::kInvalidArgument) return added;
            return run_page_damaged(info_, run_entry_page_at(cursor.ordinal() / kRunPageEntries),
                                    "has an entry that cannot be");
        }
    }
}

RunMerge::RunMerge(std::span<const IndexRun* const> newest_first) {
    sources_.reserve(newest_first.size());
    for (const IndexRun* run : newest_first) sources_.emplace_back(*run);
    heap_.reserve(sources_.size());
}

bool RunMerge::before(const Head& left, const Head& right) const noexcept {
    if (left.prefix != right.prefix) return left.prefix < right.prefix;
    const int order =
        std::memcmp(sources_[left.source].entry().id.digest.data(),
                    sources_[right.source].entry().id.digest.data(), ContentHash::kDigestBytes);
    return order != 0 ? order < 0 : left.source < right.source;
}

void RunMerge::sink(std::size_t at) noexcept {
    for (;;) {
        std::size_t child = at * 2 + 1;
        if (child >= heap_.size()) return;
        if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
        if (!before(heap_[child], heap_[at])) return;
        std::swap(heap_[child], heap_[at]);
        at = child;
    }
}

Result<bool> RunMerge::next() {
    auto any = step();
    if (!any) heap_.clear();
    return any;
}

Result<bool> RunMerge::step() {
    if (!started_) {
        started_ = true;
        for (std::size_t source = 0; source < sources_.size(); ++source) {
            CATALOG_TRY(const bool any, sources_[source].next());
            if (any) heap_.push_back({prefix_of_entry(source), source});
        }
        for (std::size_t at = heap_.size() / 2; at-- > 0;) sink(at);
        return !heap_.empty();
    }
    if (heap_.empty()) return false;
    const std::size_t source = heap_.front().source;
    CATALOG_TRY(const bool more, sources_[source].next());
    if (more) {
        heap_.front().prefix = prefix_of_entry(source);
    } else {
        heap_.front() = heap_.back();
        heap_.pop_back();
    }
    sink(0);
    return !heap_.empty();
}

std::uint64_t RunMerge::prefix_of_entry(std::size_t source) const noexcept {
    return id_prefix(sources_[source].entry().id.digest.data());
}

Result<void> merge_runs(std::span<const IndexRun* const> newest_first, const KeepEntry& keep,
                        IndexRunBuilder& builder) {
    RunMerge merge(newest_first);
    std::optional<ChunkId> last;
    for (;;) {
        CATALOG_TRY(const bool more, merge.next());
        if (!more) return {};
        const IndexEntry& entry = merge.entry();
        if ((keep && !keep(entry)) || entry.id == last) continue;
        CATALOG_TRY_VOID(builder.add(entry));
        last = entry.id;
    }
}

}  // namespace catalog::content
