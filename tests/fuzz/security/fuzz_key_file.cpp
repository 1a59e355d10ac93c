// Key files: a file that is accepted holds a key that signs, under its own purpose alone, and the
// file that is written for the same seed holds the same key. What is refused is named.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/core/random.hpp"
#include "catalog/json/read.hpp"
#include "catalog/security/file_key_store.hpp"
#include "support/core/byte_feed.hpp"
#include "support/core/key_stores.hpp"
#include "support/io/simulated_file_system.hpp"

namespace {

using namespace catalog;            // NOLINT: one file, one program
using namespace catalog::security;  // NOLINT
using fakes::require;

/// Gives the same bytes again and again.
class GivenBytes final : public Random {
public:
    explicit GivenBytes(ByteView bytes) { std::ranges::copy(bytes, bytes_.begin()); }
    Result<void> fill(std::span<std::byte> out) override {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = bytes_[i % bytes_.size()];
        return {};
    }

private:
    std::array<std::byte, 32> bytes_{};
};

void check_key(KeyStore& store, const KeyInfo& info) {
    require(info.id == fakes::key_id_of(info.public_key));
    const Result<Signature> signature = store.sign(info.id, as_bytes("message"));
    require(signature && fakes::signature_holds(info.public_key, as_bytes("message"), *signature));
}

/// Makes the file of a seed and reads it with another store.
KeyInfo write_and_read(KeyPurpose purpose, ByteView seed) {
    const auto fs = io::testing::SimulatedFileSystem::make();
    GivenBytes random(seed);
    const Result<KeyInfo> made = FileKeyStore(fs, "/keys").create(purpose, random);
    require(made.has_value());
    FileKeyStore again(fs, "/keys");
    const Result<KeyInfo> read = again.default_key(purpose);
    require(read && read->id == made->id && read->purpose == purpose &&
            read->public_key == made->public_key);
    check_key(again, *read);
    return *read;
}

bool try_file(std::string_view text, KeyPurpose purpose) {
    const auto fs = io::testing::SimulatedFileSystem::make();
    require(fs->make_directories("/keys").has_value());
    const std::string path =
        purpose == KeyPurpose::kLibrary ? "/keys/library.key" : "/keys/publisher.key";
    require(io::write_file_durably(*fs, path, as_bytes(text), 0600).has_value());
    FileKeyStore store(fs, "/keys");
    const Result<KeyInfo> key = store.default_key(purpose);
    if (!key) {
        require(key.error().code() == Errc::kKeyInvalid || text.size() > 4096);
        require(key.error().input() == path);
        return false;
    }
    require(text.size() <= 4096 && key->purpose == purpose);
    check_key(store, *key);
    const Result<json::Value> document = json::read(text);
    const Result<Bytes> seed = from_base64(*document->find("seed")->as_string());
    require(write_and_read(purpose, *seed).public_key == key->public_key);
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const bool publishes = try_file(input, KeyPurpose::kPublisher);
    const bool keeps_log = try_file(input, KeyPurpose::kLibrary);
    require(!publishes || !keeps_log);
    if (size >= 32 && size < 40)
        (void)write_and_read(KeyPurpose::kLibrary, as_bytes(input).first(32));
    return 0;
}
