// Exports whose files are links or clones of a cache.

#include "catalog/lifecycle/file_cache.hpp"

#include <gtest/gtest.h>

#include "catalog/merkle/tree.hpp"
#include "support/io/crash_test.hpp"
#include "support/io/faulty_file_system.hpp"
#include "tree_bed.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::CrashPoint;
using io::testing::FaultyFileSystem;
using io::testing::FileOperation;

constexpr const char* kCache = "/lib/files";

/// What an export with links makes of a tree: the same, but for the modes.
Listing read_only(const Listing& listing) {
    Listing made;
    for (const auto& [path, what] : listing) {
        const std::string plain = std::to_string(0644) + " ";
        const std::string executable = std::to_string(0755) + " ";
        if (what.starts_with(plain))
            made[path] = std::to_string(0444) + " " + what.substr(plain.size());
        else if (what.starts_with(executable))
            made[path] = std::to_string(0555) + " " + what.substr(executable.size());
        else
            made[path] = what;
    }
    return made;
}

struct CacheBed : TreeBed {
    explicit CacheBed(std::size_t threads = 1) : TreeBed(threads) {
        must(disk->make_directories("/lib"));
        must(disk->sync_directory("/"));
        id = put().id;
        expected = read_only(listing_of(*disk, "/in"));
    }

    Result<ExportReport> share(const std::string& out, FileSharing sharing = FileSharing::kLink,
                               std::uint64_t bytes_max = 1u << 30) const {
        FileCacheOptions cache_options;
        cache_options.bytes_max = bytes_max;
        FileCache cache(services.fs, kCache, cache_options);
        ExportOptions options;
        options.sharing = sharing;
        options.cache = &cache;
        return ContentExporter(services).export_tree(id, out, options, CallContext());
    }
    FileCache cache() const { return FileCache(services.fs, kCache); }
    std::uint64_t inode(const std::string& path) const {
        return must(services.fs->info(path)).inode;
    }
    /// Returns where the cache has the file of the exported tree at `path`.
    std::string cached_path(const std::string& path) const {
        for (const io::DirectoryEntry& folder : must(services.fs->list(kCache))) {
            if (folder.kind != io::FileKind::kDirectory) continue;
            const std::string at = io::join_path(kCache, folder.name);
            for (const io::DirectoryEntry& file : must(services.fs->list(at)))
                if (inode(io::join_path(at, file.name)) == inode(path))
                    return io::join_path(at, file.name);
        }
        return "";
    }
    /// Writes into a file whoever else has it, as root can.
    void scribble(const std::string& path) const {
        const auto file = must(services.fs->open_write(path, io::OpenMode::kReadWrite));
        must(file->write_at(0, as_bytes(std::string_view("?"))));
        must(file->close());
    }

    ContentHash id;
    Listing expected;
};

TEST(FileCache, ASecondExportIsLinksOfTheFirst) {
    CacheBed bed;
    const ExportReport first = must(bed.share("/out/one"));
    EXPECT_EQ(first.sharing.shared, 26u);
    EXPECT_EQ(first.sharing.copied, 0u);
    EXPECT_GT(first.sharing.added, 10u);
    EXPECT_EQ(listing_of(*bed.disk, "/out/one"), bed.expected);
    bed.store_disk->fail_always(FileOperation::kMap, "packs", Errc::kIo);
    const ExportReport second = must(bed.share("/out/two"));
    EXPECT_EQ(second.sharing.shared, 26u);
    EXPECT_EQ(second.sharing.added, 0u);
    EXPECT_EQ(second.files, first.files);
    EXPECT_EQ(second.bytes, first.bytes);
    EXPECT_EQ(listing_of(*bed.disk, "/out/two"), bed.expected);
    for (const std::string path : {"a", "tool", "deep/large", "deep/deeper/none"})
        EXPECT_EQ(bed.inode("/out/one/" + path), bed.inode("/out/two/" + path)) << path;
    // The same bytes, but one may be executed.
    EXPECT_NE(bed.inode("/out/one/tool"), bed.inode("/out/one/deep/copy"));
    EXPECT_EQ(must(bed.disk->info("/out/one/a")).modified_ns, FileCache::kModifiedNs);
    EXPECT_TRUE(must(bed.cache().verify(false, *bed.services.clock, CallContext())).empty());
}

TEST(FileCache, AnObjectIsLinkedToo) {
    CacheBed bed;
    const ContentHash object = bed.bed->put(noise(70'000, 2)).id;
    (void)must(bed.share("/out/tree"));
    FileCache cache = bed.cache();
    ExportOptions options;
    options.sharing = FileSharing::kLink;
    options.cache = &cache;
    const ContentExporter exporter(bed.services);
    const ExportReport report =
        must(exporter.export_object(object, "/out/x", options, CallContext()));
    EXPECT_EQ(report.sharing.shared, 1u);
    EXPECT_EQ(report.bytes, 70'000u);
    EXPECT_EQ(bed.inode("/out/x"), bed.inode("/out/tree/deep/copy"));
    options.cache = nullptr;
    EXPECT_EQ(code_of(exporter.export_object(object, "/out/y", options, CallContext())),
              Errc::kInvalidArgument);
}

TEST(FileCache, AFileThatWasWrittenThroughALinkIsReplaced) {
    CacheBed bed;
    (void)must(bed.share("/out/one"));
    bed.scribble("/out/one/deep/large");
    const ExportReport second = must(bed.share("/out/two"));
    EXPECT_EQ(second.sharing.replaced, 1u);
    EXPECT_EQ(second.sharing.added, 1u);
    EXPECT_EQ(second.sharing.shared, 26u);
    EXPECT_EQ(listing_of(*bed.disk, "/out/two"), bed.expected);
    EXPECT_NE(listing_of(*bed.disk, "/out/one"), bed.expected);
    EXPECT_NE(bed.inode("/out/one/deep/large"), bed.inode("/out/two/deep/large"));
}

TEST(FileCache, AFileWithAnotherModeOrSizeIsReplaced) {
    CacheBed bed;
    (void)must(bed.share("/out/one"));
    const auto change = [&](const std::string& path, const auto& how) {
        const auto file = must(bed.disk->open_write(path, io::OpenMode::kReadWrite));
        how(*file);
        must(file->set_modified(FileCache::kModifiedNs));
        must(file->close());
    };
    change("/out/one/a", [](io::WritableFile& file) { must(file.set_mode(0644)); });
    change("/out/one/tool", [](io::WritableFile& file) { must(file.truncate(5)); });
    EXPECT_EQ(must(bed.share("/out/two")).sharing.replaced, 2u);
    EXPECT_EQ(listing_of(*bed.disk, "/out/two"), bed.expected);
}

// Whoever sets the time back is not noticed by an export, but by a check.
TEST(FileCache, VerifyReadsEveryByte) {
    CacheBed bed;
    (void)must(bed.share("/out/one"));
    const std::string path = bed.cached_path("/out/one/deep/large");
    must(bed.disk->corrupt(path, 1000, 1));
    EXPECT_EQ(must(bed.share("/out/two")).sharing.replaced, 0u);
    const auto found = must(bed.cache().verify(false, *bed.services.clock, CallContext()));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].path, path);
    EXPECT_EQ(found[0].what, "changed");
    EXPECT_EQ(found[0].links, 2u);
    EXPECT_EQ(must(bed.cache().verify(true, *bed.services.clock, CallContext())).size(), 1u);
    EXPECT_TRUE(must(bed.cache().verify(false, *bed.services.clock, CallContext())).empty());
    EXPECT_EQ(must(bed.share("/out/three")).sharing.added, 1u);
    EXPECT_EQ(listing_of(*bed.disk, "/out/three"), bed.expected);
}

TEST(FileCache, DamagedContentIsNeverCached) {
    CacheBed bed;
    must(bed.store_disk->corrupt("/library/packs/00000002.pack", 30'000, 1));
    EXPECT_EQ(code_of(bed.share("/out/one")), Errc::kContentCorrupted);
    EXPECT_TRUE(must(bed.disk->list("/out")).empty());
    EXPECT_EQ(must(bed.cache().usage()).files, 0u);
    EXPECT_FALSE(must(io::exists(*bed.disk, std::string(kCache) + "/incoming")));
}

TEST(FileCache, WhatCannotBeLinkedIsCopiedAndLooksAlike) {
    for (const Errc code : {Errc::kUnsupported, Errc::kAccessDenied, Errc::kFileNotFound}) {
        CacheBed bed;
        const auto faulty = std::make_shared<FaultyFileSystem>(bed.disk);
        faulty->fail_always(FileOperation::kHardLink, "deep", code);
        bed.services.fs = faulty;
        const ExportReport report = must(bed.share("/out/one"));
        EXPECT_EQ(report.sharing.shared, 3u);
        EXPECT_EQ(report.sharing.copied, 23u);
        ASSERT_TRUE(report.sharing.why_copied);
        EXPECT_EQ(report.sharing.why_copied->code(), code);
        EXPECT_EQ(listing_of(*bed.disk, "/out/one"), bed.expected);
        EXPECT_EQ(must(bed.disk->info("/out/one/deep/large")).modified_ns, FileCache::kModifiedNs);
    }
}

TEST(FileCache, ACacheThatCannotBeFilledMakesCopies) {
    const std::pair<FileOperation, Errc> faults[] = {
        {FileOperation::kMakeDirectory, Errc::kReadOnlyFileSystem},
        {FileOperation::kLock, Errc::kBusy},
        {FileOperation::kCreate, Errc::kAccessDenied},
        {FileOperation::kAppend, Errc::kStorageFull},
        {FileOperation::kRename, Errc::kStorageFull},
        {FileOperation::kOpenDirectory, Errc::kTooManyOpenFiles}};
    for (const auto& [operation, code] : faults) {
        CacheBed bed;
        const auto faulty = std::make_shared<FaultyFileSystem>(bed.disk);
        faulty->fail_always(operation, kCache, code);
        bed.services.fs = faulty;
        const ExportReport report = must(bed.share("/out/one"));
        EXPECT_EQ(report.sharing.copied, 26u) << operation_name(operation);
        ASSERT_TRUE(report.sharing.why_copied);
        EXPECT_EQ(report.sharing.why_copied->code(), code);
        EXPECT_EQ(listing_of(*bed.disk, "/out/one"), bed.expected) << operation_name(operation);
        EXPECT_FALSE(must(io::exists(*bed.disk, std::string(kCache) + "/incoming")));
    }
}

// Every call that fails, with every error: an export succeeds as it should be, or it says why not
// and leaves nothing; and the next one is right.
TEST(FileCache, AnyFailingCallLeavesNothingWrong) {
    CacheBed bed;
    std::uint64_t calls = 0;
    {
        const auto counting = std::make_shared<FaultyFileSystem>(bed.disk);
        bed.services.fs = counting;
        (void)must(bed.share("/out/one"));
        calls = counting->calls();
        must(bed.disk->remove_tree("/out/one"));
        must(bed.disk->remove_tree(kCache));
    }
    std::uint64_t failures = 0;
    const Errc codes[] = {Errc::kIo, Errc::kStorageFull, Errc::kAccessDenied};
    for (std::uint64_t call = 1; call <= calls; call += 2) {
        const auto faulty = std::make_shared<FaultyFileSystem>(bed.disk);
        faulty->fail_nth(call, codes[call / 2 % 3]);
        bed.services.fs = faulty;
        const Result<ExportReport> report = bed.share("/out/one");
        failures += report ? 0u : 1u;
        if (report) {
            ASSERT_EQ(listing_of(*bed.disk, "/out/one"), bed.expected) << call;
        }
        bed.services.fs = bed.disk;
        if (!report && must(io::exists(*bed.disk, "/out/one")))
            must(bed.disk->remove_tree("/out/one"));  // Only its name is not durable.
        (void)must(bed.share("/out/two"));
        ASSERT_EQ(listing_of(*bed.disk, "/out/two"), bed.expected) << call;
        ASSERT_TRUE(must(bed.cache().verify(false, *bed.services.clock, CallContext())).empty());
        for (const char* path : {"/out/one", "/out/two", kCache}) must(bed.disk->remove_tree(path));
    }
    EXPECT_GT(failures, 10u);
}

// After a crash at any call every file that the cache trusts is right, and the tree is whole or
// absent.
TEST(FileCache, ACrashLeavesNothingTrustedThatIsWrong) {
    CacheBed bed;
    std::uint64_t cached = 0;
    const auto prepare = [] {
        auto fs = SimulatedFileSystem::make();
        must(fs->make_directories("/out"));
        must(fs->make_directories("/lib"));
        must(fs->sync_directory("/"));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        bed.services.fs = fs;
        if (!bed.share("/out/tree")) return;
        const auto file = fs->open_write("/out/tree/a", io::OpenMode::kReadWrite);
        if (file) static_cast<void>((*file)->write_at(0, as_bytes(std::string_view("?"))));
        static_cast<void>(bed.share("/out/second"));
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        bed.services.fs = fs;
        cached += must(bed.cache().usage()).files;
        // The file that was written into shows by its time; all others are right.
        for (const CachedFileDamage& damage :
             must(bed.cache().verify(false, *bed.services.clock, CallContext())))
            ASSERT_NE(must(fs->info(damage.path)).modified_ns, FileCache::kModifiedNs);
        if (!must(io::exists(*fs, "/out/second"))) (void)must(bed.share("/out/second"));
        ASSERT_EQ(listing_of(*fs, "/out/second"), bed.expected);
        (void)must(bed.share("/out/third"));
        ASSERT_EQ(listing_of(*fs, "/out/third"), bed.expected);
    };
    io::testing::CrashTestOptions options;
    options.random_seeds = 3;
    options.stride = 11;
    EXPECT_GT(io::testing::for_each_crash(prepare, work, check, options).points, 10u);
    EXPECT_GT(cached, 100u);
}

TEST(FileCache, KeepsToItsBoundAndForgetsWhatIsUnusedLongest) {
    CacheBed bed;
    constexpr std::uint64_t kBytesMax = 560'000;
    (void)must(bed.share("/out/one", FileSharing::kLink, kBytesMax));
    const FileCacheUsage whole = must(bed.cache().usage());
    EXPECT_LE(whole.bytes, kBytesMax);
    EXPECT_EQ(whole.unlinked_files, 0u);
    EXPECT_EQ(listing_of(*bed.disk, "/out/one"), bed.expected);
    const std::string kept = bed.cached_path("/out/one/tool");
    const std::string dropped = bed.cached_path("/out/one/deep/large");
    ASSERT_FALSE(dropped.empty());
    // The large file is used by no export any more, the other one still is.
    must(bed.disk->remove_file("/out/one/deep/large"));
    const ContentHash other = bed.bed->put(prose(300'000, 99)).id;
    FileCacheOptions options;
    options.bytes_max = kBytesMax;
    FileCache cache(bed.disk, kCache, options);
    const CachedFile file{other, false, 300'000};
    const auto written = [](std::uint64_t) {};
    const FillReport filled =
        must(cache.fill(std::span(&file, 1), bed.bed->storage(), CallContext(), written));
    EXPECT_EQ(filled.added, 1u);
    EXPECT_EQ(filled.evicted, 1u);
    EXPECT_FALSE(must(io::exists(*bed.disk, dropped)));
    EXPECT_TRUE(must(io::exists(*bed.disk, kept)));
    EXPECT_LE(must(cache.usage()).bytes, kBytesMax);
}

TEST(FileCache, FilesThatDoNotFitAreCopied) {
    CacheBed bed;
    const ExportReport report = must(bed.share("/out/one", FileSharing::kLink, 100'000));
    EXPECT_EQ(listing_of(*bed.disk, "/out/one"), bed.expected);
    EXPECT_GT(report.sharing.copied, 0u);
    EXPECT_GT(report.sharing.shared, 0u);
    EXPECT_EQ(report.sharing.why_copied->code(), Errc::kLimitExceeded);
    EXPECT_LE(must(bed.cache().usage()).bytes, 100'000u);
}

// A count that a crash has torn or lost is made anew.
TEST(FileCache, AWrongCountOfBytesIsPutRight) {
    for (const std::string text : {"", "12", "x\n", "99999999999\n"}) {
        CacheBed bed;
        constexpr std::uint64_t kBytesMax = 700'000;
        (void)must(bed.share("/out/one", FileSharing::kLink, kBytesMax));
        const auto file =
            must(bed.disk->open_write(std::string(kCache) + "/usage", io::OpenMode::kTruncate));
        must(file->append(as_bytes(text)));
        must(file->close());
        must(bed.disk->remove_tree("/out/one"));
        const CachedFile added{bed.bed->put(prose(300'000, 99)).id, false, 300'000};
        FileCacheOptions options;
        options.bytes_max = kBytesMax;
        FileCache cache(bed.disk, kCache, options);
        const auto written = [](std::uint64_t) {};
        EXPECT_EQ(must(cache.fill(std::span(&added, 1), bed.bed->storage(), CallContext(), written))
                      .added,
                  1u);
        EXPECT_LE(must(cache.usage()).bytes, kBytesMax) << text;
        EXPECT_GT(must(cache.usage()).bytes, 300'000u) << text;
    }
}

TEST(FileCache, PruningRemovesWhatNoExportLinks) {
    CacheBed bed;
    (void)must(bed.share("/out/one"));
    EXPECT_EQ(must(bed.cache().prune(false)).files, 0u);
    must(bed.disk->remove_file("/out/one/deep/large"));
    must(bed.disk->remove_file("/out/one/tool"));
    EXPECT_EQ(must(bed.cache().prune(true)).bytes, 470'000u);
    const FileCacheUsage gone = must(bed.cache().prune(false));
    EXPECT_EQ(gone.files, 2u);
    EXPECT_EQ(gone.bytes, 470'000u);
    EXPECT_EQ(must(bed.cache().usage()).unlinked_files, 0u);
    EXPECT_EQ(must(FileCache(bed.disk, "/nowhere/files").prune(false)).files, 0u);
}

TEST(FileCache, ClonesAreFilesOfTheirOwn) {
    CacheBed bed;
    bed.disk->set_clones(true);
    const ExportReport first = must(bed.share("/out/one", FileSharing::kClone));
    EXPECT_EQ(first.sharing.shared, 26u);
    EXPECT_EQ(listing_of(*bed.disk, "/out/one"), listing_of(*bed.disk, "/in"));
    bed.scribble("/out/one/deep/large");
    const ExportReport second = must(bed.share("/out/two", FileSharing::kClone));
    EXPECT_EQ(second.sharing.replaced, 0u);
    EXPECT_EQ(second.sharing.added, 0u);
    EXPECT_EQ(listing_of(*bed.disk, "/out/two"), listing_of(*bed.disk, "/in"));
}

TEST(FileCache, WhereNothingCanBeClonedNothingIsCached) {
    CacheBed bed;
    const ExportReport report = must(bed.share("/out/one", FileSharing::kClone));
    EXPECT_EQ(report.sharing.copied, 26u);
    EXPECT_EQ(report.sharing.why_copied->code(), Errc::kUnsupported);
    EXPECT_EQ(listing_of(*bed.disk, "/out/one"), listing_of(*bed.disk, "/in"));
    EXPECT_FALSE(must(io::exists(*bed.disk, kCache)));
}

// Linux before 5.8: what the cache gets is synced file by file.
TEST(FileCache, WithoutASyncOfTheFileSystemEachFileIsSynced) {
    CacheBed bed;
    const auto faulty = std::make_shared<FaultyFileSystem>(bed.disk);
    faulty->fail_always(FileOperation::kSyncFileSystem, "", Errc::kUnsupported);
    std::uint64_t synced = 0;
    faulty->before_each([&](const io::testing::FileCall& call) {
        synced += call.operation == FileOperation::kSync ? 1u : 0u;
    });
    bed.services.fs = faulty;
    const ExportReport report = must(bed.share("/out/one"));
    EXPECT_EQ(report.sharing.shared, 26u);
    EXPECT_EQ(synced, report.sharing.added);
    EXPECT_EQ(listing_of(*bed.disk, "/out/one"), bed.expected);
}

TEST(FileCache, DeepTreesNeedFewOpenFolders) {
    CacheBed bed;
    std::string path = "/in/deep";
    for (int i = 0; i < 50; ++i) path += "/d" + std::to_string(i);
    for (const std::string end : {"", "/x", "/x/y"}) {
        must(bed.disk->make_directories(path + end));
        bed.write(path.substr(4) + end + "/f", noise(9, 9), 0644);
    }
    bed.id = bed.put().id;
    (void)must(bed.share("/out/one"));
    EXPECT_EQ(listing_of(*bed.disk, "/out/one"), read_only(listing_of(*bed.disk, "/in")));
}

}  // namespace
}  // namespace catalog::lifecycle
