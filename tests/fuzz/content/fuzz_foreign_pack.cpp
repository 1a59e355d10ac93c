// Packs that nobody knows, in the folder of a store that lost its records: they are taken in or put
// aside, everything that was there can still be read or is mended from the store itself, and
// nothing wrong is ever given.

#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/content/content_records.hpp"
#include "catalog/content/key_use.hpp"
#include "catalog/content/pack_adoption.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "closed_store.hpp"

namespace {

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::content;  // NOLINT
using fakes::require;
using fuzz::ClosedStore;
using fuzz::must;
using testing::RealContentBed;

AdoptionReport adopt(const ClosedStore& closed) {
    kv::CommitQueue queue(*closed.records);
    ContentOptions options = fuzz::options_of(closed.disk);
    options.store = closed.records.get();
    options.queue = &queue;
    options.families = testing::kBedFamilies;
    options.clock = make_system_clock();
    options.random = testing::make_counting_random();
    AdoptionReport report = must(adopt_packs(options));
    queue.close();
    return report;
}

void try_adoption(ClosedStore closed, bool own_pack_is_whole) {
    (void)adopt(closed);
    require(adopt(closed).packs.empty());
    // One that cannot be told by its header is of no key, which is number 0.
    std::uint64_t packs = 0;
    for (const KeyUse& use : must(find_key_use(*closed.disk, "/library"))) packs += use.packs;
    require(packs >= 1);

    RealContentBed bed = closed.open();
    (void)fuzz::count_hurt(bed, closed.contents);
    (void)must(bed.storage().repair(RepairOptions(), CallContext()));
    // What is damaged is gone; the other copy is found.
    if (own_pack_is_whole) require(fuzz::count_hurt(bed, closed.contents) == 0);
    bed.reopen();
    const std::size_t hurt = fuzz::count_hurt(bed, closed.contents);
    if (own_pack_is_whole) require(hurt == 0);
    if (hurt == 0)
        require(must(bed.storage().verify(VerifyDepth::kFull, CallContext())).damages.empty());
}

}  // namespace

// The first byte: where the bytes stand, whether checksums are made right, what was lost.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string records = (data[0] & 4) != 0 ? fuzz::records_of(input) : std::string(input);
    ClosedStore closed = ClosedStore::sample().copy();
    bool own_pack_is_whole = true;
    switch (data[0] & 3) {
        case 0:
            closed.write_pack(fuzz::kForeignPack, input);
            break;
        case 1:
            closed.write_pack(fuzz::kForeignPack,
                              ClosedStore::header_of(fuzz::kForeignPack) + records);
            break;
        case 2:
            closed.write_pack(fuzz::kOwnPack, closed.pack(fuzz::kOwnPack) + records);
            break;
        default:
            closed.write_pack(fuzz::kOwnPack, ClosedStore::header_of(fuzz::kOwnPack) + records);
            own_pack_is_whole = false;
    }
    if ((data[0] & 8) != 0 || !own_pack_is_whole) closed.lose(pack_key(fuzz::kOwnPack));
    // Whose the store is most packs say, and of two each is as good.
    if ((data[0] & 16) != 0 && (data[0] & 3) != 0) closed.lose(format_key());
    try_adoption(std::move(closed), own_pack_is_whole);
    return 0;
}
