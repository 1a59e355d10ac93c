// Sources of a repair that give anything: an object's bytes in slices and with lies, files of a
// folder, another store over a foreign pack. What a source gives counts when it is what was lost;
// everything that can be read afterwards is right.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/content/content_repair.hpp"
#include "catalog/content/content_source.hpp"
#include "closed_store.hpp"

namespace {

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::content;  // NOLINT
using fakes::ByteFeed;
using fakes::require;
using fuzz::ClosedStore;
using fuzz::must;
using testing::RealContentBed;

/// Gives what the input says: right bytes, other ones, too many, errors.
class ScriptedSource final : public ContentSource {
public:
    ScriptedSource(const ClosedStore& closed, ByteFeed& feed) : closed_(closed), feed_(feed) {}

    std::string name() const override { return "script"; }

    Result<ByteSource> open(const ContentHash& id, std::optional<std::uint64_t>,
                            const CallContext&) override {
        const auto found = closed_.contents.find(id);
        if (found == closed_.contents.end() || feed_.byte() % 4 == 3)
            return fail(Errc::kContentNotFound, "the script has none");
        rest_ = found->second;
        return ByteSource([this](std::span<std::byte> out) { return read(out); });
    }

private:
    Result<std::size_t> read(std::span<std::byte> out) {
        constexpr std::uint8_t kOther = 250;
        const std::uint8_t what = feed_.byte();
        if (what == kOther) return fail(Errc::kIo, "the script says so");
        if (what > kOther) {
            const std::string text = feed_.text();
            const std::size_t count = std::min(text.size(), out.size());
            std::copy_n(as_bytes(text).begin(), count, out.begin());
            return count;
        }
        const std::size_t wanted = what == 0 ? rest_.size() : what;
        const std::size_t count = std::min({rest_.size(), out.size(), wanted});
        std::copy_n(rest_.begin(), count, out.begin());
        rest_ = rest_.subspan(count);
        return count;
    }

    const ClosedStore& closed_;
    ByteFeed& feed_;
    ByteView rest_;
};

// Damages pack 1 where the input says.
ClosedStore damaged(ByteFeed& feed) {
    ClosedStore closed = ClosedStore::sample().copy();
    std::string pack = closed.pack(fuzz::kOwnPack);
    for (int flips = 1 + feed.byte() % 8; flips > 0; --flips) {
        const std::size_t high = feed.byte();
        pack[(high * 256 + feed.byte()) % pack.size()] ^= static_cast<char>(1 + feed.byte() % 255);
    }
    closed.write_pack(fuzz::kOwnPack, pack);
    return closed;
}

void try_repair(RealContentBed& bed, const ClosedStore& closed, ContentSource& source,
                bool dry_run) {
    RepairOptions options;
    options.sources = {&source};
    options.dry_run = dry_run;
    const RepairReport report = must(bed.storage().repair(options, CallContext()));
    const std::size_t hurt = fuzz::count_hurt(bed, closed.contents);
    // What came from a source that was refused then may be found until the store is closed.
    require(dry_run || hurt <= report.hurt.size());
    for (const RestoredObject& each : report.restored)
        require(dry_run || bed.get(each.id).has_value());
}

}  // namespace

// The first byte: which source there is, and whether the repair is tried dry at first.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 8) return 0;
    ByteFeed feed({reinterpret_cast<const char*>(data), size});
    const std::uint8_t kind = feed.byte();
    ClosedStore closed = damaged(feed);
    const auto contents = closed.contents;
    RealContentBed bed = closed.open();
    ClosedStore other = ClosedStore::sample().copy();
    std::optional<RealContentBed> other_bed;
    std::unique_ptr<ContentSource> source;
    switch (kind & 3) {
        case 0:
            source = std::make_unique<ScriptedSource>(ClosedStore::sample(), feed);
            break;
        case 1:
            must(other.disk->make_directories("/given/deep"));
            for (char name = 'a'; name < 'e'; ++name)
                other.write("/given/deep/" + std::string(1, name), feed.text());
            other.write("/given/rest", feed.rest());
            source = make_directory_source(other.disk, "/given");
            break;
        default:
            // Its records are right, its pack is anything.
            other.write_pack(fuzz::kOwnPack, ClosedStore::header_of(fuzz::kOwnPack) +
                                                 ((kind & 3) == 2 ? fuzz::records_of(feed.rest())
                                                                  : std::string(feed.rest())));
            other_bed.emplace(fuzz::options_of(other.disk), std::move(other.records));
            source = make_storage_source(other_bed->storage(), "other");
    }
    if ((kind & 4) != 0) try_repair(bed, closed, *source, true);
    try_repair(bed, closed, *source, false);

    RealContentBed good(
        fuzz::options_of(ClosedStore::sample().disk->recover(fuzz::CrashPolicy::kKeepAll)),
        testing::copy_of(*ClosedStore::sample().records));
    const auto whole = make_storage_source(good.storage(), "good");
    try_repair(bed, closed, *whole, false);
    require(fuzz::count_hurt(bed, contents) == 0);
    require(must(bed.storage().verify(VerifyDepth::kFull, CallContext())).damages.empty());
    return 0;
}
