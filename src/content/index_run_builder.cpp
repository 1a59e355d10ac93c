#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

#include "catalog/internal/crc32c.hpp"
#include "index_format.hpp"

namespace catalog::content {

void end_run_page(IndexPage page, const IndexRunInfo& info, std::uint64_t number, RunPageKind kind,
                  std::size_t count) noexcept {
    store_le(&page[kRunPageNumberAt], static_cast<std::uint32_t>(number));
    store_le(&page[kRunNumberAt], info.number);
    page[kRunPageKindAt] = std::byte{kind};
    page[kRunOriginAt] = static_cast<std::byte>(info.origin);
    store_le(&page[kRunPageCountAt], static_cast<std::uint16_t>(count));
    std::copy_n(info.store.begin(), kRunPageStoreBytes, &page[kRunPageStoreAt]);
    store_le(&page[kRunPageCrcAt], internal::crc32c(page.first(kRunPageCrcAt)));
}

Result<void> check_index_entry(const IndexEntry& entry) {
    const ChunkLocation& location = entry.location;
    if (entry.id.algorithm != HashAlgorithm::kSha256)
        return fail(Errc::kInvalidArgument,
                    "index holds SHA-256 ids alone, not " + entry.id.to_string());
    if (location.pack == PackId{}) return fail(Errc::kInvalidArgument, "index entry names no pack");
    if (location.offset % kRecordAlignment != 0 || location.offset / kRecordAlignment > UINT32_MAX)
        return fail(Errc::kInvalidArgument, "index entry has offset " +
                                                std::to_string(location.offset) +
                                                ", which is no multiple of 8 below 32 GiB");
    if (location.stored_bytes >= 1u << 24)
        return fail(Errc::kInvalidArgument, "index entry has " +
                                                std::to_string(location.stored_bytes) +
                                                " stored bytes, 16 MiB or more");
    return {};
}

std::uint64_t index_run_bytes(std::uint64_t entries) noexcept {
    return run_pages(run_shape(entries)) * kIndexPageBytes;
}

IndexRunBuilder::IndexRunBuilder(const IndexRunInfo& info, ByteSink sink, PageCipher* cipher)
    : info_(info),
      sink_(std::move(sink)),
      cipher_(cipher),
      group_((kRunGroupPages + 1) * kIndexPageBytes) {}

IndexPage IndexRunBuilder::page_of_group(std::size_t page) noexcept {
    return IndexPage(&group_[page * kIndexPageBytes], kIndexPageBytes);
}

Result<void> IndexRunBuilder::add(const IndexEntry& entry) {
    if (closed_) return fail(Errc::kFailedPrecondition, "index run is finished or lost");
    CATALOG_TRY_VOID(check_index_entry(entry));
    if (entries_ > 0 && std::memcmp(entry.id.digest.data(), last_.data(), last_.size()) <= 0)
        return fail(Errc::kInvalidArgument, "index run takes ids in ascending order, each once; " +
                                                entry.id.to_string() + " came too late");
    if (entries_ == kIndexRunEntriesMax)
        return fail(Errc::kLimitExceeded,
                    "index run is full at " + std::to_string(entries_) + " entries",
                    LimitDetail{"index run entries", kIndexRunEntriesMax});
    store_run_entry(&page_of_group(group_pages_)[page_entries_ * kRunEntryBytes], entry);
    last_ = entry.id.digest;
    ++entries_;
    if (++page_entries_ == kRunPageEntries) end_entry_page();
    return group_pages_ == kRunGroupPages ? end_group() : Result<void>();
}

void IndexRunBuilder::end_entry_page() noexcept {
    end_run_page(page_of_group(group_pages_), info_, pages_ + group_pages_, kRunEntryPage,
                 page_entries_);
    page_counts_[group_pages_++] = static_cast<std::uint8_t>(page_entries_);
    page_entries_ = 0;
}

// The directory is made from the finished pages, which are all in memory still.
Result<void> IndexRunBuilder::end_group() {
    const IndexPage directory = page_of_group(group_pages_);
    for (std::size_t page = 0; page < group_pages_; ++page) {
        const std::byte* entry = page_of_group(page).data();
        store_le(&directory[page * 8], id_prefix(entry));
        std::byte* tags = &directory[kRunFencesBytes + page * kRunPageTagsBytes];
        for (std::size_t i = 0; i < page_counts_[page]; ++i, entry += kRunEntryBytes)
            store_le(tags + i * 2, id_tag(entry));
    }
    tops_.push_back(id_prefix(group_.data()));
    end_run_page(directory, info_, pages_ + group_pages_, kRunDirectoryPage, group_pages_);
    const std::size_t pages = std::exchange(group_pages_, 0) + 1;
    return write_pages(pages);
}

Result<void> IndexRunBuilder::write_tops() {
    if (tops_.size() <= kRunRootTops) return {};
    for (std::size_t at = 0; at < tops_.size(); at += kRunTopsPerPage) {
        const std::size_t count = std::min(kRunTopsPerPage, tops_.size() - at);
        const IndexPage page = page_of_group(0);
        for (std::size_t i = 0; i < count; ++i) store_le(&page[i * 8], tops_[at + i]);
        end_run_page(page, info_, pages_, kRunTopPage, count);
        CATALOG_TRY_VOID(write_pages(1));
    }
    return {};
}

Result<void> IndexRunBuilder::write_root() {
    const IndexPage root = page_of_group(0);
    std::ranges::copy(as_bytes(kRunMagic), root.begin());
    store_le(&root[kRunVersionAt], kIndexRunVersion);
    store_le(&root[kRunPageBytesAt], std::uint32_t{kIndexPageBytes});
    store_le(&root[kRunEntriesAt], entries_);
    std::copy(info_.store.begin(), info_.store.end(), &root[kRunStoreAt]);
    const std::size_t count = tops_.size() <= kRunRootTops ? tops_.size() : 0;
    for (std::size_t i = 0; i < count; ++i) store_le(&root[kRunRootHeadBytes + i * 8], tops_[i]);
    end_run_page(root, info_, pages_, kRunRootPage, count);
    return write_pages(1);
}

Result<void> IndexRunBuilder::write_pages(std::size_t count) {
    // Whatever fails from here on leaves a gap.
    closed_ = true;
    if (cipher_ != nullptr)
        for (std::size_t i = 0; i < count; ++i)
            CATALOG_TRY_VOID(cipher_->seal(pages_ + i, page_of_group(i)));
    CATALOG_TRY_VOID(sink_(ByteView(group_).first(count * kIndexPageBytes)));
    std::fill_n(group_.begin(), static_cast<std::ptrdiff_t>(count * kIndexPageBytes), std::byte{});
    pages_ += count;
    closed_ = false;
    return {};
}

Result<void> IndexRunBuilder::finish() {
    if (closed_) return fail(Errc::kFailedPrecondition, "index run is finished or lost");
    if (page_entries_ > 0) end_entry_page();
    if (group_pages_ > 0) CATALOG_TRY_VOID(end_group());
    CATALOG_TRY_VOID(write_tops());
    CATALOG_TRY_VOID(write_root());
    closed_ = true;
    return {};
}

}  // namespace catalog::content
