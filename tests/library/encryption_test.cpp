// Encrypted libraries: who opens them, what lies in their folder, and how keys come and go.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/content/key_wrapper.hpp"
#include "catalog/library/library_keys.hpp"
#include "support/core/randoms.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using content::Passphrase;
using content::PassphraseCost;
using content::RecoveryKey;
using content::SlotId;
using content::SlotKind;
using content::SlotSecret;
using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

const std::string kText = "the quick brown fox jumps over the lazy dog";

// As cheap as it may be: what it costs is tested elsewhere.
SlotSecret passphrase(std::string_view text) {
    PassphraseCost cost;
    cost.memory_kib = 8;
    cost.passes = 1;
    return Passphrase{text, cost};
}

struct EncryptedBed {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();

    explicit EncryptedBed(bool make = true) {
        if (make)
            must(AssetLibrary::create("/library", options("correct horse"), environment_on(disk)));
    }
    static LibraryOptions options(std::string_view text) {
        LibraryOptions options;
        options.key = passphrase(text);
        return options;
    }
    [[nodiscard]] Result<std::unique_ptr<AssetLibrary>> open(const LibraryOptions& options) const {
        return AssetLibrary::open("/library", options, environment_on(disk));
    }
    [[nodiscard]] std::unique_ptr<AssetLibrary> open() const {
        return must(open(options("correct horse")));
    }
    [[nodiscard]] LibraryKeys keys(std::string_view text = "correct horse") const {
        return must(LibraryKeys::open("/library", options(text), environment_on(disk)));
    }
    void publish(const std::string& name) const {
        std::string text;
        for (int i = 0; i < 200; ++i) text += kText + " " + std::to_string(i) + "\n";
        must(open()->publish(small_draft(
            name, "1.0.0",
            {{"notes-of-" + name + ".txt", text}, {"data.bin", noise(9'000, name.size())}})));
    }
    // Every file of the library, by its path.
    [[nodiscard]] std::vector<std::string> files(const std::string& folder = "/library") const {
        std::vector<std::string> paths;
        for (const io::DirectoryEntry& entry : must(disk->list(folder))) {
            const std::string path = io::join_path(folder, entry.name);
            if (entry.kind != io::FileKind::kDirectory) {
                paths.push_back(path);
                continue;
            }
            const auto inner = files(path);
            paths.insert(paths.end(), inner.begin(), inner.end());
        }
        return paths;
    }
};

TEST(EncryptedLibrary, OpensWithItsPassphraseAlone) {
    const EncryptedBed bed;
    bed.publish("secret-kit");
    {
        const auto library = bed.open();
        EXPECT_TRUE(library->metadata().encrypted);
        EXPECT_NE(file_of(*library, "secret-kit@1.0.0", "notes-of-secret-kit.txt").find(kText),
                  std::string::npos);
        EXPECT_TRUE(must(library->verify(true)).findings.empty());
    }
    EXPECT_EQ(code_of(bed.open(EncryptedBed::options("battery staple"))), Errc::kPermissionDenied);
    EXPECT_EQ(code_of(bed.open(LibraryOptions())), Errc::kKeyNotFound);
    LibraryOptions reader = EncryptedBed::options("correct horse");
    reader.read_only = true;
    const auto writer = bed.open();
    const auto beside = must(bed.open(reader));
    must(writer->publish(small_draft("later", "1.0.0")));
    EXPECT_EQ(must(beside->versions(must(PackageName::parse("later")))).size(), 1u);
    reader.key.reset();
    EXPECT_EQ(code_of(bed.open(reader)), Errc::kKeyNotFound);
}

TEST(EncryptedLibrary, NoFileOfItHoldsNamesContentsOrIds) {
    const EncryptedBed bed;
    std::vector<std::string> secrets{"secret-kit", "other-thing", "notes-of", "quick brown",
                                     noise(9'000, 10).substr(100, 12)};
    for (const std::string& name : {std::string("secret-kit"), std::string("other-thing")})
        bed.publish(name);
    {
        const auto library = bed.open();
        must(library->content().for_each([&](const content::ObjectInfo& object) -> Result<void> {
            secrets.emplace_back(as_text(object.id.bytes()).substr(0, 8));
            secrets.push_back(object.id.to_string().substr(7, 16));
            return {};
        }));
        must(library->find("secret-kit"));
    }
    ASSERT_GT(secrets.size(), 8u);
    const auto paths = bed.files();
    ASSERT_GT(paths.size(), 8u);
    for (const std::string& path : paths) {
        const std::string bytes = must(io::read_file(*bed.disk, path, 1u << 28));
        for (const std::string& secret : secrets)
            EXPECT_EQ(bytes.find(secret), std::string::npos) << path << " has " << secret;
        EXPECT_EQ(path.find("universe"), std::string::npos);
        EXPECT_EQ(path.find("similarity"), std::string::npos);
    }
    // The same search finds all of it where nothing is encrypted.
    EncryptedBed clear(false);
    must(AssetLibrary::create("/library", LibraryOptions(), environment_on(clear.disk)));
    must(must(clear.open(LibraryOptions()))->publish(small_draft("secret-kit", "1.0.0")));
    bool found = false;
    for (const std::string& path : clear.files())
        found = found || must(io::read_file(*clear.disk, path, 1u << 28)).find("secret-kit") !=
                             std::string::npos;
    EXPECT_TRUE(found);
}

TEST(EncryptedLibrary, DropsKeysThatNothingIsUnderAnyMore) {
    const EncryptedBed bed;
    bed.publish("secret-kit");
    const auto use = [&] { return must(LibraryKeys::use("/library", environment_on(bed.disk))); };
    ASSERT_EQ(use().size(), 1u);
    must(bed.keys().rotate());
    must(bed.keys().rotate());
    ASSERT_EQ(use().size(), 3u);
    EXPECT_GT(use()[0].bytes, 0u);
    EXPECT_EQ(use()[2].bytes, 0u);
    content::RepackOptions options;
    {
        // Without being asked for new keys a repack drops none.
        const auto library = bed.open();
        EXPECT_TRUE(must(library->repack_content(options)).generations_dropped.empty());
        options.rekey = true;
        options.rewrite_bytes_max = 10;
        const auto little = must(library->repack_content(options));
        EXPECT_GT(little.report.packs_left + little.generations_dropped.size(), 1u);
        options.rewrite_bytes_max = ~std::uint64_t{0};
        const auto done = must(library->repack_content(options));
        EXPECT_EQ(done.report.packs_left, 0u);
    }
    ASSERT_EQ(use().size(), 1u);
    EXPECT_EQ(use()[0].generation, content::KeyGeneration{3});
    EXPECT_GT(use()[0].bytes, 0u);
    EXPECT_EQ(bed.keys().generations(), std::vector{content::KeyGeneration{3}});
    // Database and ids are under what is left of the first.
    const auto library = bed.open();
    EXPECT_NE(file_of(*library, "secret-kit@1.0.0", "notes-of-secret-kit.txt").find(kText),
              std::string::npos);
    EXPECT_TRUE(must(library->verify(true)).findings.empty());
    must(library->publish(small_draft("later", "1.0.0")));
    const auto again = must(library->repack_content(options));
    EXPECT_EQ(again.report.packs_rewritten, 0u);
    EXPECT_TRUE(again.generations_dropped.empty());
}

TEST(EncryptedLibrary, ALibraryInTheClearHasNoKeysToSealItAgainUnder) {
    const EncryptedBed bed(false);
    must(AssetLibrary::create("/library", LibraryOptions(), environment_on(bed.disk)));
    content::RepackOptions options;
    options.rekey = true;
    EXPECT_EQ(code_of(must(bed.open(LibraryOptions()))->repack_content(options)),
              Errc::kFailedPrecondition);
}

TEST(EncryptedLibrary, ALibraryInTheClearTakesNoKey) {
    const EncryptedBed bed(false);
    must(AssetLibrary::create("/library", LibraryOptions(), environment_on(bed.disk)));
    EXPECT_EQ(code_of(bed.open(EncryptedBed::options("x"))), Errc::kFailedPrecondition);
    const auto library = must(bed.open(LibraryOptions()));
    EXPECT_FALSE(library->metadata().encrypted);
    EXPECT_FALSE(must(LibraryKeys::is_encrypted("/library", environment_on(bed.disk))));
    EXPECT_EQ(code_of(LibraryKeys::list("/library", environment_on(bed.disk))),
              Errc::kFailedPrecondition);
}

TEST(EncryptedLibrary, IsMadeByTheFirstOpening) {
    const EncryptedBed bed(false);
    LibraryOptions options = EncryptedBed::options("correct horse");
    options.create_if_missing = true;
    EXPECT_TRUE(must(bed.open(options))->metadata().encrypted);
    EXPECT_TRUE(bed.open()->metadata().encrypted);
}

TEST(EncryptedLibrary, AMakingThatWasCutShortIsMadeAnew) {
    const EncryptedBed bed;
    must(bed.disk->remove_file("/library/library.toml"));
    must(AssetLibrary::create("/library", EncryptedBed::options("another"),
                              environment_on(bed.disk)));
    EXPECT_TRUE(must(bed.open(EncryptedBed::options("another")))->metadata().encrypted);
    must(bed.disk->remove_file("/library/library.toml"));
    must(AssetLibrary::create("/library", LibraryOptions(), environment_on(bed.disk)));
    EXPECT_FALSE(must(bed.open(LibraryOptions()))->metadata().encrypted);
}

TEST(EncryptedLibrary, SaysWhenItsSlotsAreGoneOrDamaged) {
    const EncryptedBed bed;
    const std::string path = "/library/keys/store.slots";
    must(bed.disk->corrupt(path, 60, 1));
    EXPECT_EQ(code_of(bed.open(EncryptedBed::options("correct horse"))), Errc::kLibraryDamaged);
    must(bed.disk->remove_file(path));
    const auto opened = bed.open(EncryptedBed::options("correct horse"));
    ASSERT_EQ(code_of(opened), Errc::kLibraryDamaged);
    EXPECT_FALSE(opened.error().hint().empty());
}

TEST(LibraryKeys, ComeAndGoWithoutTouchingWhatIsStored) {
    const EncryptedBed bed;
    bed.publish("kit");
    const auto environment = environment_on(bed.disk);
    fakes::SeededRandom random(3);
    const RecoveryKey recovery = must(RecoveryKey::generate(random));
    const std::shared_ptr<content::KeyWrapper> host = must(
        content::make_signing_key_wrapper(bed.open()->environment().key_store, environment.random));
    SlotId first{};
    {
        LibraryKeys keys = bed.keys();
        first = keys.opened();
        must(keys.add(recovery));
        must(keys.add(host));
        EXPECT_EQ(keys.slots().size(), 3u);
        EXPECT_EQ(code_of(keys.remove(SlotId{99})), Errc::kNotFound);
        // While it lives nobody writes.
        LibraryOptions options = EncryptedBed::options("correct horse");
        options.lock_wait = std::chrono::milliseconds(0);
        EXPECT_EQ(code_of(bed.open(options)), Errc::kLibraryLocked);
        must(keys.remove(first));
    }
    EXPECT_EQ(code_of(bed.open(EncryptedBed::options("correct horse"))), Errc::kPermissionDenied);
    for (const SlotSecret& secret : {SlotSecret(recovery), SlotSecret(host)}) {
        LibraryOptions options;
        options.key = secret;
        EXPECT_EQ(must(must(bed.open(options))->versions(must(PackageName::parse("kit")))).size(),
                  1u);
    }
    const auto slots = must(LibraryKeys::list("/library", environment));
    ASSERT_EQ(slots.size(), 2u);
    EXPECT_EQ(slots[0].kind, SlotKind::kRecoveryKey);
    EXPECT_EQ(slots[1].kind, SlotKind::kHost);
}

TEST(LibraryKeys, APassphraseIsExchanged) {
    const EncryptedBed bed;
    {
        LibraryKeys keys = bed.keys();
        must(keys.replace(keys.opened(), passphrase("a better one")));
        EXPECT_EQ(keys.slots().size(), 1u);
    }
    EXPECT_EQ(code_of(bed.open(EncryptedBed::options("correct horse"))), Errc::kPermissionDenied);
    EXPECT_TRUE(bed.open(EncryptedBed::options("a better one")));
}

TEST(LibraryKeys, ARotationIsForWhatIsWrittenLater) {
    const EncryptedBed bed;
    bed.publish("before");
    must(bed.keys().rotate());
    EXPECT_EQ(bed.keys().generations().size(), 2u);
    bed.publish("after");
    const auto generation_of = [&](std::string_view pack) {
        const std::string bytes =
            must(io::read_file(*bed.disk, "/library/packs/" + std::string(pack), 1u << 28));
        return must(content::decode_pack_header(as_bytes(bytes))).cipher->generation;
    };
    EXPECT_EQ(generation_of("00000001.pack"), content::KeyGeneration{1});
    EXPECT_EQ(generation_of("00000002.pack"), content::KeyGeneration{2});
    const auto library = bed.open();
    for (const std::string& name : {std::string("before"), std::string("after")})
        EXPECT_NE(file_of(*library, name + "@1.0.0", "notes-of-" + name + ".txt").find(kText),
                  std::string::npos);
    EXPECT_TRUE(must(library->verify(true)).findings.empty());
}

TEST(LibraryKeys, ARenewalLeavesTheGivenKeysAlone) {
    const EncryptedBed bed;
    bed.publish("kit");
    {
        LibraryKeys keys = bed.keys();
        must(keys.add(passphrase("second")));
        must(keys.renew({passphrase("third")}));
        EXPECT_EQ(keys.slots().size(), 1u);
    }
    for (const std::string_view gone : {"correct horse", "second"})
        EXPECT_EQ(code_of(bed.open(EncryptedBed::options(gone))), Errc::kPermissionDenied);
    EXPECT_TRUE(must(bed.open(EncryptedBed::options("third"))));
}

}  // namespace
}  // namespace catalog::library::testing
