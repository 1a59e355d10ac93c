// Folders into the content store and out again.

#include "catalog/lifecycle/stored_tree.hpp"

#include <gtest/gtest.h>

#include "support/io/crash_test.hpp"
#include "tree_bed.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::CrashPoint;

TEST(StoredTree, ComesBackAsItWas) {
    for (const std::size_t threads : {1u, 3u}) {
        TreeBed bed(threads);
        const StoredTree tree = bed.put();
        EXPECT_EQ(tree.files, 26u);
        EXPECT_EQ(tree.links, 1u);
        EXPECT_EQ(tree.folders, 1u);
        const ExportReport report = must(bed.get(tree.id, "/out/tree"));
        EXPECT_EQ(report.files, tree.files);
        EXPECT_EQ(report.links, tree.links);
        EXPECT_EQ(report.folders, tree.folders);
        EXPECT_EQ(report.bytes, tree.bytes);
        EXPECT_EQ(listing_of(*bed.disk, "/out/tree"), listing_of(*bed.disk, "/in"));
        EXPECT_EQ(must(bed.disk->list("/out")).size(), 1u);
    }
}

TEST(StoredTree, TheSameTreeAgainAddsNothing) {
    TreeBed bed;
    const StoredTree first = bed.put();
    const content::StorageStats before = must(bed.bed->storage().stats());
    EXPECT_EQ(bed.put().id, first.id);
    const content::StorageStats after = must(bed.bed->storage().stats());
    EXPECT_EQ(after.stored_bytes, before.stored_bytes);
    EXPECT_EQ(after.objects, before.objects);
}

TEST(StoredTree, StaysUntilItIsRemoved) {
    TreeBed bed;
    const StoredTree tree = bed.put();
    (void)must(bed.bed->storage().collect({}, CallContext()));
    (void)must(bed.get(tree.id, "/out/tree"));
    must(bed.bed->remove(tree.id, "owner"));
    (void)must(bed.bed->storage().collect({}, CallContext()));
    EXPECT_EQ(code_of(bed.get(tree.id, "/out/again")), Errc::kContentNotFound);
    EXPECT_EQ(must(bed.bed->storage().stats()).chunks, 0u);
}

TEST(StoredTree, WhatCannotBeRestoredIsRefused) {
    TreeBed bed;
    must(bed.disk->make_symlink("../../etc/passwd", "/in/deep/away"));
    EXPECT_EQ(code_of(put_tree(bed.services, "/in", "o", CallContext())), Errc::kLinkRefused);
    must(bed.disk->remove_file("/in/deep/away"));
    bed.write("set", noise(5, 5), 04755);
    EXPECT_EQ(code_of(put_tree(bed.services, "/in", "o", CallContext())), Errc::kModeRefused);
    EXPECT_EQ(code_of(put_tree(bed.services, "/nowhere", "o", CallContext())), Errc::kFileNotFound);
}

TEST(StoredTree, AFileIsNoTree) {
    TreeBed bed;
    const ContentHash id = bed.bed->put(noise(3, 3)).id;
    EXPECT_EQ(must(find_tree(bed.bed->storage(), id, Limits(), CallContext())), std::nullopt);
    EXPECT_EQ(code_of(bed.get(id, "/out/x")), Errc::kFileKind);
    const ContentExporter exporter(bed.services);
    EXPECT_EQ(must(exporter.export_object(id, "/out/x", ExportOptions(), CallContext())).bytes, 3u);
    EXPECT_EQ(must(io::read_file(*bed.disk, "/out/x", 10)), as_text(noise(3, 3)));
}

TEST(ContentExporter, RefusesAPlaceThatIsTaken) {
    TreeBed bed;
    const ContentHash id = bed.put().id;
    EXPECT_EQ(code_of(bed.get(id, "/out")), Errc::kFileExists);
    EXPECT_EQ(code_of(bed.get(id, "/nowhere/x")), Errc::kFileNotFound);
    EXPECT_TRUE(must(bed.disk->list("/out")).empty());
}

TEST(ContentExporter, LeavesNothingBehindAnError) {
    TreeBed bed;
    const ContentHash id = bed.put().id;
    must(bed.store_disk->corrupt("/library/packs/00000002.pack", 30'000, 1));
    EXPECT_EQ(code_of(bed.get(id, "/out/tree")), Errc::kContentCorrupted);
    EXPECT_TRUE(must(bed.disk->list("/out")).empty());
    std::stop_source stop;
    stop.request_stop();
    CallContext context;
    context.stop = stop.get_token();
    const ContentExporter exporter(bed.services);
    EXPECT_EQ(code_of(exporter.export_tree(id, "/out/tree", ExportOptions(), context)),
              Errc::kCancelled);
}

// After a crash the tree is there as a whole or not at all, and can be written again.
TEST(ContentExporter, ATreeAppearsAsAWhole) {
    TreeBed bed;
    const ContentHash id = bed.put().id;
    const Listing expected = listing_of(*bed.disk, "/in");
    std::uint64_t whole = 0;
    const auto prepare = [] {
        auto fs = SimulatedFileSystem::make();
        must(fs->make_directories("/out"));
        must(fs->sync_directory("/"));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        bed.services.fs = fs;
        (void)bed.get(id, "/out/tree");
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        bed.services.fs = fs;
        const bool there = must(io::exists(*fs, "/out/tree"));
        if (!there) (void)must(bed.get(id, "/out/tree"));
        whole += there ? 1u : 0u;
        ASSERT_EQ(listing_of(*fs, "/out/tree"), expected);
        ASSERT_EQ(must(fs->list("/out")).size(), 1u);
    };
    io::testing::CrashTestOptions options;
    options.random_seeds = 2;
    options.stride = 7;
    EXPECT_GT(io::testing::for_each_crash(prepare, work, check, options).points, 5u);
    EXPECT_GT(whole, 0u);
}

}  // namespace
}  // namespace catalog::lifecycle
