#pragma once
// The contract suite of ContentStorage: what every implementation must do, real and fake alike.
//
//   INSTANTIATE_TEST_SUITE_P(Memory, ContentStorageContract, testing::Values(BedMaker{...}));

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "catalog/content/integrity_verifier.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/content/sample_lists.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {

using io::testing::code_of;
using io::testing::must;

/// Makes a bed with an empty store.
struct BedMaker {
    std::string name;
    std::function<std::unique_ptr<ContentBed>()> make;
    friend std::ostream& operator<<(std::ostream& out, const BedMaker& maker) {
        return out << maker.name;
    }
};

class ContentStorageContract : public ::testing::TestWithParam<BedMaker> {
protected:
    [[nodiscard]] static std::unique_ptr<ContentBed> make() { return GetParam().make(); }
    static Bytes read_range(ContentBed& bed, const ContentHash& id, ByteRange range) {
        Bytes bytes;
        must(bed.storage().retrieve(
            id,
            [&](ByteView piece) -> Result<void> {
                EXPECT_FALSE(piece.empty());
                bytes.insert(bytes.end(), piece.begin(), piece.end());
                return {};
            },
            CallContext(), range));
        return bytes;
    }
    static void collect(ContentBed& bed) {
        CollectOptions all;
        all.live_share_min = 1;
        (void)must(bed.storage().collect(all, CallContext()));
    }
    static std::vector<ContentHash> ids_of(ContentBed& bed, std::string_view owner) {
        std::vector<ContentHash> ids;
        must(bed.storage().for_each_of(owner, [&](const ContentHash& id) -> Result<void> {
            ids.push_back(id);
            return {};
        }));
        return ids;
    }
    static std::vector<ContentHash> lists_of(ContentBed& bed, std::string_view owner) {
        std::vector<ContentHash> ids;
        must(bed.storage().for_each_list_of(owner, [&](const ContentHash& id) -> Result<void> {
            ids.push_back(id);
            return {};
        }));
        return ids;
    }
    static std::vector<ContentHash> ids_in(ContentBed& bed) {
        std::vector<ContentHash> ids;
        must(bed.storage().for_each([&](const ObjectInfo& object) -> Result<void> {
            ids.push_back(object.id);
            return {};
        }));
        return ids;
    }
    /// Sizes around the borders of blocks and chunks.
    static std::vector<std::size_t> sizes() {
        return {0, 1, 100, 16 * 1024, 65'535, 65'536, 65'537, 300'000, 1'500'000};
    }
};

TEST_P(ContentStorageContract, GivesBackWhatWasStored) {
    const auto bed = make();
    for (const std::size_t size : sizes()) {
        const Bytes bytes = prose(size, size);
        const ObjectInfo info = bed->put(bytes);
        EXPECT_EQ(info.id, id_of(bytes));
        EXPECT_EQ(info.size, size);
        EXPECT_EQ(must(bed->get(info.id)), bytes) << size;
        EXPECT_EQ(must(bed->storage().info(info.id)), info);
    }
}

TEST_P(ContentStorageContract, ObjectsThatArePutTogetherAreWhatPuttingEachGives) {
    const auto one_by_one = make();
    const auto together = make();
    std::vector<Bytes> objects;
    for (const std::size_t size : sizes()) objects.push_back(prose(size, size));
    objects.push_back(noise(200'000, 7));
    objects.push_back(objects.back());  // Twice in one call.
    objects.push_back(prose(40'000, 3));
    const std::vector<ByteView> views(objects.begin(), objects.end());
    std::vector<ObjectInfo> expected;
    for (const Bytes& object : objects) expected.push_back(one_by_one->put(object));
    // The second time all of them are there.
    for (int time = 0; time < 2; ++time) {
        const auto session = must(together->storage().begin());
        EXPECT_EQ(must(session->put_each(views)), expected) << time;
        EXPECT_TRUE(must(session->put_each({})).empty());
        for (const ObjectInfo& info : expected) must(session->add_reference("together", info.id));
        must(together->storage().commit(*session));
        for (std::size_t i = 0; i < objects.size(); ++i)
            EXPECT_EQ(must(together->get(expected[i].id)), objects[i]) << i;
        collect(*together);
    }
    EXPECT_EQ(ids_in(*together), ids_in(*one_by_one));
    EXPECT_EQ(must(together->storage().stats()).chunks, must(one_by_one->storage().stats()).chunks);
}

TEST_P(ContentStorageContract, ObjectsThatArePutTogetherAgainStayThoughTheirOwnerGoes) {
    const auto bed = make();
    const Bytes bytes = noise(300'000, 8);
    const ContentHash id = bed->put(bytes, "first").id;
    const std::vector<ByteView> views = {bytes};
    const auto session = must(bed->storage().begin());
    EXPECT_EQ(must(session->put_each(views)).front().id, id);
    must(bed->remove(id, "first"));
    collect(*bed);
    must(session->add_reference("second", id));
    must(bed->storage().commit(*session));
    collect(*bed);
    EXPECT_EQ(must(bed->get(id)), bytes);
}

TEST_P(ContentStorageContract, WhatCanBeReadAgainIsStoredAsWhatCannot) {
    const auto in_order = make();
    const auto again = make();
    std::vector<Bytes> objects;
    for (const std::size_t size : sizes()) objects.push_back(noise(size, size));
    objects.push_back(noise(2'500'000, 1));
    objects.push_back(objects.back());  // Begins like one that is there, and goes on otherwise.
    objects.back()[2'400'000] ^= std::byte{1};
    objects.push_back(objects.back());
    objects.back().resize(1'000'000);
    std::vector<ObjectInfo> expected;
    for (const Bytes& object : objects) expected.push_back(in_order->put(object));
    for (int time = 0; time < 2; ++time) {
        const auto session = must(again->storage().begin());
        for (std::size_t i = 0; i < objects.size(); ++i) {
            const ObjectInfo info =
                must(session->put_random_access(slices_anywhere_of(objects[i], 100'000)));
            EXPECT_EQ(info, expected[i]) << i;
            must(session->add_reference("again", info.id));
        }
        must(again->storage().commit(*session));
        for (std::size_t i = 0; i < objects.size(); ++i)
            EXPECT_EQ(must(again->get(expected[i].id)), objects[i]) << i;
        collect(*again);
    }
    EXPECT_EQ(ids_in(*again), ids_in(*in_order));
    EXPECT_EQ(must(again->storage().stats()).chunks, must(in_order->storage().stats()).chunks);
}

TEST_P(ContentStorageContract, WhatChangesBetweenReadingsIsStoredAsOneOfThem) {
    const auto bed = make();
    const Bytes before = noise(2'000'000, 2);
    bed->put(before);
    // Reads like `before` until it is read from the beginning once more.
    const Bytes after = noise(1'500'000, 3);
    Bytes other_end = before;
    other_end.back() ^= std::byte{1};
    int beginnings = 0;
    const auto changing = [&](std::uint64_t offset,
                              std::span<std::byte> out) -> Result<std::size_t> {
        if (offset == 0) ++beginnings;
        return slices_anywhere_of(beginnings < 2 ? other_end : after, 200'000)(offset, out);
    };
    const auto session = must(bed->storage().begin());
    const ObjectInfo info = must(session->put_random_access(changing));
    must(session->add_reference("changing", info.id));
    must(bed->storage().commit(*session));
    EXPECT_EQ(info.id, id_of(beginnings < 2 ? other_end : after));
    EXPECT_EQ(must(bed->get(info.id)), beginnings < 2 ? other_end : after);
}

TEST_P(ContentStorageContract, ErrorsOfWhatCanBeReadAgainArePassedOn) {
    const auto bed = make();
    const Bytes bytes = noise(2'000'000, 4);
    bed->put(bytes);
    const auto session = must(bed->storage().begin());
    for (const std::uint64_t place : {0u, 200'000u, 1'500'000u}) {
        const auto broken = [&](std::uint64_t offset,
                                std::span<std::byte> out) -> Result<std::size_t> {
            if (offset + out.size() > place) return fail(Errc::kIo, "cannot be read");
            return slices_anywhere_of(bytes, 100'000)(offset, out);
        };
        EXPECT_EQ(code_of(session->put_random_access(broken)), Errc::kIo) << place;
    }
    EXPECT_EQ(must(session->put(bytes)).id, id_of(bytes));
}

TEST_P(ContentStorageContract, AnIdOfZerosNamesNothing) {
    const auto bed = make();
    const auto session = must(bed->storage().begin());
    must(session->put(prose(1000, 1)));
    EXPECT_EQ(code_of(session->add_reference("zeros", ContentHash())), Errc::kContentNotFound);
}

TEST_P(ContentStorageContract, IdDoesNotDependOnHowTheSourceSlices) {
    const auto bed = make();
    const Bytes bytes = noise(400'000, 1);
    for (const std::size_t slice : {1000u, 4096u, 65'536u, 1'000'000u}) {
        const auto info = must(
            bed->storage().store(slices_of(bytes, slice), std::to_string(slice), CallContext()));
        EXPECT_EQ(info.id, id_of(bytes));
    }
    EXPECT_EQ(ids_in(*bed).size(), 1u);
}

TEST_P(ContentStorageContract, GivesBackEveryRange) {
    const auto bed = make();
    const Bytes bytes = prose(700'000, 2);
    const ContentHash id = bed->put(bytes).id;
    const std::uint64_t size = bytes.size();
    const std::vector<ByteRange> ranges = {{0, 0},
                                           {0, 1},
                                           {size - 1, 1},
                                           {size, 5},
                                           {0, size + 7},
                                           {65'535, 2},
                                           {65'536, 65'536},
                                           {1, size},
                                           {123'456, 300'000},
                                           {size, 0},
                                           {300'000, ~std::uint64_t{0}}};
    for (const ByteRange& range : ranges) {
        const std::uint64_t count = std::min(range.size, size - range.offset);
        const ByteView part = ByteView(bytes).subspan(range.offset, count);
        EXPECT_EQ(read_range(*bed, id, range), to_bytes(part)) << range.offset << "+" << range.size;
    }
}

TEST_P(ContentStorageContract, GivesBackManyObjects) {
    const auto bed = make();
    std::vector<Bytes> contents;
    std::vector<ContentHash> ids;
    for (std::size_t i = 0; i < 60; ++i) {
        contents.push_back(i % 9 == 0 ? prose(400'000 + i, i) : noise(i * 100, i % 40));
        ids.push_back(bed->put(contents.back()).id);
    }
    std::vector<Bytes> found(ids.size());
    must(bed->storage().retrieve_each(
        ids,
        [&](std::size_t index, ByteView piece) -> Result<void> {
            found[index].insert(found[index].end(), piece.begin(), piece.end());
            return {};
        },
        CallContext()));
    EXPECT_EQ(found, contents);
    const auto stop = [](std::size_t, ByteView) -> Result<void> {
        return fail(Errc::kStorageFull, "no room");
    };
    EXPECT_EQ(code_of(bed->storage().retrieve_each(ids, stop, CallContext())), Errc::kStorageFull);
    ids.push_back(id_of(noise(77, 77)));
    const auto pass = [](std::size_t, ByteView) { return Result<void>(); };
    EXPECT_EQ(code_of(bed->storage().retrieve_each(ids, pass, CallContext())),
              Errc::kContentNotFound);
    EXPECT_EQ(code_of(bed->storage().retrieve_each({}, stop, CallContext())), std::nullopt);
}

TEST_P(ContentStorageContract, RefusesARangeThatBeginsBeyondTheObject) {
    const auto bed = make();
    const ContentHash id = bed->put(noise(10, 1)).id;
    const auto read = bed->storage().retrieve(id, [](ByteView) { return Result<void>(); },
                                              CallContext(), {11, 1});
    EXPECT_EQ(code_of(read), Errc::kInvalidArgument);
}

TEST_P(ContentStorageContract, DoesNotFindWhatWasNeverStored) {
    const auto bed = make();
    const ContentHash id = id_of(noise(10, 1));
    EXPECT_FALSE(must(bed->storage().exists(id)));
    EXPECT_EQ(code_of(bed->storage().info(id)), Errc::kContentNotFound);
    EXPECT_EQ(code_of(bed->get(id)), Errc::kContentNotFound);
    kv::WriteBatch batch;
    EXPECT_EQ(code_of(bed->storage().remove(id, "owner", batch)), Errc::kContentNotFound);
    EXPECT_TRUE(batch.empty());
}

TEST_P(ContentStorageContract, KnowsAlgorithmsApart) {
    const auto bed = make();
    ContentHash id = bed->put(noise(10, 1)).id;
    id.algorithm = HashAlgorithm::kBlake2b256;
    EXPECT_FALSE(must(bed->storage().exists(id)));
}

TEST_P(ContentStorageContract, ShowsASessionOnlyAfterItsCommit) {
    const auto bed = make();
    const Bytes bytes = noise(100'000, 3);
    const auto session = must(bed->storage().begin());
    const ObjectInfo info = must(session->put(bytes));
    must(session->add_reference("owner", info.id));
    EXPECT_FALSE(must(bed->storage().exists(info.id)));
    kv::WriteBatch batch;
    must(session->stage(batch));
    EXPECT_FALSE(must(bed->storage().exists(info.id)));
    must(bed->commit(std::move(batch)));
    EXPECT_TRUE(must(bed->storage().exists(info.id)));
    EXPECT_EQ(must(bed->get(info.id)), bytes);
}

TEST_P(ContentStorageContract, ForgetsASessionThatIsNotCommitted) {
    const auto bed = make();
    {
        const auto session = must(bed->storage().begin());
        const ObjectInfo info = must(session->put(noise(100'000, 3)));
        must(session->add_reference("owner", info.id));
    }
    EXPECT_TRUE(ids_in(*bed).empty());
    const Bytes other = noise(1000, 4);
    EXPECT_EQ(must(bed->get(bed->put(other).id)), other);
}

TEST_P(ContentStorageContract, AnObjectWithoutReferencesStaysUntilACollection) {
    const auto bed = make();
    auto session = must(bed->storage().begin());
    const ObjectInfo info = must(session->put(noise(1000, 3)));
    kv::WriteBatch batch;
    must(session->stage(batch));
    must(bed->commit(std::move(batch)));
    EXPECT_EQ(must(bed->get(info.id)), noise(1000, 3));
    collect(*bed);
    EXPECT_EQ(must(bed->get(info.id)), noise(1000, 3));  // Its session is there.
    session.reset();
    collect(*bed);
    EXPECT_FALSE(must(bed->storage().exists(info.id)));
    EXPECT_EQ(code_of(bed->get(info.id)), Errc::kContentNotFound);
    EXPECT_TRUE(ids_in(*bed).empty());
}

TEST_P(ContentStorageContract, RefusesAReferenceToNothing) {
    const auto bed = make();
    const auto session = must(bed->storage().begin());
    EXPECT_EQ(code_of(session->add_reference("owner", id_of(noise(5, 5)))), Errc::kContentNotFound);
}

TEST_P(ContentStorageContract, RefusesOwnersThatAreEmptyOrTooLong) {
    const auto bed = make();
    const auto session = must(bed->storage().begin());
    const ObjectInfo info = must(session->put(noise(5, 5)));
    EXPECT_EQ(code_of(session->add_reference("", info.id)), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(session->add_reference(std::string(1025, 'o'), info.id)),
              Errc::kInvalidArgument);
    EXPECT_EQ(code_of(session->add_reference(std::string(1024, 'o'), info.id)), std::nullopt);
}

TEST_P(ContentStorageContract, RefersToAnObjectThatIsThere) {
    const auto bed = make();
    const ContentHash id = bed->put(noise(1000, 3), "first").id;
    const auto session = must(bed->storage().begin());
    must(session->add_reference("second", id));
    kv::WriteBatch batch;
    must(session->stage(batch));
    must(bed->commit(std::move(batch)));
    must(bed->remove(id, "first"));
    EXPECT_TRUE(must(bed->storage().exists(id)));
}

TEST_P(ContentStorageContract, AStagedSessionTakesNothingMore) {
    const auto bed = make();
    const auto session = must(bed->storage().begin());
    const ObjectInfo info = must(session->put(noise(5, 5)));
    kv::WriteBatch batch;
    must(session->stage(batch));
    EXPECT_EQ(code_of(session->put(noise(6, 6))), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(session->add_reference("o", info.id)), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(session->stage(batch)), Errc::kFailedPrecondition);
}

TEST_P(ContentStorageContract, ASourcesErrorIsReturnedAndTheSessionGoesOn) {
    const auto bed = make();
    const auto session = must(bed->storage().begin());
    int calls = 0;
    const ByteSource broken = [&](std::span<std::byte> out) -> Result<std::size_t> {
        if (++calls == 3) return fail(Errc::kNetwork, "the peer went away");
        return std::min<std::size_t>(out.size(), 1000);
    };
    EXPECT_EQ(code_of(session->put(broken)), Errc::kNetwork);
    const Bytes bytes = noise(100'000, 6);
    const ObjectInfo info = must(session->put(bytes));
    EXPECT_EQ(info.id, id_of(bytes));
    must(session->add_reference("owner", info.id));
    kv::WriteBatch batch;
    must(session->stage(batch));
    must(bed->commit(std::move(batch)));
    EXPECT_EQ(must(bed->get(info.id)), bytes);
    EXPECT_EQ(ids_in(*bed).size(), 1u);
}

TEST_P(ContentStorageContract, ASinksErrorEndsTheReading) {
    const auto bed = make();
    const ContentHash id = bed->put(prose(1'500'000, 1)).id;
    std::uint64_t seen = 0;
    const auto read = bed->storage().retrieve(
        id,
        [&](ByteView piece) -> Result<void> {
            seen += piece.size();
            return fail(Errc::kStorageFull, "no room");
        },
        CallContext());
    EXPECT_EQ(code_of(read), Errc::kStorageFull);
    EXPECT_GT(seen, 0u);
    EXPECT_LT(seen, 1'500'000u);
}

TEST_P(ContentStorageContract, StopsWhenAskedTo) {
    const auto bed = make();
    const ContentHash id = bed->put(noise(1000, 1)).id;
    std::stop_source stop;
    stop.request_stop();
    CallContext context;
    context.stop = stop.get_token();
    EXPECT_EQ(code_of(bed->storage().store(source_of({}), "o", context)), Errc::kCancelled);
    EXPECT_EQ(code_of(bed->storage().retrieve_all(id, 1000, context)), Errc::kCancelled);
    EXPECT_EQ(code_of(bed->storage().verify(VerifyDepth::kFull, context)), Errc::kCancelled);
}

TEST_P(ContentStorageContract, BoundsWhatItReturnsAtOnce) {
    const auto bed = make();
    const ContentHash id = bed->put(noise(1000, 1)).id;
    EXPECT_EQ(code_of(bed->storage().retrieve_all(id, 999, CallContext())), Errc::kLimitExceeded);
    EXPECT_EQ(must(bed->storage().retrieve_all(id, 1000, CallContext())).size(), 1000u);
}

TEST_P(ContentStorageContract, AListKeepsWhatItNames) {
    const auto bed = make();
    const std::vector<Bytes> objects = {noise(1000, 1), noise(200'000, 2), noise(70'000, 3),
                                        noise(0, 4)};
    const ContentHash there = bed->put(objects[2]).id;
    std::vector<ContentHash> ids;
    for (const Bytes& bytes : objects) ids.push_back(id_of(bytes));
    ids.push_back(ids.front());  // As often as it likes.
    ContentHash list;
    {
        const auto session = must(bed->storage().begin());
        EXPECT_EQ(must(session->put(objects[0])).id, ids[0]);
        EXPECT_EQ(must(session->put(objects[1])).id, ids[1]);
        EXPECT_EQ(must(session->put(objects[3])).id, ids[3]);
        list = must(session->put_list("owner", list_of(ids))).id;
        must(bed->storage().commit(*session));
    }
    EXPECT_EQ(list, id_of(list_of(ids)));
    must(bed->remove(there));
    EXPECT_EQ(ids_of(*bed, "owner"), std::vector{list});
    EXPECT_EQ(lists_of(*bed, "owner"), std::vector{list});
    collect(*bed);
    for (const Bytes& bytes : objects) EXPECT_EQ(must(bed->get(id_of(bytes))), bytes);
    EXPECT_EQ(must(bed->storage().stats()).objects, objects.size() + 1);
    for (const VerifyDepth depth : {VerifyDepth::kStructure, VerifyDepth::kFull})
        EXPECT_TRUE(must(bed->storage().verify(depth, CallContext())).damages.empty());
    must(bed->remove(list));
    EXPECT_EQ(code_of(bed->remove(list)), Errc::kContentNotFound);
    EXPECT_EQ(must(bed->storage().stats()).objects, 0u);
    collect(*bed);
    EXPECT_TRUE(ids_in(*bed).empty());
}

TEST_P(ContentStorageContract, TwoListsAndAReferenceKeepTheSameObject) {
    const auto bed = make();
    const Bytes shared = noise(90'000, 1);
    const auto put_list = [&](std::string_view owner, const Bytes& own) {
        const auto session = must(bed->storage().begin());
        const std::vector<ContentHash> ids = {must(session->put(shared)).id,
                                              must(session->put(own)).id};
        const ContentHash list = must(session->put_list(owner, list_of(ids))).id;
        must(bed->storage().commit(*session));
        return list;
    };
    const ContentHash first = put_list("a", noise(5000, 2));
    const ContentHash second = put_list("b", noise(5000, 3));
    bed->put(shared, "c");
    must(bed->remove(first, "a"));
    collect(*bed);
    EXPECT_FALSE(must(bed->storage().exists(id_of(noise(5000, 2)))));
    EXPECT_EQ(must(bed->get(id_of(shared))), shared);
    must(bed->remove(id_of(shared), "c"));
    collect(*bed);
    EXPECT_EQ(must(bed->get(id_of(shared))), shared);
    EXPECT_EQ(must(bed->get(id_of(noise(5000, 3)))), noise(5000, 3));
    must(bed->remove(second, "b"));
    collect(*bed);
    EXPECT_TRUE(ids_in(*bed).empty());
}

// One owner may need the same object as a list and as itself.
TEST_P(ContentStorageContract, AListAndAReferenceOfOneOwnerAreRemovedTogether) {
    const auto bed = make();
    const ContentHash object = bed->put(noise(1000, 1), "other").id;
    const auto session = must(bed->storage().begin());
    const ContentHash list = must(session->put_list("owner", list_of({object}))).id;
    must(session->add_reference("owner", list));
    must(session->add_reference("owner", object));
    must(bed->storage().commit(*session));
    std::vector<ContentHash> expected = {object, list};
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(ids_of(*bed, "owner"), expected);
    EXPECT_EQ(lists_of(*bed, "owner"), std::vector{list});
    must(bed->remove(list));
    EXPECT_EQ(ids_of(*bed, "owner"), std::vector{object});
    EXPECT_TRUE(lists_of(*bed, "owner").empty());
}

TEST_P(ContentStorageContract, RefusesAListOfWhatIsNotThere) {
    const auto bed = make();
    const auto session = must(bed->storage().begin());
    const ContentHash id = must(session->put(noise(100, 1))).id;
    EXPECT_EQ(code_of(session->put_list("o", list_of({id, id_of(noise(5, 5))}))),
              Errc::kContentNotFound);
    EXPECT_NE(code_of(session->put_list("o", noise(100, 1))), std::nullopt);
    EXPECT_EQ(code_of(session->put_list("", list_of({id}))), Errc::kInvalidArgument);
    must(session->put_list("o", list_of({})));
    kv::WriteBatch batch;
    must(session->stage(batch));
    EXPECT_EQ(code_of(session->put_list("o", list_of({id}))), Errc::kFailedPrecondition);
}

TEST_P(ContentStorageContract, ACheckpointShowsWhatWasPutAndTheSessionGoesOn) {
    const auto bed = make();
    auto session = must(bed->storage().begin());
    const ContentHash first = must(session->put(noise(100'000, 1))).id;
    must(bed->storage().checkpoint(*session));
    EXPECT_EQ(must(bed->get(first)), noise(100'000, 1));
    collect(*bed);
    EXPECT_EQ(must(bed->get(first)), noise(100'000, 1));
    EXPECT_EQ(must(session->put(noise(100'000, 1))).id, first);
    const ContentHash second = must(session->put(noise(5000, 2))).id;
    must(bed->storage().checkpoint(*session));
    const ContentHash list = must(session->put_list("o", list_of({first, second}))).id;
    must(bed->storage().commit(*session));
    session.reset();
    collect(*bed);
    EXPECT_EQ(must(bed->get(first)), noise(100'000, 1));
    EXPECT_EQ(must(bed->get(second)), noise(5000, 2));
    must(bed->remove(list, "o"));
    collect(*bed);
    EXPECT_TRUE(ids_in(*bed).empty());
}

TEST_P(ContentStorageContract, ASessionWhoseCheckpointFailedTakesNothingMore) {
    const auto bed = make();
    const auto session = must(bed->storage().begin());
    const ContentHash id = must(session->put(noise(1000, 1))).id;
    const auto refuse = [](const kv::WriteBatch& batch) -> Result<void> {
        EXPECT_FALSE(batch.empty());
        return fail(Errc::kCommitFailed, "no");
    };
    EXPECT_EQ(code_of(session->checkpoint(refuse)), Errc::kCommitFailed);
    EXPECT_EQ(code_of(session->put_list("o", list_of({id}))), Errc::kFailedPrecondition);
    EXPECT_FALSE(must(bed->storage().exists(id)));
}

TEST_P(ContentStorageContract, AnObjectLivesAsLongAsItsLastReference) {
    const auto bed = make();
    const Bytes bytes = noise(1000, 1);
    const ContentHash id = bed->put(bytes, "a").id;
    bed->put(bytes, "b");
    must(bed->remove(id, "a"));
    EXPECT_EQ(code_of(bed->remove(id, "a")), Errc::kContentNotFound);
    EXPECT_EQ(must(bed->get(id)), bytes);
    must(bed->remove(id, "b"));
    EXPECT_EQ(must(bed->get(id)), bytes);
    collect(*bed);
    EXPECT_FALSE(must(bed->storage().exists(id)));
    EXPECT_EQ(code_of(bed->get(id)), Errc::kContentNotFound);
    bed->put(bytes, "c");
    EXPECT_EQ(must(bed->get(id)), bytes);
}

TEST_P(ContentStorageContract, TwoRemovalsAtOnceLeaveNothingBehind) {
    const auto bed = make();
    const Bytes bytes = noise(1000, 1);
    const ContentHash id = bed->put(bytes, "a").id;
    bed->put(bytes, "b");
    kv::WriteBatch first;
    kv::WriteBatch second;
    must(bed->storage().remove(id, "a", first));
    must(bed->storage().remove(id, "b", second));
    must(bed->commit(std::move(first)));
    must(bed->commit(std::move(second)));
    collect(*bed);
    EXPECT_FALSE(must(bed->storage().exists(id)));
}

TEST_P(ContentStorageContract, ARemovalDoesNotTakeWhatASessionUnderWayPutAgain) {
    const auto bed = make();
    const Bytes bytes = noise(100'000, 1);
    const ContentHash id = bed->put(bytes, "a").id;
    const auto session = must(bed->storage().begin());
    must(session->put(bytes));
    must(session->add_reference("b", id));
    must(bed->remove(id, "a"));
    kv::WriteBatch batch;
    must(session->stage(batch));
    must(bed->commit(std::move(batch)));
    EXPECT_EQ(must(bed->get(id)), bytes);
}

TEST_P(ContentStorageContract, ListsObjectsInOrder) {
    const auto bed = make();
    std::set<ContentHash> expected;
    for (std::size_t i = 0; i < 20; ++i) expected.insert(bed->put(noise(10 + i, i)).id);
    EXPECT_EQ(ids_in(*bed), std::vector<ContentHash>(expected.begin(), expected.end()));
    std::size_t calls = 0;
    const auto stopped = bed->storage().for_each([&](const ObjectInfo&) -> Result<void> {
        if (++calls == 3) return fail(Errc::kCancelled, "enough");
        return {};
    });
    EXPECT_EQ(code_of(stopped), Errc::kCancelled);
    EXPECT_EQ(calls, 3u);
}

TEST_P(ContentStorageContract, ListsTheObjectsOfAnOwnerAlone) {
    const auto bed = make();
    std::map<std::string, std::set<ContentHash>> expected;
    for (const std::string& owner : {std::string("a"), std::string("ab"), std::string("a\0", 2)})
        for (std::size_t i = 0; i < 3; ++i)
            expected[owner].insert(bed->put(noise(10, i + expected.size() * 2), owner).id);
    for (const auto& [owner, ids] : expected) {
        std::vector<ContentHash> found;
        must(bed->storage().for_each_of(owner, [&](const ContentHash& id) -> Result<void> {
            found.push_back(id);
            return {};
        }));
        EXPECT_EQ(found, std::vector<ContentHash>(ids.begin(), ids.end())) << owner;
    }
    must(bed->storage().for_each_of("nobody", [](const ContentHash&) -> Result<void> {
        ADD_FAILURE() << "nobody owns something";
        return {};
    }));
}

TEST_P(ContentStorageContract, CountsObjects) {
    const auto bed = make();
    EXPECT_EQ(must(bed->storage().stats()).objects, 0u);
    const ContentHash id = bed->put(noise(100'000, 1)).id;
    bed->put(noise(500, 2));
    StorageStats stats = must(bed->storage().stats());
    EXPECT_EQ(stats.objects, 2u);
    EXPECT_EQ(stats.object_bytes, 100'500u);
    EXPECT_GE(stats.stored_bytes, 100'500u);
    EXPECT_LT(stats.unreferenced_bytes, 6 * 4096u);  // Padding and indexes.
    EXPECT_EQ(stats.chunk_bytes, 100'500u);
    EXPECT_LE(stats.payload_bytes, stats.chunk_bytes);
    EXPECT_LE(stats.payload_bytes + stats.index_bytes, stats.stored_bytes);
    must(bed->remove(id));
    stats = must(bed->storage().stats());
    EXPECT_EQ(stats.objects, 1u);
    EXPECT_EQ(stats.object_bytes, 500u);
    EXPECT_GE(stats.unreferenced_bytes, 100'000u);
}

TEST_P(ContentStorageContract, FindsNoDamageInAHealthyStore) {
    const auto bed = make();
    for (const std::size_t size : sizes()) bed->put(prose(size, size));
    for (const VerifyDepth depth : {VerifyDepth::kStructure, VerifyDepth::kFull}) {
        const VerifyReport report = must(bed->storage().verify(depth, CallContext()));
        EXPECT_EQ(report.objects, sizes().size());
        EXPECT_TRUE(report.damages.empty());
        EXPECT_FALSE(report.truncated);
    }
}

TEST_P(ContentStorageContract, DoesWhatAMapDoes) {
    const auto bed = make();
    const std::uint64_t seed = 20'240'501;
    SCOPED_TRACE(seed);
    io::testing::SeededRandom random(seed);
    std::map<ContentHash, Bytes> contents;
    std::map<ContentHash, std::set<std::string>> owners;
    for (int step = 0; step < 150; ++step) {
        const std::string owner(1, static_cast<char>('a' + random.below(3)));
        const Bytes bytes = prose(random.below(4) * 30'000 + random.below(3), random.below(5));
        const ContentHash id = id_of(bytes);
        if (random.chance(60)) {
            EXPECT_EQ(bed->put(bytes, owner).id, id);
            contents[id] = bytes;
            owners[id].insert(owner);
        } else {
            const bool expected = owners.contains(id) && owners[id].erase(owner) > 0;
            EXPECT_EQ(bed->remove(id, owner).has_value(), expected) << step;
            if (owners.contains(id) && owners[id].empty()) owners.erase(id);
        }
        if (random.chance(10)) collect(*bed);
        EXPECT_TRUE(!owners.contains(id) || must(bed->storage().exists(id))) << step;
    }
    collect(*bed);
    std::vector<ContentHash> expected;
    for (const auto& [id, names] : owners) expected.push_back(id);
    EXPECT_EQ(ids_in(*bed), expected);
    for (const ContentHash& id : expected) EXPECT_EQ(must(bed->get(id)), contents[id]);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ContentStorageContract);

}  // namespace catalog::content::testing
