#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "catalog/index/lazy_package.hpp"
#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;

constexpr std::string_view kKit = R"({"name":"kit","version":"1.0.0"})";
constexpr std::string_view kBox = R"({"name":"box","version":"2.0.0"})";

class PackageHandlesIn : public testing::TestWithParam<IndexForm> {
protected:
    IndexBed bed{GetParam()};
    PackageHandles handles{bed.index};
};

TEST_P(PackageHandlesIn, AHandleResolvesToItsPackage) {
    const IndexEntry kit = bed.add(kKit);
    const IndexEntry box = bed.add(kBox);
    const AssetPackageHandle handle = must(handles.open(kit.id));
    EXPECT_EQ(must(handles.resolve(handle)).entry().digest, kit.digest);
    EXPECT_EQ(must(handles.resolve(must(handles.open(box.id)))).entry().id, box.id);
    EXPECT_EQ(must(handles.open(kit.id)), handle);
}

TEST_P(PackageHandlesIn, AHandleThatWasCopiedAsBytesResolves) {
    const IndexEntry kit = bed.add(kKit);
    const AssetPackageHandle handle = must(handles.open(kit.id));
    AssetPackageHandle copy;
    std::memcpy(&copy, &handle, sizeof copy);
    EXPECT_EQ(must(handles.resolve(copy)).entry().id, kit.id);
}

TEST_P(PackageHandlesIn, WhatWasLoadedIsSharedAlsoAfterOtherCommits) {
    const IndexEntry kit = bed.add(kKit);
    const AssetPackageHandle handle = must(handles.open(kit.id));
    const auto manifest = must(must(handles.resolve(handle)).manifest());
    EXPECT_EQ(must(must(handles.resolve(handle)).manifest()), manifest);
    bed.add(kBox);
    EXPECT_EQ(must(must(handles.resolve(handle)).manifest()), manifest);
}

TEST_P(PackageHandlesIn, AChangeOfThePackageIsSeen) {
    const IndexEntry kit = bed.add(kKit);
    const AssetPackageHandle handle = must(handles.open(kit.id));
    const LazyPackage before = must(handles.resolve(handle));
    bed.change("kit@1.0.0", std::nullopt, true);
    EXPECT_TRUE(must(handles.resolve(handle)).entry().yanked);
    EXPECT_FALSE(before.entry().yanked);
}

INSTANTIATE_TEST_SUITE_P(Forms, PackageHandlesIn,
                         testing::Values(IndexForm::kPlain, IndexForm::kDelta, IndexForm::kSealed));

TEST(PackageHandles, AHandleOfAPackageThatIsGoneIsStale) {
    IndexBed bed;
    const IndexEntry kit = bed.add(kKit);
    PackageHandles handles(bed.index);
    const AssetPackageHandle handle = must(handles.open(kit.id));
    std::vector<std::string> keys;
    const auto walk = bed.store->iterate(kv::Family{1});
    for (walk->seek(""); walk->valid(); walk->next()) keys.emplace_back(walk->key());
    kv::WriteBatch away;
    for (const std::string& key : keys) away.remove(kv::Family{1}, key);
    must(bed.store->write(away, kv::Durability::kSync));
    EXPECT_EQ(code_of(handles.resolve(handle)), Errc::kHandleStale);
    EXPECT_EQ(code_of(handles.open(kit.id)), Errc::kPackageNotFound);
}

TEST(PackageHandles, AHandleOfNothingOrOfAnotherTableIsStale) {
    IndexBed bed;
    const IndexEntry kit = bed.add(kKit);
    PackageHandles handles(bed.index);
    EXPECT_FALSE(AssetPackageHandle());
    EXPECT_EQ(code_of(handles.resolve(AssetPackageHandle())), Errc::kHandleStale);
    PackageHandles others(bed.index);
    const AssetPackageHandle foreign = must(others.open(kit.id));
    EXPECT_EQ(code_of(handles.resolve(foreign)), Errc::kHandleStale);
    ASSERT_TRUE(handles.open(bed.add(kBox).id));
    EXPECT_EQ(code_of(handles.resolve(foreign)), Errc::kHandleStale);
}

TEST(PackageHandles, TheOldestIsStaleWhenThereAreTooMany) {
    IndexBed bed;
    const IndexEntry kit = bed.add(kKit);
    const IndexEntry box = bed.add(kBox);
    PackageHandles handles(bed.index, 1);
    const AssetPackageHandle oldest = must(handles.open(kit.id));
    const AssetPackageHandle newest = must(handles.open(box.id));
    EXPECT_EQ(code_of(handles.resolve(oldest)), Errc::kHandleStale);
    EXPECT_EQ(must(handles.resolve(newest)).entry().id, box.id);
    EXPECT_EQ(must(handles.resolve(must(handles.open(kit.id)))).entry().id, kit.id);
}

TEST(PackageHandles, ResolveBesideOpeningsAndCommits) {
    IndexBed bed;
    const IndexEntry kit = bed.add(kKit);
    const IndexEntry box = bed.add(kBox);
    PackageHandles handles(bed.index, 3);
    const AssetPackageHandle handle = must(handles.open(kit.id));
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            bool last = false;
            while (!last) {
                last = done;
                const auto resolved = handles.resolve(handle);
                if (!resolved || resolved->entry().id != kit.id) ++wrong;
                const auto other = handles.open(box.id);
                if (!other || handles.resolve(*other)->entry().id != box.id) ++wrong;
            }
        });
    for (int i = 0; i < 50; ++i) bed.change("kit@1.0.0", std::nullopt, i % 2 == 0);
    bed.change("kit@1.0.0", std::nullopt, true);
    done = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_TRUE(must(handles.resolve(handle)).entry().yanked);
}

}  // namespace
}  // namespace catalog::index
