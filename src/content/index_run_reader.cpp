#include <algorithm>
#include <catalog/internal/try.hpp>
#include <string>

#include "catalog/internal/crc32c.hpp"
#include "index_format.hpp"
#include "index_search.hpp"

namespace catalog::content {

tl::unexpected<Error> run_page_damaged(const IndexRunInfo& info, std::uint64_t number,
                                       std::string_view what) {
    std::string message = "page " + std::to_string(number) + " of index run ";
    message += std::to_string(info.number);
    message += info.origin == RunOrigin::kPackFooter ? " (of a pack) " : " ";
    message += what;
    return fail(Error(Errc::kPackInvalid, std::move(message))
                    .with_hint("the index can be made again from the packs"));
}

Result<void> check_run_page(IndexPageView page, const IndexRunInfo& info, std::uint64_t number,
                            RunPageKind kind, std::size_t count) {
    if (load_le<std::uint32_t>(&page[kRunPageCrcAt]) != internal::crc32c(page.first(kRunPageCrcAt)))
        return run_page_damaged(info, number, "does not match its checksum");
    if (load_le<std::uint32_t>(&page[kRunPageNumberAt]) != number ||
        load_le<std::uint32_t>(&page[kRunNumberAt]) != info.number ||
        page[kRunOriginAt] != static_cast<std::byte>(info.origin) ||
        !std::equal(info.store.begin(), info.store.begin() + kRunPageStoreBytes,
                    page.begin() + kRunPageStoreAt))
        return run_page_damaged(info, number, "belongs to another place or run");
    if (page[kRunPageKindAt] != std::byte{kind} ||
        load_le<std::uint16_t>(&page[kRunPageCountAt]) != count)
        return run_page_damaged(info, number,
                                "is of another kind or length than its place asks for");
    return {};
}

namespace {

tl::unexpected<Error> not_a_run(std::string what) {
    return fail(Error(Errc::kPackInvalid, "index run " + std::move(what))
                    .with_hint("the index can be made again from the packs"));
}

// What a run says of itself, believed once the checksum is right.
Result<IndexRunInfo> read_root_info(IndexPageView root) {
    if (as_text(root.first(kRunMagic.size())) != kRunMagic)
        return not_a_run("has another magic in its last page");
    IndexRunInfo info;
    std::copy_n(&root[kRunStoreAt], info.store.size(), info.store.begin());
    info.number = load_le<std::uint32_t>(&root[kRunNumberAt]);
    info.origin = static_cast<RunOrigin>(root[kRunOriginAt]);
    if (info.origin > RunOrigin::kFile) return not_a_run("has an unknown origin");
    const auto version = load_le<std::uint32_t>(&root[kRunVersionAt]);
    if (version != kIndexRunVersion)
        return not_a_run("has format version " + std::to_string(version) + ", not 1");
    if (load_le<std::uint32_t>(&root[kRunPageBytesAt]) != kIndexPageBytes)
        return not_a_run("has pages of another length than 4096");
    return info;
}

}  // namespace

Result<std::shared_ptr<const IndexRun>> IndexRun::open(ByteView bytes,
                                                       std::shared_ptr<const void> keeps_alive,
                                                       const PageCipher* cipher,
                                                       std::shared_ptr<IndexPageCache> cache) {
    if (bytes.empty() || bytes.size() % kIndexPageBytes != 0)
        return not_a_run("has " + std::to_string(bytes.size()) +
                         " bytes, no multiple of 4096: it is cut short or none");
    const std::uint64_t last = bytes.size() / kIndexPageBytes - 1;
    const IndexPageView sealed(&bytes[last * kIndexPageBytes], kIndexPageBytes);
    auto run = std::make_shared<IndexRun>(Hidden());
    if (cipher != nullptr)
        CATALOG_TRY_VOID(cipher->open(last, sealed, run->root_));
    else
        std::copy(sealed.begin(), sealed.end(), run->root_.begin());

    const IndexPageView root(run->root_);
    CATALOG_TRY(run->info_, read_root_info(root));
    const auto entries = load_le<std::uint64_t>(&root[kRunEntriesAt]);
    if (entries > kIndexRunEntriesMax || index_run_bytes(entries) != bytes.size())
        return not_a_run("has " + std::to_string(bytes.size()) + " bytes, another length than " +
                         std::to_string(entries) + " entries ask for");
    run->shape_ = run_shape(entries);
    const std::uint64_t tops = run->shape_.top_pages == 0 ? run->shape_.groups : 0;
    CATALOG_TRY_VOID(check_run_page(root, run->info_, last, kRunRootPage, tops));
    run->bytes_ = bytes;
    run->keeps_alive_ = std::move(keeps_alive);
    run->cipher_ = cipher;
    if (cipher != nullptr && cache != nullptr) {
        run->cache_number_ = cache->add_run();
        run->cache_ = std::move(cache);
    }
    return run;
}

namespace {

// Calls `use` with a search over the run's pages, and returns what it gives unless a page could
// not be read.
template <class Use>
auto search_run(const IndexRun& run, const PageCipher* cipher, const Use& use)
    -> Result<decltype(use(std::declval<RunSearch<PlainPages>&>()))> {
    if (cipher == nullptr) {
        RunSearch<PlainPages> search(run);
        return use(search);
    }
    RunSearch<SealedPages> search(run);
    auto answer = use(search);
    CATALOG_TRY_VOID(search.status());
    return answer;
}

void fill(const EntryPlace& place, std::optional<IndexEntry>& found) noexcept {
    if (place.bytes != nullptr) load_run_entry(place.bytes, found.emplace());
}

constexpr std::size_t kLookupsAtOnce = 16;
constexpr std::size_t kCacheLine = 64;

void prefetch(const std::byte* from, std::size_t bytes) noexcept {
    for (std::size_t at = 0; at < bytes; at += kCacheLine) __builtin_prefetch(from + at);
    __builtin_prefetch(from + bytes - 1);
}

using PlainSearch = RunSearch<PlainPages>;

// One of several lookups that go on side by side.
struct Lookup {
    const ChunkId* id = nullptr;
    std::optional<IndexEntry>* found = nullptr;
    std::uint64_t prefix = 0;
    std::uint64_t group = kNoPlace;
    const std::byte* directory = nullptr;
    PlainSearch::PagePlace place;
    TagMatches matches;
};

// Each step asks memory for what the next step of the same lookup needs, so that the waits of all
// of them overlap.
void find_together(PlainSearch& search, std::span<Lookup> lookups) {
    for (Lookup& lookup : lookups) {
        lookup.prefix = id_prefix(lookup.id->digest.data());
        lookup.group = search.group_of(lookup.prefix);
        if (lookup.group == kNoPlace) continue;
        lookup.directory = search.directory_of(lookup.group);
        prefetch(lookup.directory, kRunFencesBytes);
    }
    for (Lookup& lookup : lookups) {
        if (lookup.group == kNoPlace) continue;
        lookup.place = search.page_of(lookup.directory, lookup.group, lookup.prefix);
        if (lookup.place.page != kNoPlace)
            prefetch(PlainSearch::tags_of(lookup.directory, lookup.place), kRunPageTagsBytes);
    }
    for (Lookup& lookup : lookups) {
        if (lookup.group == kNoPlace || lookup.place.page == kNoPlace) continue;
        lookup.matches =
            search.matches_of(lookup.directory, lookup.place, id_tag(lookup.id->digest.data()));
        TagMatches matches = lookup.matches;
        if (matches.any())
            prefetch(search.page(run_entry_page_at(lookup.place.page)) +
                         matches.take_first() * kRunEntryBytes,
                     kRunEntryBytes);
    }
    for (Lookup& lookup : lookups) {
        if (lookup.group == kNoPlace || lookup.place.page == kNoPlace) continue;
        fill(search.locate_in(lookup.place, lookup.matches, lookup.id->digest.data()),
             *lookup.found);
    }
}

}  // namespace

Result<std::optional<IndexEntry>> IndexRun::find(const ChunkId& id) const {
    return search_run(*this, cipher_, [&id](auto& search) {
        std::optional<IndexEntry> found;
        fill(search.locate(id), found);
        return found;
    });
}

Result<std::optional<std::uint64_t>> IndexRun::ordinal_of(const ChunkId& id) const {
    return search_run(*this, cipher_, [&id](auto& search) {
        const EntryPlace place = search.locate(id);
        return place.bytes == nullptr ? std::nullopt : std::optional(place.ordinal);
    });
}

Result<void> IndexRun::find_many(std::span<const ChunkId> ids,
                                 std::span<std::optional<IndexEntry>> found) const {
    if (ids.size() != found.size())
        return fail(Errc::kInvalidArgument, "as many slots as ids are needed");
    if (cipher_ != nullptr) {
        RunSearch<SealedPages> search(*this);
        for (std::size_t i = 0; i < ids.size() && search.status(); ++i)
            if (!found[i]) fill(search.locate(ids[i]), found[i]);
        return search.status();
    }
    PlainSearch search(*this);
    std::array<Lookup, kLookupsAtOnce> lookups;
    for (std::size_t i = 0; i < ids.size();) {
        std::size_t count = 0;
        for (; i < ids.size() && count < lookups.size(); ++i)
            if (!found[i] && ids[i].algorithm == HashAlgorithm::kSha256) {
                lookups[count].id = &ids[i];
                lookups[count++].found = &found[i];
            }
        find_together(search, std::span(lookups).first(count));
    }
    return {};
}

Result<std::uint64_t> IndexRun::lower_bound(const ChunkId& id) const {
    return search_run(*this, cipher_,
                      [&id](auto& search) { return search.lower_bound(id.digest.data()); });
}

Result<IndexEntry> IndexRun::entry(std::uint64_t ordinal) const {
    if (ordinal >= size())
        return fail(Errc::kInvalidArgument, "index run has " + std::to_string(size()) +
                                                " entries, none with ordinal " +
                                                std::to_string(ordinal));
    return search_run(*this, cipher_, [ordinal](auto& search) {
        IndexEntry entry;
        if (const std::byte* bytes = search.entry_bytes(ordinal)) load_run_entry(bytes, entry);
        return entry;
    });
}

}  // namespace catalog::content
