// An index run of any bytes: opening it answers or refuses, every lookup ends and answers about
// what it was asked, and a run that verifies finds all of its entries. Inputs that are no run are
// tried as changes to one, too, under a right last page.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "catalog/internal/crc32c.hpp"
#include "index_format.hpp"
#include "index_page_cache.hpp"
#include "page_cipher.hpp"

namespace {

using namespace catalog;
using namespace catalog::content;

void require(bool condition) {
    if (!condition) std::abort();
}

ChunkId id_at(ByteView bytes, std::size_t at) {
    ChunkId id;
    const std::size_t count = std::min(id.digest.size(), bytes.size() - at);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, id.digest.begin());
    return id;
}

void ask(const IndexRun& run, const std::vector<ChunkId>& ids) {
    std::vector<std::optional<IndexEntry>> found(ids.size());
    require(run.find_many(ids, found).has_value());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto one = run.find(ids[i]);
        require(one && *one == found[i] && (!*one || (*one)->id == ids[i]));
        const auto ordinal = run.ordinal_of(ids[i]);
        require(ordinal && ordinal->has_value() == one->has_value());
        if (*ordinal) require(run.entry(**ordinal) == **one);
        const auto bound = run.lower_bound(ids[i]);
        require(bound && *bound <= run.size());
    }
}

std::string build(const IndexRunInfo& info, const std::vector<IndexEntry>& entries) {
    std::string out;
    IndexRunBuilder builder(info, [&out](ByteView bytes) -> Result<void> {
        out.append(as_text(bytes));
        return {};
    });
    for (const IndexEntry& entry : entries) require(builder.add(entry).has_value());
    require(builder.finish().has_value());
    return out;
}

void try_run(const std::string& bytes) {
    const auto opened = IndexRun::open(as_bytes(bytes), nullptr);
    if (!opened) {
        require(opened.error().code() == Errc::kPackInvalid);
        return;
    }
    const IndexRun& run = **opened;
    std::vector<ChunkId> ids;
    for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 64)
        ids.push_back(id_at(as_bytes(bytes), at - at % 48));
    ask(run, ids);
    std::vector<IndexEntry> entries;
    IndexCursor cursor(run);
    auto more = cursor.next();
    for (; more && *more; more = cursor.next()) entries.push_back(cursor.entry());
    require(entries.size() <= run.size());
    if (!run.verify()) return;
    require(more && entries.size() == run.size() && build(run.info(), entries) == bytes);
    ids.clear();
    for (const IndexEntry& entry : entries) ids.push_back(entry.id);
    ask(run, ids);
    for (const IndexEntry& entry : entries) require(*run.find(entry.id) == entry);
}

class NoRandom final : public Random {
public:
    Result<void> fill(std::span<std::byte> out) override {
        std::ranges::fill(out, std::byte{7});
        return {};
    }
};

// The same pages, each sealed under a known key: what answers in the clear answers here, and
// lookups in the rest end.
void try_sealed(std::string bytes) {
    if (bytes.empty() || bytes.size() % kIndexPageBytes != 0) return;
    const auto random = std::make_shared<NoRandom>();
    StoreKeyRing keys;
    const auto key = StoreKey::generate(*random);
    require(key.has_value());
    keys.add(KeyGeneration{1}, *key);
    const auto cipher = make_page_cipher(keys, {}, random);
    require(cipher.has_value());
    Bytes sealed = to_bytes(as_bytes(bytes));
    for (std::size_t at = 0; at < sealed.size(); at += kIndexPageBytes) {
        const std::span<std::byte> page = std::span(sealed).subspan(at, kIndexPageBytes);
        require((*cipher)->seal(at / kIndexPageBytes, IndexPage(page)).has_value());
    }
    const auto opened =
        IndexRun::open(sealed, nullptr, cipher->get(), std::make_shared<IndexPageCache>());
    if (!opened) return;
    const IndexRun& run = **opened;
    for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 16) {
        const ChunkId id = id_at(as_bytes(bytes), at - at % 48);
        const auto found = run.find(id);
        require(!found || !*found || (*found)->id == id);
    }
    std::uint64_t entries = 0;
    IndexCursor cursor(run);
    auto more = cursor.next();
    for (; more && *more; more = cursor.next()) ++entries;
    require(entries <= run.size());
    if (run.verify()) require(more && entries == run.size());
}

// A run with pages of every kind but tops; ids crowd in a few places.
std::string sample_run() {
    std::vector<IndexEntry> entries(2000);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        IndexEntry& entry = entries[i];
        entry.id.digest[0] = static_cast<std::byte>(i >> 9);
        entry.id.digest[9] = static_cast<std::byte>(i >> 8);
        entry.id.digest[10] = static_cast<std::byte>(i);
        entry.id.digest[31] = static_cast<std::byte>(i * 7);
        entry.location = {PackId{1}, 8 * i, 1, 1};
    }
    return build({}, entries);
}

// Three bytes a change: where (two bytes, spread over the run) and what.
void try_changes(ByteView changes) {
    std::string bytes = sample_run();
    const std::size_t step = bytes.size() / 65536 + 1;
    for (; changes.size() >= 3; changes = changes.subspan(3)) {
        const std::size_t at = load_le<std::uint16_t>(changes.data()) * step;
        if (at < bytes.size()) bytes[at] = static_cast<char>(changes[2]);
    }
    auto* root = reinterpret_cast<std::byte*>(bytes.data() + bytes.size() - kIndexPageBytes);
    store_le(root + kRunPageCrcAt, internal::crc32c(ByteView(root, kRunPageCrcAt)));
    try_run(bytes);
    try_sealed(bytes);
}

// The input as the pages before a right last page.
void try_pages(std::string bytes) {
    for (std::uint64_t entries = 1; index_run_bytes(entries) <= bytes.size() + kIndexPageBytes;
         entries += 40) {
        if (index_run_bytes(entries) !=
            bytes.size() / kIndexPageBytes * kIndexPageBytes + kIndexPageBytes)
            continue;
        std::vector<IndexEntry> filler(entries);
        for (std::size_t i = 0; i < filler.size(); ++i) {
            store_le(filler[i].id.digest.data() + 24, __builtin_bswap64(std::uint64_t{i} + 1));
            filler[i].location = {PackId{1}, 8, 1, 1};
        }
        std::string run = build({}, filler);
        bytes.resize(run.size() - kIndexPageBytes);
        run.replace(0, bytes.size(), bytes);
        try_run(run);
        try_sealed(run);
        return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    try_run(input);
    if (size < 64 * kIndexPageBytes) try_sealed(input);
    try_changes(as_bytes(input));
    if (size >= kIndexPageBytes && size < 64 * kIndexPageBytes) try_pages(input);
    return 0;
}
