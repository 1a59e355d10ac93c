#include <gtest/gtest.h>

#include "support/content/content_bed.hpp"
#include "support/content/faulty_content_storage.hpp"
#include "support/content/memory_content_storage.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;

TEST(FaultyContentStorage, FailsTheCallThatWasChosenAndNoOther) {
    const auto bed = make_fake_content_bed();
    FaultyContentStorage faulty(bed->storage());
    faulty.fail_nth(ContentCall::kExists, 2, Errc::kDatabaseIo);
    const ContentHash id = bed->put(noise(10, 1)).id;
    EXPECT_TRUE(must(faulty.exists(id)));
    EXPECT_EQ(code_of(faulty.exists(id)), Errc::kDatabaseIo);
    EXPECT_TRUE(must(faulty.exists(id)));
    EXPECT_EQ(faulty.calls(ContentCall::kExists), 3u);
}

TEST(FaultyContentStorage, CutsReadingShort) {
    const auto bed = make_fake_content_bed();
    FaultyContentStorage faulty(bed->storage());
    const ContentHash id = bed->put(noise(200'000, 1)).id;
    faulty.fail_nth(ContentCall::kRetrieveCut, 1, Errc::kIo);
    std::size_t seen = 0;
    const auto read = faulty.retrieve(
        id,
        [&](ByteView piece) -> Result<void> {
            seen += piece.size();
            return {};
        },
        CallContext());
    EXPECT_EQ(code_of(read), Errc::kIo);
    EXPECT_EQ(seen, 65'536u);
    EXPECT_EQ(must(faulty.retrieve_all(id, 1u << 20, CallContext())), noise(200'000, 1));
}

TEST(FaultyContentStorage, BreaksSessions) {
    const auto bed = make_fake_content_bed();
    FaultyContentStorage faulty(bed->storage());
    faulty.fail_nth(ContentCall::kBegin, 1, Errc::kIo);
    EXPECT_EQ(code_of(faulty.begin()), Errc::kIo);
    const auto session = must(faulty.begin());
    faulty.fail_nth(ContentCall::kPut, 2, Errc::kStorageFull);
    const ContentHash id = must(session->put(noise(1, 1))).id;
    EXPECT_EQ(code_of(session->put(noise(2, 2))), Errc::kStorageFull);
    faulty.fail_nth(ContentCall::kAddReference, 1, Errc::kIo);
    EXPECT_EQ(code_of(session->add_reference("o", id)), Errc::kIo);
    faulty.fail_nth(ContentCall::kStage, 1, Errc::kSyncFailed);
    kv::WriteBatch batch;
    EXPECT_EQ(code_of(session->stage(batch)), Errc::kSyncFailed);
    EXPECT_TRUE(batch.empty());
    faulty.fail_nth(ContentCall::kStage, 1, Errc::kSyncFailed);
    faulty.clear_faults();
    EXPECT_EQ(code_of(session->stage(batch)), std::nullopt);
}

TEST(MemoryContentStorage, FindsTheDamageThatWasDone) {
    const auto store = kv::make_memory_store(kBedFamilyCount);
    kv::CommitQueue queue(*store);
    MemoryContentStorage storage(*store, queue, kBedFamilies, make_system_clock());
    const ContentHash id = must(storage.store(source_of(noise(100, 1)), "o", CallContext())).id;
    must(storage.corrupt(id, 50));
    EXPECT_EQ(code_of(storage.retrieve_all(id, 100, CallContext())), Errc::kContentCorrupted);
    const VerifyReport report = must(storage.verify(VerifyDepth::kFull, CallContext()));
    ASSERT_EQ(report.damages.size(), 1u);
    EXPECT_EQ(report.damages[0].objects, std::vector<ContentHash>{id});
}

}  // namespace
}  // namespace catalog::content::testing
