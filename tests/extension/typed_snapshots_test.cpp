// Snapshots of packages: what they show, how long they are true, what is kept.

#include <gtest/gtest.h>

#include <set>

#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"
#include "typed/package_snapshots.hpp"
#include "typed_bed.hpp"

namespace catalog::extension::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using library::testing::environment_on;
using library::testing::open_library;
using library::testing::small_draft;

struct SnapshotBed {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::unique_ptr<library::AssetLibrary> library = open_library(environment_on(disk));
    Outstanding outstanding;
    PackageSnapshots snapshots{*library, outstanding};

    [[nodiscard]] Result<SnapshotLink> get(std::string_view id, std::string_view requirement = "") {
        return snapshots.get(id, requirement, {});
    }
    [[nodiscard]] std::string id_of(std::string_view id, std::string_view requirement = "") {
        return text(must(get(id, requirement))->borrowed().id);
    }
    void change(const std::string& id, std::string_view event) const {
        must(library->change_state(must(PackageId::parse(id)), event, "because"));
    }
};

/// Tells one block of memory from another.
const char* block_of(const SnapshotLink& link) { return link->borrowed().id.data; }

TEST(PackageSnapshots, ShowEveryMemberAsManifestAndIndexHaveIt) {
    SnapshotBed bed;
    for (std::uint64_t number = 0; number < 40; ++number) {
        SCOPED_TRACE(number);
        const auto receipt = must(bed.library->publish(rich_draft(number)));
        const index::LazyPackage package = must(bed.library->find(receipt.id.to_string()));
        for (int again = 0; again < 2; ++again)
            expect_shows(must(bed.get(receipt.id.to_string()))->borrowed(), package.entry(),
                         *must(package.manifest()));
    }
}

TEST(PackageSnapshots, TextsThatAreTooLongAreAnsweredAndNotKept) {
    SnapshotBed bed;
    must(bed.library->publish(rich_draft(7)));
    std::string longest = ">=0.0.0";
    while (longest.size() <= PackageSnapshots::kTextBytesMax) longest.insert(0, " ");
    EXPECT_EQ(bed.id_of("rich/p7", longest), bed.id_of("rich/p7", ">=0.0.0"));
    EXPECT_EQ(bed.snapshots.stats().texts, 2u) << "the short requirement and the exact id";
}

TEST(PackageSnapshots, TheManifestTheyShowHasTheDigestTheyShow) {
    SnapshotBed bed;
    must(bed.library->publish(rich_draft(7)));
    const cat_package shown = must(bed.get("rich/p7", "*"))->borrowed();
    EXPECT_EQ(package::digest_of_manifest(view(shown.metadata_json)).to_string(),
              "sha256:" + hex(shown.digest));
}

TEST(PackageSnapshots, AreTheSameUntilACommitAndTrueAfterIt) {
    SnapshotBed bed;
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    const SnapshotLink old = must(bed.get("kit"));
    EXPECT_EQ(block_of(must(bed.get("kit"))), block_of(old));
    must(bed.library->publish(small_draft("kit", "1.1.0")));
    EXPECT_EQ(bed.id_of("kit"), "kit@1.1.0");
    EXPECT_EQ(bed.id_of("kit", "=1.0.0"), "kit@1.0.0");
    EXPECT_EQ(bed.id_of("kit", "<1.1"), "kit@1.0.0");
    EXPECT_EQ(text(old->borrowed().id), "kit@1.0.0");
}

TEST(PackageSnapshots, KeepTheirBlockWhenACommitDidNotChangeThem) {
    SnapshotBed bed;
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    const SnapshotLink kit = must(bed.get("kit"));
    must(bed.library->publish(small_draft("other", "1.0.0")));
    EXPECT_EQ(block_of(must(bed.get("kit"))), block_of(kit));
    EXPECT_EQ(block_of(must(bed.get("kit@1.0.0"))), block_of(kit));
    EXPECT_EQ(block_of(must(bed.get("kit", "^1"))), block_of(kit));
}

TEST(PackageSnapshots, WhatWasReadBeforeACommitDoesNotReplaceWhatWasReadAfterIt) {
    SnapshotBed bed;
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    const index::IndexEntry before = must(bed.library->find("kit")).entry();
    const std::string id = before.id.to_string();
    const std::uint64_t revision = must(bed.library->revision());
    bed.change(id, "yank");
    const SnapshotLink kept = must(bed.get(id));
    EXPECT_TRUE(kept->borrowed().flags & CAT_PACKAGE_YANKED);
    const SnapshotLink late = must(bed.snapshots.get(before, revision, {}));
    EXPECT_FALSE(late->borrowed().flags & CAT_PACKAGE_YANKED) << "as of its own revision";
    EXPECT_EQ(block_of(must(bed.get(id))), block_of(kept));
}

TEST(PackageSnapshots, ShowStatesAndFlagsAsTheyChange) {
    SnapshotBed bed;
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    const SnapshotLink published = must(bed.get("kit@1.0.0"));
    bed.change("kit@1.0.0", "yank");
    EXPECT_EQ(must(bed.get("kit@1.0.0"))->borrowed().flags, std::uint32_t{CAT_PACKAGE_YANKED});
    EXPECT_EQ(code_of(bed.get("kit")), Errc::kVersionConflict);
    bed.change("kit@1.0.0", "unyank");
    bed.change("kit@1.0.0", "deprecate");
    EXPECT_EQ(must(bed.get("kit"))->borrowed().state, std::uint32_t{CAT_STATE_DEPRECATED});
    EXPECT_EQ(published->borrowed().flags, 0u);
    EXPECT_EQ(published->borrowed().state, std::uint32_t{CAT_STATE_PUBLISHED});
}

TEST(PackageSnapshots, AgreeWithTheLibraryOnEveryText) {
    SnapshotBed bed;
    for (const char* version : {"1.0.0", "1.2.0", "2.0.0-rc.1", "2.0.0"})
        must(bed.library->publish(small_draft("@acme/kit", version)));
    const std::vector<std::string> ids{"@acme/kit",
                                       "@acme/kit@1.0.0",
                                       "@acme/kit@^1",
                                       "@acme/none",
                                       "@acme/kit@",
                                       "@acme",
                                       "kit",
                                       "a b",
                                       "@",
                                       "x@y@z"};
    const std::vector<std::string> requirements{"",      "^1",  "1.2.0",  "*",   "latest",
                                                ">=2.1", "~ ~", "a@^1.0", "=1.0"};
    for (int round = 0; round < 2; ++round)
        for (const std::string& id : ids)
            for (const std::string& requirement : requirements) {
                SCOPED_TRACE(id + " " + requirement);
                const auto got = bed.get(id, requirement);
                if (!requirement.empty() && id.find('@', 1) != std::string::npos) {
                    EXPECT_EQ(code_of(got), Errc::kInvalidArgument);
                    continue;
                }
                const auto expected =
                    bed.library->find(requirement.empty() ? id : id + "@" + requirement);
                ASSERT_EQ(got.has_value(), expected.has_value());
                if (got)
                    EXPECT_EQ(text((*got)->borrowed().id), expected->entry().id.to_string());
                else
                    EXPECT_EQ(code_of(got), code_of(expected));
            }
    EXPECT_EQ(code_of(bed.get("")), Errc::kInvalidName);
    EXPECT_EQ(code_of(bed.get("", "scope/name")), Errc::kInvalidName);
    EXPECT_EQ(code_of(bed.get(std::string(100'000, 'a'), "^1")), Errc::kInvalidName);
}

TEST(PackageSnapshots, AreNotKeptForAnswersThatNameNoPackage) {
    SnapshotBed bed;
    EXPECT_EQ(code_of(bed.get("kit")), Errc::kPackageNotFound);
    EXPECT_EQ(bed.snapshots.stats().texts, 0u);
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    EXPECT_EQ(bed.id_of("kit"), "kit@1.0.0");
}

TEST(PackageSnapshots, StayWithinTheirBudgetAndRight) {
    SnapshotBed bed;
    constexpr std::size_t kBudget = 64u << 10;
    PackageSnapshots small(*bed.library, bed.outstanding, kBudget);
    for (int i = 0; i < 100; ++i)
        must(bed.library->publish(small_draft("kit" + std::to_string(i), "1.0.0")));
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < 100; ++i) {
            const std::string name = "kit" + std::to_string(i);
            EXPECT_EQ(text(must(small.get(name, "", {}))->borrowed().name), name);
            EXPECT_LE(small.stats().bytes, kBudget);
        }
    EXPECT_GT(small.stats().texts, 10u);
    EXPECT_LT(small.stats().texts, 200u);
}

TEST(PackageSnapshots, WhatIsAskedForAgainOutlivesWhatIsNot) {
    SnapshotBed bed;
    PackageSnapshots small(*bed.library, bed.outstanding, 256u << 10);
    must(bed.library->publish(small_draft("often", "1.0.0")));
    for (int i = 0; i < 200; ++i)
        must(bed.library->publish(small_draft("kit" + std::to_string(i), "1.0.0")));
    const SnapshotLink often = must(small.get("often", "", {}));
    for (int i = 0; i < 200; ++i) {
        must(small.get("kit" + std::to_string(i), "", {}));
        EXPECT_EQ(block_of(must(small.get("often", "", {}))), block_of(often));
    }
}

TEST(PackageSnapshots, AreRefusedToWhomTheLibraryRefusesThem) {
    library::LibraryOptions options;
    options.create_if_missing = true;
    options.access = package::AccessControl(
        {{true, "*", {}, ""}, {false, "eve", {package::Verb::kRead}, "secret/*"}});
    const auto library = must(library::AssetLibrary::open(
        "/library", options, environment_on(SimulatedFileSystem::make())));
    must(library->publish(small_draft("secret/kit", "1.0.0")));
    Outstanding outstanding;
    PackageSnapshots snapshots(*library, outstanding);
    CallContext eve;
    eve.principal.id = "eve";
    EXPECT_EQ(code_of(snapshots.get("secret/kit", "", eve)), Errc::kPermissionDenied);
    must(snapshots.get("secret/kit", "", {}));
    EXPECT_EQ(code_of(snapshots.get("secret/kit", "", eve)), Errc::kPermissionDenied);
    // Who may list sees what the list itself says.
    const index::IndexEntry entry = must(library->find("secret/kit")).entry();
    const SnapshotLink listed = must(snapshots.get(entry, must(library->revision()), eve));
    EXPECT_EQ(text(listed->borrowed().id), "secret/kit@1.0.0");
    EXPECT_EQ(text(listed->borrowed().metadata_json), "");
    EXPECT_NE(text(must(snapshots.get("secret/kit", "", {}))->borrowed().metadata_json), "");
}

TEST(PackageSnapshots, OutliveCacheAndLibrary) {
    Outstanding outstanding;
    cat_package out = fresh_package();
    {
        SnapshotBed bed;
        PackageSnapshots snapshots(*bed.library, outstanding);
        must(bed.library->publish(small_draft("kit", "1.0.0")));
        must(snapshots.get("kit", "", {}))->hand_out(&out);
    }
    EXPECT_EQ(text(out.id), "kit@1.0.0");
    EXPECT_EQ(text(out.license), "MIT");
    EXPECT_EQ(outstanding.count(), 1u);
    out.release(out.owner);
    EXPECT_EQ(outstanding.count(), 0u);
}

TEST(PackageSnapshots, OfAReaderShowTheWritersLastCommit) {
    SnapshotBed bed;
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    library::LibraryOptions options;
    options.read_only = true;
    const auto reader =
        must(library::AssetLibrary::open("/library", options, environment_on(bed.disk, 2)));
    PackageSnapshots snapshots(*reader, bed.outstanding);
    const SnapshotLink first = must(snapshots.get("kit", "", {}));
    EXPECT_EQ(block_of(must(snapshots.get("kit", "", {}))), block_of(first));
    must(bed.library->publish(small_draft("kit", "1.1.0")));
    EXPECT_EQ(text(must(snapshots.get("kit", "", {}))->borrowed().id), "kit@1.1.0");
}

}  // namespace
}  // namespace catalog::extension::testing
