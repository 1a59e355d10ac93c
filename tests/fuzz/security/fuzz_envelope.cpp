// Envelopes: what is accepted is byte for byte what would be written, what was written is read
// back, and what is said to be signed is.

#include <cstdint>
#include <string_view>

#include "catalog/merkle/hash.hpp"
#include "catalog/security/envelope.hpp"
#include "support/core/byte_feed.hpp"
#include "support/core/key_stores.hpp"

namespace {

using namespace catalog;            // NOLINT: one file, one program
using namespace catalog::security;  // NOLINT
using fakes::require;

bool same(const Envelope& a, const Envelope& b) {
    bool equal = a.payload_type == b.payload_type && a.payload == b.payload &&
                 a.signatures.size() == b.signatures.size();
    for (std::size_t i = 0; equal && i < a.signatures.size(); ++i)
        equal = a.signatures[i].key_id == b.signatures[i].key_id &&
                a.signatures[i].signature == b.signatures[i].signature;
    return equal;
}

void try_text(std::string_view text) {
    const Result<Envelope> envelope = Envelope::decode(text);
    if (!envelope) {
        const Errc code = envelope.error().code();
        require(code == Errc::kSignatureInvalid || code == Errc::kLimitExceeded);
        return;
    }
    require(envelope->encode() == text && envelope->signatures.size() <= 16);
    require(digest_of_envelope(*envelope) == merkle::hash_of(as_bytes(text)));
    static fakes::MemoryKeyStore keys(1);
    static const PublicKey key = keys.default_key(KeyPurpose::kPublisher)->public_key;
    const Result<ContentHash> subject = ContentHash::parse(envelope->payload);
    if (!subject || !verify_package(*envelope, {*subject}, {key})) return;
    bool signed_by_key = false;
    const std::string message = pre_authentication_encoding(kPackagePayloadType, envelope->payload);
    for (const EnvelopeSignature& signature : envelope->signatures)
        signed_by_key =
            signed_by_key || fakes::signature_holds(key, as_bytes(message), signature.signature);
    require(signed_by_key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    try_text(input);

    fakes::ByteFeed feed(input);
    Envelope envelope;
    envelope.payload_type = feed.text();
    envelope.payload = feed.text();
    bool representable = is_utf8(envelope.payload_type);
    while (!feed.empty() && envelope.signatures.size() < 16) {
        EnvelopeSignature signature;
        signature.key_id = feed.text();
        for (std::byte& byte : signature.signature.bytes) byte = std::byte{feed.byte()};
        representable = representable && is_utf8(signature.key_id);
        envelope.signatures.push_back(std::move(signature));
    }
    const Result<Envelope> again = Envelope::decode(envelope.encode());
    require(again.has_value());
    require(!representable || same(*again, envelope));

    // What is signed says where the type ends: moving a byte over that border changes it.
    if (!envelope.payload.empty())
        require(pre_authentication_encoding(envelope.payload_type, envelope.payload) !=
                pre_authentication_encoding(envelope.payload_type + envelope.payload.front(),
                                            std::string_view(envelope.payload).substr(1)));
    return 0;
}
