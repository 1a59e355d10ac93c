// Checkpoints: any bytes as a note, any bytes as a text under a right signature, and a note with
// one byte changed.

#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/merkle/hash.hpp"
#include "catalog/security/checkpoint.hpp"
#include "support/core/byte_feed.hpp"
#include "support/core/key_stores.hpp"

namespace {

using namespace catalog;            // NOLINT: one file, one program
using namespace catalog::security;  // NOLINT
using fakes::require;

constexpr std::string_view kOrigin = "catalog/0123456789abcdef0123456789abcdef";

fakes::MemoryKeyStore& keys() {
    static fakes::MemoryKeyStore store(1);
    return store;
}

const KeyInfo& key() {
    static const KeyInfo info = *keys().default_key(KeyPurpose::kLibrary);
    return info;
}

/// Signs a text as the format's page says, without the code under test.
std::string note_over(std::string_view text, std::string_view origin) {
    std::string named(origin);
    named += "\n\x01";
    named += as_text(key().public_key.bytes);
    std::string blob(as_text(merkle::hash_of(as_bytes(named)).bytes().first(4)));
    blob += as_text(keys().sign(key().id, as_bytes(text))->bytes);
    return std::string(text) + "\n\xe2\x80\x94 " + std::string(origin) + " " +
           to_base64(as_bytes(blob)) + "\n";
}

void try_note(const std::string& note, std::string_view origin) {
    const Result<Checkpoint> checkpoint = open_checkpoint(note, origin, key().public_key);
    if (!checkpoint) {
        const Errc code = checkpoint.error().code();
        require(code == Errc::kCheckpointInvalid || code == Errc::kSignatureInvalid ||
                code == Errc::kSignatureMissing);
        return;
    }
    // Only further lines of the text may follow the three that are read.
    require(checkpoint->origin == origin && note.starts_with(checkpoint->text()));
    const Result<std::string> again = sign_checkpoint(keys(), *checkpoint);
    require(again.has_value());
    require(open_checkpoint(*again, origin, key().public_key) == *checkpoint);
    // Ed25519 is deterministic: a note with nothing but what is read is made again to the byte.
    if (note == note_over(checkpoint->text(), origin)) require(*again == note);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    try_note(std::string(input), kOrigin);
    try_note(note_over(input, kOrigin), kOrigin);
    try_note(note_over(std::string(kOrigin) + "\n" + std::string(input), kOrigin), kOrigin);

    fakes::ByteFeed feed(input);
    const std::size_t at = feed.byte();
    const char flip = static_cast<char>(feed.byte());
    const Checkpoint checkpoint{std::string(kOrigin), feed.number(),
                                merkle::hash_of(as_bytes(feed.rest()))};
    std::string note = *sign_checkpoint(keys(), checkpoint);
    require(note == note_over(checkpoint.text(), kOrigin));
    require(open_checkpoint(note, kOrigin, key().public_key) == checkpoint);
    note[at % note.size()] = static_cast<char>(note[at % note.size()] ^ flip);
    require(flip == 0 || !open_checkpoint(note, kOrigin, key().public_key));
    return 0;
}
