#include "catalog/security/file_key_store.hpp"

#include <gtest/gtest.h>

#include "catalog/security/ed25519.hpp"
#include "support/core/key_store_contract.hpp"
#include "support/core/randoms.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::security {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

/// A key store on a disk of its own, as the contract suite wants it.
class StoreOnDisk {
public:
    StoreOnDisk() : store_(SimulatedFileSystem::make(), "/keys") {
        fakes::SeededRandom random(1);
        for (const KeyPurpose purpose : {KeyPurpose::kPublisher, KeyPurpose::kLibrary})
            must(store_.create(purpose, random));
    }
    KeyStore& keys() { return store_; }

private:
    FileKeyStore store_;
};

}  // namespace
}  // namespace catalog::security

namespace catalog::fakes {
INSTANTIATE_TYPED_TEST_SUITE_P(FileKeyStore, KeyStoreContract, catalog::security::StoreOnDisk);
}  // namespace catalog::fakes

namespace catalog::security {
namespace {

TEST(FileKeyStore, FindsItsKeysAgain) {
    const auto fs = SimulatedFileSystem::make();
    fakes::SeededRandom random(7);
    const KeyInfo made = must(FileKeyStore(fs, "/keys").create(KeyPurpose::kPublisher, random));
    FileKeyStore again(fs, "/keys");
    EXPECT_EQ(must(again.default_key(KeyPurpose::kPublisher)).id, made.id);
    const Signature signature = must(again.sign(made.id, as_bytes("message")));
    EXPECT_TRUE(verify_signature(made.public_key, as_bytes("message"), signature));
    EXPECT_EQ(must(fs->info("/keys/publisher.key")).mode & 0777u, 0600u);
}

TEST(FileKeyStore, NeverReplacesAKey) {
    const auto fs = SimulatedFileSystem::make();
    fakes::SeededRandom random(7);
    FileKeyStore store(fs, "/keys");
    must(store.create(KeyPurpose::kPublisher, random));
    EXPECT_EQ(code_of(store.create(KeyPurpose::kPublisher, random)), Errc::kAlreadyExists);
    EXPECT_EQ(code_of(store.default_key(KeyPurpose::kLibrary)), Errc::kKeyNotFound);
    EXPECT_EQ(code_of(store.sign("ed25519:0000000000000000", as_bytes("x"))), Errc::kKeyNotFound);
}

TEST(FileKeyStore, RefusesAFileThatWasChangedOrMisplaced) {
    const auto fs = SimulatedFileSystem::make();
    fakes::SeededRandom random(7);
    must(FileKeyStore(fs, "/keys").create(KeyPurpose::kPublisher, random));
    const std::string text = must(io::read_file(*fs, "/keys/publisher.key", 4096));
    must(io::write_file_durably(*fs, "/keys/library.key", as_bytes(text)));
    EXPECT_EQ(code_of(FileKeyStore(fs, "/keys").default_key(KeyPurpose::kLibrary)),
              Errc::kKeyInvalid);
    std::string changed = text;
    const std::size_t seed = changed.find("\"seed\": \"") + 9;
    changed[seed] = changed[seed] == 'A' ? 'B' : 'A';
    must(io::write_file_durably(*fs, "/keys/publisher.key", as_bytes(changed)));
    EXPECT_EQ(code_of(FileKeyStore(fs, "/keys").default_key(KeyPurpose::kPublisher)),
              Errc::kKeyInvalid);
    must(io::write_file_durably(*fs, "/keys/publisher.key", as_bytes("{")));
    EXPECT_EQ(code_of(FileKeyStore(fs, "/keys").default_key(KeyPurpose::kPublisher)),
              Errc::kKeyInvalid);
}

TEST(FileKeyStore, NamesTheFileThatLacksAMember) {
    const auto fs = SimulatedFileSystem::make();
    fakes::SeededRandom random(7);
    must(FileKeyStore(fs, "/keys").create(KeyPurpose::kPublisher, random));
    const std::string text = must(io::read_file(*fs, "/keys/publisher.key", 4096));
    for (const std::string name : {"schema", "purpose", "algorithm", "public", "seed"}) {
        std::string changed = text;
        changed.replace(changed.find("\"" + name + "\""), name.size() + 2, "\"other\"");
        must(io::write_file_durably(*fs, "/keys/publisher.key", as_bytes(changed)));
        const auto key = FileKeyStore(fs, "/keys").default_key(KeyPurpose::kPublisher);
        ASSERT_EQ(code_of(key), Errc::kKeyInvalid) << name;
        EXPECT_EQ(key.error().input(), "/keys/publisher.key") << name;
    }
}

TEST(FileKeyStore, RefusesAKeyOfAnotherAlgorithm) {
    const auto fs = SimulatedFileSystem::make();
    fakes::SeededRandom random(7);
    must(FileKeyStore(fs, "/keys").create(KeyPurpose::kPublisher, random));
    std::string text = must(io::read_file(*fs, "/keys/publisher.key", 4096));
    text.replace(text.find("ed25519"), 7, "ed448");
    must(io::write_file_durably(*fs, "/keys/publisher.key", as_bytes(text)));
    EXPECT_EQ(code_of(FileKeyStore(fs, "/keys").default_key(KeyPurpose::kPublisher)),
              Errc::kKeyInvalid);
}

}  // namespace
}  // namespace catalog::security
