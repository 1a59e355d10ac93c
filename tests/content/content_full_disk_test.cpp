// A disk without a byte left: what adds is refused, what frees works, and then everything does.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include "space_reserve.hpp"
#include "support/content/content_workload.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

constexpr std::size_t kObjectBytes = 60'000;

struct FullDisk {
    std::shared_ptr<io::FileSystem> fs;
    std::string directory;
    std::unique_ptr<OpenContent> content;

    void open() {
        content.reset();
        ContentOptions options = workload_options(fs);
        options.directory = directory;
        options.packs.pack_bytes_max = 300'000;
        const auto database = [&]() -> Result<std::shared_ptr<kv::KeyValueStore>> {
            return std::shared_ptr<kv::KeyValueStore>(must(kv::open_rocksdb(
                fs, directory + "/db", kv::testing::small_store(kBedFamilyCount))));
        };
        content = must(OpenContent::open(std::move(options), database));
    }
    Result<ObjectInfo> put(std::uint64_t number) const {
        const Bytes bytes = noise(kObjectBytes, number);
        return content->storage().store(source_of(bytes), "owner", CallContext());
    }
    // Puts objects until there is no room; returns how many there are.
    std::uint64_t fill() const {
        for (std::uint64_t number = 0; number < 10'000; ++number) {
            const auto stored = put(number);
            if (stored) continue;
            EXPECT_EQ(code_of(stored), Errc::kStorageFull) << stored.error().to_string();
            return number;
        }
        ADD_FAILURE() << "the disk does not get full";
        return 0;
    }
    Result<void> remove(std::uint64_t number) const {
        kv::WriteBatch batch;
        if (auto removed =
                content->storage().remove(id_of(noise(kObjectBytes, number)), "owner", batch);
            !removed)
            return removed;
        return content->commit(std::move(batch));
    }
    void expect_there(std::uint64_t from, std::uint64_t to) const {
        for (std::uint64_t number = from; number < to; ++number) {
            const Bytes bytes = noise(kObjectBytes, number);
            EXPECT_EQ(must(content->storage().retrieve_all(id_of(bytes), 1u << 20, {})), bytes);
        }
        EXPECT_TRUE(must(content->storage().verify(VerifyDepth::kFull, {})).damages.empty());
    }
    [[nodiscard]] bool has_reserve() const {
        return must(io::exists(*fs, directory + "/packs/" + std::string(kReserveFileName)));
    }
};

// `fill_rest` takes the last byte.
void use_a_full_disk(FullDisk& disk, const std::function<void()>& fill_rest) {
    disk.open();
    must(disk.put(1'000'000));
    must(disk.put(1'000'001));
    ASSERT_TRUE(disk.has_reserve());
    const std::uint64_t count = disk.fill();
    ASSERT_GT(count, 20u);
    fill_rest();
    for (int again = 0; again < 3; ++again)
        EXPECT_EQ(code_of(disk.put(count + 1)), Errc::kStorageFull);

    // Three in four go, each in a commit of its own, and their space comes back.
    std::uint64_t kept = count - count % 4;
    for (std::uint64_t number = 0; number < count; ++number) {
        if (number >= kept) continue;
        if (number % 4 != 0) must(disk.remove(number));
    }
    EXPECT_FALSE(disk.has_reserve());
    EXPECT_EQ(code_of(disk.put(count + 1)), Errc::kStorageFull);
    CollectOptions all;
    all.live_share_min = 1;
    const CollectReport report = must(disk.content->storage().collect(all, CallContext()));
    EXPECT_GT(report.bytes_freed, count * kObjectBytes / 2);
    for (std::uint64_t number = 0; number < kept; number += 4)
        disk.expect_there(number, number + 1);

    for (std::uint64_t number = 0; number < count / 4; ++number) must(disk.put(count + number));
    EXPECT_TRUE(disk.has_reserve());
    disk.open();
    disk.expect_there(count, count + count / 4);
    disk.expect_there(kept, count);
}

TEST(ContentFullDisk, RemovalsAndCollectionsWork) {
    const auto simulated = SimulatedFileSystem::make();
    must(simulated->make_directories("/library"));
    simulated->set_capacity(6u << 20);
    FullDisk disk{simulated, "/library", nullptr};
    use_a_full_disk(disk, [&] { simulated->set_capacity(simulated->used_bytes()); });
}

// Only those who may mount can have such a disk.
class TmpfsMount {
public:
    TmpfsMount()
        : mounted_(::mount("catalog-test", folder_.path().c_str(), "tmpfs", 0, "size=8m") == 0) {}
    ~TmpfsMount() {
        if (mounted_) ::umount(folder_.path().c_str());
    }
    TmpfsMount(const TmpfsMount&) = delete;
    TmpfsMount& operator=(const TmpfsMount&) = delete;
    [[nodiscard]] bool mounted() const { return mounted_; }
    [[nodiscard]] const std::string& path() const { return folder_.path(); }

private:
    io::testing::TemporaryFolder folder_;
    bool mounted_;
};

TEST(ContentFullDisk, RemovalsAndCollectionsWorkOnARealOne) {
    const TmpfsMount mount;
    if (!mount.mounted()) GTEST_SKIP() << "mounting a tmpfs is not allowed here";
    FullDisk disk{io::make_posix_file_system(), mount.path() + "/library", nullptr};
    must(disk.fs->make_directories(disk.directory));
    use_a_full_disk(disk, [&] {
        const auto file =
            must(disk.fs->open_write(mount.path() + "/rest", io::OpenMode::kTruncate));
        Bytes page(4096);
        while (file->append(page)) {
        }
    });
}

TEST(SpaceReserve, IsGivenToWhatFreesAndMadeAgain) {
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/packs"));
    SpaceReserve reserve(fs, "/packs");
    must(reserve.admit_put());
    must(reserve.admit_commit(true, 100));
    EXPECT_EQ(fs->used_bytes(), kReserveBytes);
    fs->set_capacity(kReserveBytes + kReserveMarginBytes);
    must(reserve.admit_commit(true, 0));
    EXPECT_EQ(code_of(reserve.admit_commit(true, 1)), Errc::kStorageFull);
    EXPECT_EQ(fs->used_bytes(), kReserveBytes);
    must(reserve.admit_put());
    must(reserve.admit_commit(false, 1));
    EXPECT_EQ(fs->used_bytes(), 0u);
    EXPECT_EQ(code_of(reserve.admit_put()), Errc::kStorageFull);
    must(reserve.admit_commit(false, 1));
    fs->set_capacity(SimulatedFileSystem::kUnlimited);
    must(reserve.admit_put());
    EXPECT_EQ(fs->used_bytes(), kReserveBytes);
    // The next opening finds it.
    must(SpaceReserve(fs, "/packs").admit_commit(true, 1));
    EXPECT_EQ(fs->used_bytes(), kReserveBytes);
}

TEST(SpaceReserve, WithoutOneTheDiskItselfSaysWhenItIsFull) {
    SpaceReserve none(nullptr, "");
    must(none.admit_put());
    must(none.admit_commit(true, 1u << 30));
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/packs"));
    fs->fail_always(io::testing::FileOperation::kAllocate, "reserve", Errc::kIo);
    SpaceReserve reserve(fs, "/packs");
    must(reserve.admit_commit(true, 1));
    EXPECT_EQ(fs->used_bytes(), 0u);
    EXPECT_TRUE(must(fs->list("/packs")).empty());
}

}  // namespace
}  // namespace catalog::content::testing
