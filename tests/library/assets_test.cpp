// Published and installed packages as assets: of the library's own register and of a host's.

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/kv/key_value_store.hpp"
#include "library_impl.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/randoms.hpp"
#include "support/core/recording_sinks.hpp"
#include "support/io/crash_test.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/asset_registries.hpp"
#include "support/library/asset_registry_contract.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

struct FakeWorld {
    std::shared_ptr<fakes::FakeClock> time = std::make_shared<fakes::FakeClock>();
    FakeAssetRegistry fake{time};
    AssetRegistry& registry() { return fake; }
    const Clock& clock() { return *time; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, AssetRegistryContract, FakeWorld);

struct FaultlessWorld {
    std::shared_ptr<fakes::FakeClock> time = std::make_shared<fakes::FakeClock>();
    FaultyAssetRegistry faulty{std::make_shared<FakeAssetRegistry>(time),
                               [](std::size_t) { return false; }, Error(Errc::kInternal, "never")};
    AssetRegistry& registry() { return faulty; }
    const Clock& clock() { return *time; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(FaultlessWrapper, AssetRegistryContract, FaultlessWorld);

/// The library's own register in a store of its own.
struct LocalWorld {
    std::unique_ptr<kv::KeyValueStore> store = kv::make_memory_store(1);
    kv::CommitQueue queue{*store};
    fakes::FakeClock time;
    fakes::SeededRandom random{7};
    LocalAssetRegistry local{AssetPlace{store.get(), &queue, kv::Family{0}, &time, &random}};
    AssetRegistry& registry() { return local; }
    const Clock& clock() { return time; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Local, AssetRegistryContract, LocalWorld);

PackageId id_of(std::string_view text) { return must(PackageId::parse(text)); }

std::string keys_of(AssetLibrary& library) {
    std::string text;
    for (const AssetEntry& asset : must(library.assets(1000)).assets)
        text += (text.empty() ? "" : " ") + asset.key;
    return text;
}

std::string keys_of(const FakeAssetRegistry& host) {
    std::string text;
    for (const auto& [key, spec] : host.assets()) text += (text.empty() ? "" : " ") + key;
    return text;
}

void expect_undamaged(AssetLibrary& library) {
    for (const Finding& finding : must(library.verify(true)).findings)
        ADD_FAILURE() << finding.where << ": " << finding.what;
}

/// A library with a host's register, and both.
struct HostBed {
    explicit HostBed(std::shared_ptr<io::FileSystem> fs = SimulatedFileSystem::make())
        : environment(environment_on(std::move(fs))) {
        host = std::make_shared<FakeAssetRegistry>(environment.clock);
        log = std::make_shared<fakes::RecordingLogSink>();
        environment.assets = host;
        environment.log_sink = log;
        library = open_library(environment);
    }
    void reopen() {
        library.reset();
        library = open_library(environment);
    }
    void fail_with(std::function<bool(std::size_t)> fails, Error error, bool after = false) {
        environment.assets =
            std::make_shared<FaultyAssetRegistry>(host, std::move(fails), std::move(error), after);
        reopen();
    }
    void heal() { environment.assets = host; }

    Environment environment;
    std::shared_ptr<FakeAssetRegistry> host;
    std::shared_ptr<fakes::RecordingLogSink> log;
    std::unique_ptr<AssetLibrary> library;
};

TEST(ChainHash, IsWhatOthersComputeToo) {
    std::array<std::byte, 16> uuid{};
    for (std::size_t i = 0; i < 16; ++i) uuid[i] = static_cast<std::byte>(i);
    // Python: sha256(bytes([255]) + bytes(range(16)) + (1700000000000000).to_bytes(16, "little")
    //                + b"HYPERMESH_V1")
    EXPECT_EQ(to_hex(asset_chain_hash(kNamedAssetType, uuid,
                                      WallTime(std::chrono::microseconds(1'700'000'000'000'000)))),
              "71768cf04e5cd43c5d5dc9b3dfb9b9e01feee2e98e62021ae62c4222a2d220e0");
    EXPECT_EQ(to_hex(asset_chain_hash(3, uuid,
                                      WallTime(std::chrono::microseconds(1'700'000'000'000'000)))),
              "8c18a5770ae08da5f06ee50d2f691b416294bdefd1a86f2165600e143982af84");
}

TEST(Assets, APublishedPackageHasAnIdentityOfTheLibrarysOwn) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    EXPECT_EQ(code_of(library->asset_of(id_of("kit@1.0.0"))), Errc::kNotFound);
    const std::uint64_t before = must(library->stats()).commits.commits;
    must(library->publish(small_draft("kit", "1.0.0")));
    EXPECT_EQ(must(library->stats()).commits.commits, before + 2) << "package and checkpoint";
    const AssetRecord record = must(library->asset_of(id_of("kit@1.0.0")));
    EXPECT_EQ(record.type, kNamedAssetType);
    EXPECT_EQ(record.type_name, "package");
    EXPECT_EQ(record.uuid[6] >> 4, std::byte{4});
    EXPECT_EQ(record.uuid[8] >> 6, std::byte{2});
    EXPECT_EQ(record.chain_hash, asset_chain_hash(record.type, record.uuid, record.created));
    const std::string text = record.to_string();
    EXPECT_EQ(text.substr(0, 8), "package:");
    EXPECT_EQ(std::count(text.begin(), text.end(), '-'), 4);
    must(library->publish(small_draft("kit", "1.0.0")));
    EXPECT_EQ(must(library->asset_of(id_of("kit@1.0.0"))), record);
    expect_undamaged(*library);
}

TEST(Assets, InstallationsComeAndGoWithWhatStandsInThePrefix) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    must(library->publish(small_draft("base", "1.0.0")));
    must(library->publish(small_draft("app", "1.0.0", {{"a", "1"}}, {"base ^1"})));
    must(library->install("/p", {"app"}));
    EXPECT_EQ(keys_of(*library), "/p#app@1.0.0 /p#base@1.0.0 app@1.0.0 base@1.0.0");
    const AssetRecord base = must(library->asset_of("/p", id_of("base@1.0.0")));
    EXPECT_EQ(base.type_name, "installation");
    must(library->publish(small_draft("app", "1.1.0", {{"a", "2"}}, {"base ^1"})));
    must(library->update("/p", {}));
    EXPECT_EQ(keys_of(*library), "/p#app@1.1.0 /p#base@1.0.0 app@1.0.0 app@1.1.0 base@1.0.0");
    EXPECT_EQ(must(library->asset_of("/p", id_of("base@1.0.0"))), base) << "it stayed";
    must(library->rollback("/p"));
    EXPECT_EQ(keys_of(*library), "/p#app@1.0.0 /p#base@1.0.0 app@1.0.0 app@1.1.0 base@1.0.0");
    must(library->uninstall("/p", {"app"}));
    EXPECT_EQ(keys_of(*library), "app@1.0.0 app@1.1.0 base@1.0.0");
    expect_undamaged(*library);
}

TEST(Assets, PrefixesWhoseNamesBeginAlikeAreKeptApart) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    must(library->publish(small_draft("kit", "1.0.0")));
    must(library->install("/p", {"kit"}));
    must(library->install("/p#q", {"kit"}));
    must(library->install("/pq", {"kit"}));
    must(library->uninstall("/p", {"kit"}));
    EXPECT_EQ(keys_of(*library), "/p#q#kit@1.0.0 /pq#kit@1.0.0 kit@1.0.0");
}

TEST(Assets, AreListedPageByPage) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    for (const char* version : {"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"})
        must(library->publish(small_draft("kit", version)));
    std::vector<std::string> keys;
    std::string cursor;
    std::size_t pages = 0;
    do {
        const AssetPage page = must(library->assets(2, cursor));
        for (const AssetEntry& asset : page.assets) keys.push_back(asset.key);
        cursor = page.next;
        ++pages;
    } while (!cursor.empty());
    EXPECT_EQ(pages, 3u);
    EXPECT_EQ(keys.size(), 5u);
    EXPECT_TRUE(std::ranges::is_sorted(keys));
    EXPECT_EQ(code_of(library->assets(0)), Errc::kInvalidArgument);
}

TEST(Assets, AHostIsToldAfterTheCommitAndItsAnswerIsKept) {
    HostBed bed;
    bool visible = false;
    bed.host->before_each(
        [&](const std::string&) { visible = bed.library->find("kit@1.0.0").has_value(); });
    const auto receipt = must(bed.library->publish(small_draft("kit", "1.0.0")));
    EXPECT_TRUE(visible);
    EXPECT_EQ(keys_of(*bed.host), "kit@1.0.0");
    const AssetSpec spec = bed.host->assets().at("kit@1.0.0");
    EXPECT_EQ(spec.kind, "package");
    EXPECT_EQ(spec.name, "kit@1.0.0");
    EXPECT_EQ(spec.description, "a small package");
    EXPECT_EQ(spec.size_bytes, receipt.file_bytes);
    EXPECT_EQ(spec.digest, receipt.digest.hash);
    EXPECT_EQ(must(bed.library->asset_of(id_of("kit@1.0.0"))).uuid[0], std::byte{1});
    must(bed.library->install("/p", {"kit"}));
    EXPECT_EQ(keys_of(*bed.host), "/p#kit@1.0.0 kit@1.0.0");
    EXPECT_EQ(*bed.host->assets().at("/p#kit@1.0.0").metadata.at("prefix").as_string(), "/p");
    must(bed.library->uninstall("/p", {"kit"}));
    EXPECT_EQ(keys_of(*bed.host), "kit@1.0.0");
    EXPECT_EQ(keys_of(*bed.library), "kit@1.0.0");
    EXPECT_EQ(must(bed.library->assets(1)).pending, 0u);
    expect_undamaged(*bed.library);
}

TEST(Assets, AFailingHostNeverMakesAPublicationFailAndIsToldLater) {
    HostBed bed;
    bed.fail_with([](std::size_t) { return true; }, Error(Errc::kNetwork, "away"));
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    must(bed.library->install("/p", {"kit"}));
    EXPECT_EQ(keys_of(*bed.host), "");
    EXPECT_EQ(must(bed.library->assets(10)).pending, 2u);
    EXPECT_EQ(code_of(bed.library->asset_of(id_of("kit@1.0.0"))), Errc::kNotFound);
    EXPECT_GE(bed.log->count(LogLevel::kWarning, "register of assets"), 2u);
    bed.heal();
    bed.reopen();
    EXPECT_EQ(keys_of(*bed.host), "/p#kit@1.0.0 kit@1.0.0");
    EXPECT_EQ(must(bed.library->assets(10)).pending, 0u);
    EXPECT_TRUE(bed.library->asset_of(id_of("kit@1.0.0")));
    expect_undamaged(*bed.library);
}

TEST(Assets, ALaterPublicationTellsWhatEarlierOnesCouldNot) {
    HostBed bed;
    bed.fail_with([](std::size_t call) { return call == 0; }, Error(Errc::kBusy, "busy"));
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    EXPECT_EQ(keys_of(*bed.host), "");
    must(bed.library->publish(small_draft("kit", "1.1.0")));
    EXPECT_EQ(keys_of(*bed.host), "kit@1.0.0 kit@1.1.0");
}

TEST(Assets, OneThatTheHostWillNotHaveDoesNotStandInTheWayOfOthers) {
    HostBed bed;
    bed.fail_with([](std::size_t) { return true; }, Error(Errc::kNetwork, "away"));
    for (const char* name : {"a", "b", "c"}) must(bed.library->publish(small_draft(name, "1.0.0")));
    bed.fail_with([](std::size_t call) { return call == 0; },
                  Error(Errc::kInvalidArgument, "not this one"));
    EXPECT_EQ(keys_of(*bed.host), "b@1.0.0 c@1.0.0");
    EXPECT_EQ(must(bed.library->assets(10)).pending, 1u);
}

TEST(Assets, ARemovalThatFailedIsMadeGoodAndReinstallingTakesItBack) {
    for (const bool reinstall : {false, true}) {
        HostBed bed;
        must(bed.library->publish(small_draft("kit", "1.0.0")));
        must(bed.library->install("/p", {"kit"}));
        bed.fail_with([](std::size_t) { return true; }, Error(Errc::kNetwork, "away"));
        must(bed.library->uninstall("/p", {"kit"}));
        EXPECT_EQ(keys_of(*bed.host), "/p#kit@1.0.0 kit@1.0.0");
        if (reinstall) must(bed.library->install("/p", {"kit"}));
        bed.heal();
        bed.reopen();
        EXPECT_EQ(keys_of(*bed.host), reinstall ? "/p#kit@1.0.0 kit@1.0.0" : "kit@1.0.0");
        EXPECT_EQ(keys_of(*bed.library), keys_of(*bed.host));
        EXPECT_EQ(must(bed.library->assets(10)).pending, 0u);
    }
}

TEST(Assets, WhatTheHostDidAndCouldNotSayIsAskedAgainAndGone) {
    HostBed bed;
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    bed.fail_with([](std::size_t) { return true; }, Error(Errc::kNetwork, "lost"), true);
    must(bed.library->install("/p", {"kit"}));
    EXPECT_EQ(keys_of(*bed.host), "/p#kit@1.0.0 kit@1.0.0") << "it has it, the library has not";
    must(bed.library->uninstall("/p", {"kit"}));
    bed.heal();
    bed.reopen();
    EXPECT_EQ(keys_of(*bed.host), "kit@1.0.0");
    EXPECT_EQ(must(bed.library->assets(10)).pending, 0u);
}

TEST(Assets, WhatIsTakenAwayWhileTheHostIsAskedIsRemovedAgain) {
    HostBed bed;
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    bool once = true;
    bed.host->before_each([&](const std::string& key) {
        if (key != "/p#kit@1.0.0" || !std::exchange(once, false)) return;
        must(bed.library->uninstall("/p", {"kit"}));
    });
    must(bed.library->install("/p", {"kit"}));
    EXPECT_EQ(keys_of(*bed.host), "kit@1.0.0");
    EXPECT_EQ(keys_of(*bed.library), "kit@1.0.0");
    EXPECT_EQ(must(bed.library->assets(10)).pending, 0u);
}

TEST(Assets, RepairRegistersWithAHostWhatOnlyTheLibraryHad) {
    const auto fs = SimulatedFileSystem::make();
    {
        const auto library = open_library(environment_on(fs));
        must(library->publish(small_draft("kit", "1.0.0")));
        must(library->publish(small_draft("tool", "1.0.0")));
    }
    HostBed bed(fs);
    EXPECT_EQ(keys_of(*bed.host), "");
    const RepairResult repaired = must(bed.library->repair());
    EXPECT_TRUE(std::ranges::any_of(repaired.actions, [](const std::string& action) {
        return action == "registered 2 packages as assets";
    }));
    EXPECT_EQ(keys_of(*bed.host), "kit@1.0.0 tool@1.0.0");
    EXPECT_EQ(must(bed.library->asset_of(id_of("kit@1.0.0"))).uuid[0], std::byte{1});
    EXPECT_TRUE(must(bed.library->repair()).actions.empty());
}

TEST(Assets, AHostsAssetsStayItsOwnWhileItIsAway) {
    HostBed bed;
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    must(bed.library->install("/p", {"kit"}));
    const AssetRecord record = must(bed.library->asset_of(id_of("kit@1.0.0")));
    bed.environment.assets = nullptr;
    bed.reopen();
    EXPECT_EQ(must(bed.library->asset_of(id_of("kit@1.0.0"))), record);
    must(bed.library->uninstall("/p", {"kit"}));
    EXPECT_EQ(must(bed.library->assets(10)).pending, 1u);
    bed.heal();
    bed.reopen();
    EXPECT_EQ(keys_of(*bed.host), "kit@1.0.0");
    EXPECT_EQ(keys_of(*bed.library), "kit@1.0.0");
}

TEST(Assets, VerifyFindsARecordThatIsNotWhatItWas) {
    const auto fs = SimulatedFileSystem::make();
    const Environment environment = environment_on(fs);
    {
        const auto library = open_library(environment);
        must(library->publish(small_draft("kit", "1.0.0")));
        must(library->publish(small_draft("tool", "1.0.0")));
    }
    {
        kv::OpenOptions options;
        options.families = family_names();
        const auto store = must(kv::open_rocksdb(fs, "/library/db", options));
        const kv::Family assets = family(FamilyNumber::kAssets);
        RegisteredAsset asset =
            must(decode_asset("kit@1.0.0", *must(store->get(assets, "akit@1.0.0"))));
        asset.record.created += std::chrono::microseconds(1);
        kv::WriteBatch batch;
        batch.put(assets, "akit@1.0.0", encode_asset(asset));
        batch.put(assets, "atool@1.0.0", "{}");
        batch.put(assets, "wtool@1.0.0", "rubbish");
        must(store->write(batch, kv::Durability::kSync));
    }
    const auto library = open_library(environment);
    EXPECT_EQ(must(library->verify(false)).findings.size(), 3u);
    must(library->repair());
    const std::vector<Finding> left = must(library->verify(false)).findings;
    ASSERT_EQ(left.size(), 1u) << "an identity that was changed is lost";
    EXPECT_EQ(left[0].where, "assets");
}

TEST(Assets, ALibraryOfAnEarlierVersionIsReadWrittenAndRepaired) {
    const auto fs = SimulatedFileSystem::make();
    const Environment environment = environment_on(fs);
    must(AssetLibrary::create("/library", {}, environment));
    // As it was before the family was added.
    must(fs->remove_tree("/library/db"));
    {
        kv::OpenOptions options;
        options.families = family_names();
        options.families.pop_back();
        options.create_if_missing = true;
        must(kv::open_rocksdb(fs, "/library/db", options));
    }
    LibraryOptions reading;
    reading.read_only = true;
    const auto reader = must(AssetLibrary::open("/library", reading, environment));
    EXPECT_TRUE(must(reader->assets(10)).assets.empty());
    EXPECT_EQ(code_of(reader->asset_of(id_of("kit@1.0.0"))), Errc::kNotFound);
    EXPECT_TRUE(must(reader->verify(true)).findings.empty());
    const auto writer = open_library(environment);
    must(writer->publish(small_draft("kit", "1.0.0")));
    EXPECT_EQ(keys_of(*writer), "kit@1.0.0");
    EXPECT_EQ(keys_of(*reader), "kit@1.0.0") << "the reader that was there before follows";
}

TEST(Assets, RepairRegistersWhatAnEarlierVersionPublished) {
    const auto fs = SimulatedFileSystem::make();
    const Environment environment = environment_on(fs);
    open_library(environment)->publish(small_draft("kit", "1.0.0")).value();
    {
        kv::OpenOptions options;
        options.families = family_names();
        const auto store = must(kv::open_rocksdb(fs, "/library/db", options));
        kv::WriteBatch batch;
        batch.remove(family(FamilyNumber::kAssets), "akit@1.0.0");
        must(store->write(batch, kv::Durability::kSync));
    }
    const auto library = open_library(environment);
    EXPECT_EQ(keys_of(*library), "");
    expect_undamaged(*library);
    must(library->repair());
    EXPECT_EQ(keys_of(*library), "kit@1.0.0");
}

TEST(Assets, ALibraryThatIsReadRegistersNoInstallation) {
    const auto fs = SimulatedFileSystem::make();
    HostBed bed(fs);
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    bed.library.reset();
    LibraryOptions reading;
    reading.read_only = true;
    const auto reader = must(AssetLibrary::open("/library", reading, bed.environment));
    must(reader->install("/p", {"kit"}));
    EXPECT_EQ(keys_of(*reader), "kit@1.0.0");
    EXPECT_EQ(keys_of(*bed.host), "kit@1.0.0");
}

TEST(Assets, ACrashLeavesNothingUnregisteredAfterTheNextOpen) {
    // The host outlives the crash, as a host does.
    std::shared_ptr<FakeAssetRegistry> host;
    const auto count = io::testing::for_each_crash(
        [&] {
            const auto disk = SimulatedFileSystem::make();
            Environment environment = environment_on(disk);
            host = std::make_shared<FakeAssetRegistry>(environment.clock);
            environment.assets = host;
            must(open_library(environment)->publish(small_draft("old", "1.0.0")));
            return disk->recover(io::testing::CrashPolicy::kKeepAll);
        },
        [&](const std::shared_ptr<SimulatedFileSystem>& disk) {
            Environment environment = environment_on(disk, 2);
            environment.assets = host;
            const auto library = AssetLibrary::open("/library", {}, environment);
            if (!library) return;
            static_cast<void>((*library)->publish(small_draft("new", "1.0.0")));
            static_cast<void>((*library)->install("/p", {"old"}));
        },
        [&](const std::shared_ptr<SimulatedFileSystem>& disk, const io::testing::CrashPoint&) {
            Environment environment = environment_on(disk, 3);
            environment.assets = host;
            const auto library = open_library(environment);
            EXPECT_EQ(must(library->assets(10)).pending, 0u);
            if (library->find("new@1.0.0").has_value()) {
                EXPECT_TRUE(library->asset_of(id_of("new@1.0.0")));
            }
            const auto generations = library->history("/p");
            const bool installed = generations && !generations->empty() &&
                                   std::ranges::any_of(*generations, [](const auto& generation) {
                                       return generation.current;
                                   });
            EXPECT_EQ(library->asset_of("/p", id_of("old@1.0.0")).has_value(), installed);
        },
        [] {
            io::testing::CrashTestOptions options;
            options.random_seeds = 1;
            options.stride = 3;
            return options;
        }());
    EXPECT_GT(count.points, 10u);
}

}  // namespace
}  // namespace catalog::library::testing
