#include "catalog/content/zero_copy_content.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "support/content/content_bed.hpp"
#include "support/content/flipped_bits.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using io::testing::TemporaryFolder;

ContentOptions on_disk(const TemporaryFolder& folder) {
    ContentOptions options;
    options.file_system = io::make_posix_file_system();
    options.directory = folder.path();
    return options;
}

Bytes bytes_of(const ContentSlice& slice) {
    Bytes bytes;
    for (std::size_t i = 0; i < slice.region_count(); ++i) {
        const ByteView region = slice.region(i);
        EXPECT_FALSE(region.empty());
        bytes.insert(bytes.end(), region.begin(), region.end());
    }
    EXPECT_EQ(bytes.size(), slice.size());
    return bytes;
}

Bytes part_of(const Bytes& bytes, std::uint64_t offset, std::uint64_t size) {
    return to_bytes(ByteView(bytes).subspan(offset).first(
        std::min<std::uint64_t>(size, bytes.size() - offset)));
}

// Where this process has a pack mapped from its first byte on; an index is mapped on its own.
struct PackMapping {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};

std::vector<PackMapping> pack_mappings() {
    std::vector<PackMapping> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(".pack") == std::string::npos) continue;
        std::istringstream fields(line);
        PackMapping mapping;
        char dash = 0;
        std::string skipped;
        fields >> std::hex >> mapping.begin >> dash >> mapping.end;
        std::uint64_t offset = 0;
        fields >> skipped >> offset;
        if (offset == 0) found.push_back(mapping);
    }
    return found;
}

bool is_mapped(ByteView bytes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    const auto mappings = pack_mappings();
    return std::any_of(mappings.begin(), mappings.end(), [&](const PackMapping& mapping) {
        return begin >= mapping.begin && begin + bytes.size() <= mapping.end;
    });
}

std::string first_pack(const TemporaryFolder& folder) {
    return folder.path() + "/packs/00000001.pack";
}

// Changes the byte in the middle of where a pack has these bytes.
void flip(const std::string& path, ByteView bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    std::string all((std::istreambuf_iterator<char>(file)), {});
    const std::string wanted(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t at = all.find(wanted);
    ASSERT_NE(at, std::string::npos);
    const std::size_t middle = at + bytes.size() / 2;
    file.clear();
    file.seekp(static_cast<std::streamoff>(middle));
    file.put(static_cast<char>(all[middle] ^ 1));
    ASSERT_TRUE(file.good());
}

TEST(ZeroCopyContent, AgreesWithTheBytesInEveryRange) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const Bytes bytes = mixed_bytes();
    const auto content = must(bed.storage().open_zero_copy(bed.put(bytes).id));
    EXPECT_EQ(content->info(), must(bed.storage().info(content->info().id)));
    constexpr std::uint64_t kSeed = 11;
    std::mt19937_64 random(kSeed);
    for (int round = 0; round < 500; ++round) {
        const std::uint64_t offset = random() % (bytes.size() + 1);
        const std::uint64_t size = random() % 3 == 0 ? random() % 9'000 : random() % 50;
        const ContentSlice slice = must(content->slice({offset, size}));
        ASSERT_EQ(bytes_of(slice), part_of(bytes, offset, size)) << "seed " << kSeed << round;
        if (slice.size() == 0) continue;
        EXPECT_EQ(slice.offset(), offset);
        const std::uint64_t from = random() % (slice.size() + 2);
        const ContentSlice part = slice.part({from, random() % 600});
        const std::uint64_t begin = std::min(from, slice.size());
        ASSERT_EQ(bytes_of(part), part_of(bytes, offset + begin, part.size()));
        EXPECT_EQ(part.offset(), offset + begin);
    }
    EXPECT_EQ(bytes_of(must(content->slice())), bytes);
}

TEST(ZeroCopyContent, RefusesPlacesBehindTheEnd) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const auto content = must(bed.storage().open_zero_copy(bed.put(noise(100, 1)).id));
    EXPECT_EQ(code_of(content->slice({101, 1})), Errc::kInvalidArgument);
    EXPECT_EQ(must(content->slice({100, 1})).size(), 0u);
    EXPECT_EQ(code_of(content->region_at(100)), Errc::kEndOfFile);
    EXPECT_EQ(code_of(bed.storage().open_zero_copy(id_of(noise(5, 9)))), Errc::kContentNotFound);
}

TEST(ZeroCopyContent, AnObjectWithoutBytesHasNoRegions) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const auto content = must(bed.storage().open_zero_copy(bed.put(Bytes()).id));
    const ContentSlice slice = must(content->slice());
    EXPECT_EQ(slice.region_count(), 0u);
    EXPECT_TRUE(slice.contiguous().has_value());
    EXPECT_EQ(slice.part({0, 5}).size(), 0u);
}

TEST(ZeroCopyContent, CopiesAsMuchAsThereIsRoomFor) {
    RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
    const Bytes bytes = mixed_bytes();
    const ContentSlice slice = must(must(bed.storage().open_zero_copy(bed.put(bytes).id))->slice());
    Bytes out(3'000);
    EXPECT_EQ(slice.copy_to(out), 3'000u);
    EXPECT_EQ(out, part_of(bytes, 0, 3'000));
    out.resize(bytes.size() + 10);
    EXPECT_EQ(slice.copy_to(out), bytes.size());
}

TEST(ZeroCopyContent, ARawChunkLiesWhereItsPackIsMapped) {
    const TemporaryFolder folder;
    RealContentBed bed(on_disk(folder));
    const Bytes bytes = noise(2'000'000, 1);
    const auto content = must(bed.storage().open_zero_copy(bed.put(bytes).id));
    const ContentSlice slice = must(content->slice());
    EXPECT_EQ(bytes_of(slice), bytes);
    EXPECT_EQ(slice.region_count(), content->info().chunks);
    for (std::size_t i = 0; i < slice.region_count(); ++i) {
        const ByteView region = slice.region(i);
        EXPECT_TRUE(is_mapped(region)) << i;
        const auto address = reinterpret_cast<std::uintptr_t>(region.data());
        EXPECT_TRUE(region.size() < kPagedBytesMin || address % kPageBytes == 0) << i;
    }
    const ContentSlice again =
        must(must(bed.storage().open_zero_copy(content->info().id))->slice());
    for (std::size_t i = 0; i < slice.region_count(); ++i)
        EXPECT_EQ(again.region(i).data(), slice.region(i).data());
}

TEST(ZeroCopyContent, AnObjectOfOneRawRecordIsOneRegion) {
    const TemporaryFolder folder;
    RealContentBed bed(on_disk(folder));
    const Bytes bytes = noise(12'000, 1);
    const auto content = must(bed.storage().open_zero_copy(bed.put(bytes).id));
    const ContentSlice slice = must(content->slice());
    const ByteView whole = slice.contiguous().value_or(ByteView());
    EXPECT_EQ(to_bytes(whole), bytes);
    EXPECT_TRUE(is_mapped(whole));
}

TEST(ZeroCopyContent, ACompressedChunkIsDecodedOnceAndShared) {
    const TemporaryFolder folder;
    RealContentBed bed(on_disk(folder));
    const Bytes bytes = prose(12'000, 1);
    const auto content = must(bed.storage().open_zero_copy(bed.put(bytes).id));
    const ContentSlice slice = must(content->slice());
    EXPECT_FALSE(is_mapped(slice.region(0)));
    EXPECT_EQ(must(content->region_at(5)).bytes().data(), slice.region(0).data());
    EXPECT_EQ(bytes_of(slice), bytes);
}

TEST(ZeroCopyContent, SlicesOutliveStoreAndPack) {
    const TemporaryFolder folder;
    const Bytes bytes = noise(300'000, 1);
    ContentSlice part;
    {
        RealContentBed bed(on_disk(folder));
        const auto content = must(bed.storage().open_zero_copy(bed.put(bytes).id));
        part = must(content->slice()).part({1'000, 200'000});
    }
    EXPECT_EQ(pack_mappings().size(), 1u);
    std::filesystem::remove(first_pack(folder));
    const ContentSlice copy = part;
    part = ContentSlice();
    EXPECT_EQ(bytes_of(copy), part_of(bytes, 1'000, 200'000));
}

TEST(ZeroCopyContent, UnmapsWhatNobodyHolds) {
    const TemporaryFolder folder;
    {
        RealContentBed bed(on_disk(folder));
        const auto content = must(bed.storage().open_zero_copy(bed.put(noise(300'000, 1)).id));
        EXPECT_GT(must(content->slice()).size(), 0u);
        EXPECT_EQ(pack_mappings().size(), 1u);
    }
    EXPECT_TRUE(pack_mappings().empty());
}

TEST(ZeroCopyContent, KeepsNoMorePacksMappedThanAllowedAndHeld) {
    const TemporaryFolder folder;
    ContentOptions options = on_disk(folder);
    options.packs.pack_bytes_max = 100'000;
    options.packs.mapped_packs_max = 2;
    RealContentBed bed(std::move(options));
    std::vector<Bytes> objects;
    objects.reserve(12);
    for (std::uint64_t i = 0; i < 12; ++i) objects.push_back(noise(110'000, i));
    for (const Bytes& bytes : objects) bed.put(bytes);
    std::vector<ContentSlice> held;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const auto content = must(bed.storage().open_zero_copy(id_of(objects[i])));
        ContentSlice slice = must(content->slice());
        EXPECT_EQ(bytes_of(slice), objects[i]);
        if (i < 4) held.push_back(std::move(slice));
    }
    const std::size_t all = bed.storage().stats()->packs;
    EXPECT_GT(all, 8u);
    EXPECT_LT(pack_mappings().size(), all);
    for (std::size_t i = 0; i < held.size(); ++i) EXPECT_EQ(bytes_of(held[i]), objects[i]);
    held.clear();
    for (const Bytes& bytes : objects)
        EXPECT_EQ(bytes_of(must(must(bed.storage().open_zero_copy(id_of(bytes)))->slice())), bytes);
    EXPECT_LE(pack_mappings().size(), 2u);
}

TEST(ZeroCopyContent, FollowsAPackThatGrows) {
    const TemporaryFolder folder;
    RealContentBed bed(on_disk(folder));
    std::vector<ContentSlice> slices;
    for (std::uint64_t i = 0; i < 10; ++i) {
        const auto content = must(bed.storage().open_zero_copy(bed.put(noise(40'000, i)).id));
        slices.push_back(must(content->slice()));
        EXPECT_TRUE(is_mapped(slices.back().region(0)));
    }
    for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(bytes_of(slices[i]), noise(40'000, i));
}

TEST(ZeroCopyContent, NeverGivesABitThatWasFlippedBefore) {
    const auto disk = SimulatedFileSystem::make();
    const Bytes bytes = mixed_bytes();
    RealContentBed bed(options_on(disk, kTinyChunks));
    const ContentHash id = bed.put(bytes).id;
    expect_flips_are_refused(*disk, 41, [&]() -> Result<void> {
        bed.reopen();
        const auto slice = must(bed.storage().open_zero_copy(id))->slice();
        if (!slice) return fail(slice.error());
        EXPECT_EQ(bytes_of(*slice), bytes);
        return {};
    });
}

TEST(ZeroCopyContent, ChecksAChunkOnceForEachMapping) {
    const TemporaryFolder folder;
    const Bytes bytes = noise(12'000, 1);
    RealContentBed bed(on_disk(folder));
    const ContentHash id = bed.put(bytes).id;
    const auto content = must(bed.storage().open_zero_copy(id));
    const ObjectPiece first = must(content->region_at(0));
    flip(first_pack(folder), bytes);
    const ObjectPiece second = must(content->region_at(0));
    EXPECT_EQ(second.bytes().data(), first.bytes().data());
    bed.reopen();
    EXPECT_EQ(code_of(must(bed.storage().open_zero_copy(id))->region_at(0)),
              Errc::kContentCorrupted);
}

TEST(ZeroCopyContent, ChecksTheFollowingChunksAlong) {
    const TemporaryFolder folder;
    RealContentBed bed(on_disk(folder));
    std::vector<Bytes> objects;
    objects.reserve(6);
    for (std::uint64_t i = 0; i < 6; ++i) objects.push_back(noise(12'000, i));
    for (const Bytes& bytes : objects) bed.put(bytes);
    bed.reopen();
    const auto region_of = [&](std::size_t i) {
        return must(bed.storage().open_zero_copy(id_of(objects[i])))->region_at(0);
    };
    flip(first_pack(folder), objects[1]);
    const ObjectPiece first = must(region_of(0));
    flip(first_pack(folder), objects[2]);
    flip(first_pack(folder), objects[3]);
    EXPECT_EQ(code_of(region_of(1)), Errc::kContentCorrupted) << "was damaged when it was checked";
    EXPECT_TRUE(region_of(2).has_value()) << "was checked with the first";
    EXPECT_EQ(code_of(region_of(3)), Errc::kContentCorrupted) << "was not checked before";
    EXPECT_EQ(to_bytes(first.bytes()), objects[0]);
}

TEST(ZeroCopyContent, ChecksMoreAlongForWhoReadsOn) {
    const TemporaryFolder folder;
    RealContentBed bed(on_disk(folder));
    std::vector<Bytes> objects;
    objects.reserve(12);
    for (std::uint64_t i = 0; i < 12; ++i) objects.push_back(noise(12'000, i));
    for (const Bytes& bytes : objects) bed.put(bytes);
    bed.reopen();
    const auto region_of = [&](std::size_t i) {
        return must(bed.storage().open_zero_copy(id_of(objects[i])))->region_at(0);
    };
    (void)must(region_of(5));  // With 6 and 7.
    (void)must(region_of(0));  // With 1 and 2: whoever asks does not read on.
    (void)must(region_of(3));  // With 4 and, as 5 to 7 were checked, 8 to 11.
    flip(first_pack(folder), objects[8]);
    flip(first_pack(folder), objects[11]);
    EXPECT_TRUE(region_of(8).has_value());
    EXPECT_TRUE(region_of(11).has_value());
    bed.reopen();
    (void)must(region_of(5));
    (void)must(region_of(0));
    flip(first_pack(folder), objects[4]);
    EXPECT_EQ(code_of(region_of(4)), Errc::kContentCorrupted) << "was not checked before";
}

TEST(ZeroCopyContent, ReadsWhereTheBackendDoesNotMap) {
    RealContentBed bed;
    const Bytes bytes = mixed_bytes();
    EXPECT_EQ(bytes_of(must(must(bed.storage().open_zero_copy(bed.put(bytes).id))->slice())),
              bytes);
}

// Objects with raw and compressed chunks, and requests for them, some of them twice.
struct Requests {
    std::vector<Bytes> objects;
    std::vector<std::unique_ptr<ZeroCopyContent>> opened;
    std::vector<SliceRequest> all;
    std::vector<Bytes> expected;
};

Requests random_requests(RealContentBed& bed, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Requests requests;
    for (std::uint64_t i = 0; i < 6; ++i) {
        requests.objects.push_back(i == 0 ? Bytes() : noise(random() % 9'000, seed + i));
        const Bytes more = i == 0 ? Bytes() : prose(random() % 9'000, seed + i);
        requests.objects.back().insert(requests.objects.back().end(), more.begin(), more.end());
        const ContentHash id = bed.put(requests.objects.back()).id;
        requests.opened.push_back(must(bed.storage().open_zero_copy(id)));
    }
    for (std::size_t count = random() % 30; requests.all.size() < count;) {
        const std::size_t i = random() % requests.objects.size();
        const Bytes& bytes = requests.objects[i];
        const ByteRange range{random() % (bytes.size() + 1), random() % 4'000};
        requests.all.push_back({requests.opened[i].get(), range});
        requests.expected.push_back(part_of(bytes, range.offset, range.size));
    }
    return requests;
}

TEST(ReadSlices, GivesWhatEachRequestAsksFor) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        RealContentBed bed(options_on(SimulatedFileSystem::make(), kTinyChunks));
        const Requests requests = random_requests(bed, seed);
        const auto slices = must(ZeroCopyContent::read_slices(requests.all));
        ASSERT_EQ(slices.size(), requests.all.size());
        for (std::size_t i = 0; i < slices.size(); ++i) {
            ASSERT_EQ(bytes_of(slices[i]), requests.expected[i]) << "seed " << seed << ", " << i;
            if (slices[i].size() == 0) continue;
            ASSERT_EQ(slices[i].offset(), requests.all[i].range.offset) << "seed " << seed;
        }
    }
}

TEST(ReadSlices, NeverGivesABitThatWasFlippedBefore) {
    const auto disk = SimulatedFileSystem::make();
    RealContentBed bed(options_on(disk, kTinyChunks));
    const Bytes bytes = mixed_bytes();
    const ContentHash id = bed.put(bytes).id;
    expect_flips_are_refused(*disk, 41, [&]() -> Result<void> {
        bed.reopen();
        const auto content = must(bed.storage().open_zero_copy(id));
        std::vector<SliceRequest> requests;
        for (std::uint64_t offset = 0; offset < bytes.size(); offset += 1'500)
            requests.push_back({content.get(), {offset, 1'500}});
        const auto slices = ZeroCopyContent::read_slices(requests);
        if (!slices) return fail(slices.error());
        for (std::size_t i = 0; i < requests.size(); ++i)
            EXPECT_EQ(bytes_of((*slices)[i]), part_of(bytes, requests[i].range.offset, 1'500));
        return {};
    });
}

TEST(ReadSlices, RawChunksAreGivenWhereTheyLieAndCheckedOnce) {
    const TemporaryFolder folder;
    RealContentBed bed(on_disk(folder));
    std::vector<Bytes> objects;
    objects.reserve(40);
    for (std::uint64_t i = 0; i < 40; ++i) objects.push_back(noise(12'000, i));
    for (const Bytes& bytes : objects) bed.put(bytes);
    std::vector<std::unique_ptr<ZeroCopyContent>> opened;
    std::vector<SliceRequest> requests;
    for (const Bytes& bytes : objects) {
        opened.push_back(must(bed.storage().open_zero_copy(id_of(bytes))));
        requests.push_back({opened.back().get(), {}});
    }
    const auto slices = must(ZeroCopyContent::read_slices(requests));
    for (std::size_t i = 0; i < objects.size(); ++i) {
        EXPECT_EQ(bytes_of(slices[i]), objects[i]);
        EXPECT_TRUE(is_mapped(slices[i].region(0)));
    }
    flip(first_pack(folder), objects[7]);
    EXPECT_EQ(must(opened[7]->region_at(0)).bytes().data(), slices[7].region(0).data());
    bed.reopen();
    for (std::size_t i = 0; i < objects.size(); ++i)
        opened[i] = must(bed.storage().open_zero_copy(id_of(objects[i])));
    for (std::size_t i = 0; i < objects.size(); ++i) requests[i].content = opened[i].get();
    EXPECT_EQ(code_of(ZeroCopyContent::read_slices(requests)), Errc::kContentCorrupted);
}

TEST(ReadSlices, RefusesObjectsOfDifferentStoresAndPlacesBehindTheEnd) {
    RealContentBed bed;
    RealContentBed other;
    const auto one = must(bed.storage().open_zero_copy(bed.put(noise(10, 1)).id));
    const auto two = must(other.storage().open_zero_copy(other.put(noise(10, 1)).id));
    const std::vector<SliceRequest> mixed{{one.get(), {}}, {two.get(), {}}};
    EXPECT_EQ(code_of(ZeroCopyContent::read_slices(mixed)), Errc::kInvalidArgument);
    const std::vector<SliceRequest> behind{{one.get(), {}}, {one.get(), {11, 1}}};
    EXPECT_EQ(code_of(ZeroCopyContent::read_slices(behind)), Errc::kInvalidArgument);
    EXPECT_TRUE(must(ZeroCopyContent::read_slices({})).empty());
}

TEST(ZeroCopyContent, StopsWhenAskedTo) {
    RealContentBed bed;
    const auto content = must(bed.storage().open_zero_copy(bed.put(noise(10, 1)).id));
    std::stop_source stop;
    stop.request_stop();
    CallContext context;
    context.stop = stop.get_token();
    EXPECT_EQ(code_of(content->slice({}, context)), Errc::kCancelled);
    EXPECT_EQ(code_of(content->region_at(0, context)), Errc::kCancelled);
    const SliceRequest request{content.get(), {}};
    EXPECT_EQ(code_of(ZeroCopyContent::read_slices({&request, 1}, context)), Errc::kCancelled);
}

}  // namespace
}  // namespace catalog::content::testing
