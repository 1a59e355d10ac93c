#include "catalog/security/envelope.hpp"

#include <algorithm>
#include <set>

#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/merkle/hash.hpp"
#include "catalog/security/ed25519.hpp"

namespace catalog::security {

namespace {

constexpr std::size_t kSignaturesMax = 16;
constexpr std::uint64_t kEnvelopeBytesMax = 64u << 10;

Error malformed(std::string message) {
    return Error(Errc::kSignatureInvalid, "malformed envelope: " + std::move(message));
}

Result<EnvelopeSignature> decode_signature(const json::Value& value) {
    const json::Object* object = value.as_object();
    if (object == nullptr) return fail(malformed("a signature is not an object"));
    EnvelopeSignature result;
    CATALOG_TRY(result.key_id, json::optional_string(*object, "keyid", "signature"));
    CATALOG_TRY(const std::string text, json::require_string(*object, "sig", "signature"));
    const Result<Bytes> bytes = from_base64(text);
    if (!bytes || bytes->size() != result.signature.bytes.size())
        return fail(malformed("a signature is not 64 bytes of base64"));
    std::ranges::copy(*bytes, result.signature.bytes.begin());
    return result;
}

}  // namespace

std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
    std::string text = "DSSEv1 " + std::to_string(payload_type.size()) + " ";
    text += payload_type;
    text += " " + std::to_string(payload.size()) + " ";
    text += payload;
    return text;
}

std::string Envelope::encode() const {
    json::Array list;
    for (const EnvelopeSignature& signature : signatures)
        list.emplace_back(json::Object{{"keyid", signature.key_id},
                                       {"sig", to_base64(signature.signature.bytes)}});
    return json::write_canonical(json::Object{{"payloadType", payload_type},
                                              {"payload", to_base64(as_bytes(payload))},
                                              {"signatures", std::move(list)}});
}

Result<Envelope> Envelope::decode(std::string_view text) {
    json::ReadLimits limits;
    limits.bytes_max = kEnvelopeBytesMax;
    limits.depth_max = 8;
    const Result<json::Value> document = json::read(text, limits);
    if (!document) {
        if (document.error().code() == Errc::kLimitExceeded) return fail(document.error());
        return fail(malformed("not JSON").with_cause(document.error()));
    }
    const json::Object* object = document->as_object();
    if (object == nullptr) return fail(malformed("not an object"));
    Envelope envelope;
    const Result<std::string> type = json::require_string(*object, "payloadType", "envelope");
    const Result<std::string> payload = json::require_string(*object, "payload", "envelope");
    if (!type || !payload) return fail(malformed("payloadType or payload is missing"));
    const Result<Bytes> bytes = from_base64(*payload);
    if (!bytes) return fail(malformed("the payload is not base64"));
    envelope.payload_type = *type;
    envelope.payload = std::string(as_text(*bytes));
    const json::Value* list = document->find("signatures");
    if (list == nullptr || list->as_array() == nullptr)
        return fail(malformed("signatures is not an array"));
    if (list->as_array()->size() > kSignaturesMax)
        return fail(Errc::kLimitExceeded, "an envelope has at most 16 signatures",
                    LimitDetail{"envelope_signatures", kSignaturesMax, list->as_array()->size()});
    for (const json::Value& item : *list->as_array()) {
        const Result<EnvelopeSignature> signature = decode_signature(item);
        if (!signature) {
            if (signature.error().code() == Errc::kSignatureInvalid) return fail(signature.error());
            return fail(malformed("a signature lacks a member").with_cause(signature.error()));
        }
        envelope.signatures.push_back(*signature);
    }
    // One envelope has one text, so that its digest in the log means one thing.
    if (envelope.encode() != text) return fail(malformed("not its canonical form"));
    return envelope;
}

Result<Envelope> sign_package(KeyStore& keys, const package::PackageDigest& digest) {
    Envelope envelope{std::string(kPackagePayloadType), digest.to_string(), {}};
    CATALOG_TRY(const KeyInfo key, keys.default_key(KeyPurpose::kPublisher));
    const std::string message =
        pre_authentication_encoding(envelope.payload_type, envelope.payload);
    CATALOG_TRY(const Signature signature, keys.sign(key.id, as_bytes(message)));
    envelope.signatures.push_back({key.id, signature});
    return envelope;
}

Result<void> verify_package(const Envelope& envelope, const package::PackageDigest& digest,
                            const std::vector<PublicKey>& trusted, std::size_t threshold) {
    const std::string subject = digest.to_string();
    if (envelope.payload_type != kPackagePayloadType || envelope.payload != subject)
        return fail(Errc::kSignatureInvalid, "the signature is over something else",
                    SecurityDetail{"signature", subject});
    if (envelope.signatures.empty())
        return fail(Errc::kSignatureMissing, "the package is not signed",
                    SecurityDetail{"signature", subject});
    const std::string message =
        pre_authentication_encoding(envelope.payload_type, envelope.payload);
    std::set<std::string> signers;
    bool hinted = false;
    for (const PublicKey& key : trusted) {
        const std::string id = key_id(key);
        for (const EnvelopeSignature& signature : envelope.signatures) {
            hinted = hinted || signature.key_id == id;
            if (verify_signature(key, as_bytes(message), signature.signature)) signers.insert(id);
        }
    }
    if (signers.size() >= std::max<std::size_t>(threshold, 1)) return {};
    if (hinted && signers.empty())
        return fail(Errc::kSignatureInvalid, "a trusted key is named but its signature is wrong",
                    SecurityDetail{"signature", subject});
    return fail(
        Error(Errc::kUntrustedKey,
              "signed by " + std::to_string(signers.size()) + " trusted keys, " +
                  std::to_string(std::max<std::size_t>(threshold, 1)) + " are needed",
              SecurityDetail{"trust", subject})
            .with_hint("first signer: " + envelope.signatures.front().key_id.substr(0, 100)));
}

ContentHash digest_of_envelope(const Envelope& envelope) {
    return merkle::hash_of(as_bytes(envelope.encode()));
}

}  // namespace catalog::security
