#include "catalog/core/content_hash.hpp"

#include <algorithm>

namespace catalog {

namespace {

constexpr std::string_view kSha256Prefix = "sha256:";
constexpr std::string_view kBlake2bPrefix = "blake2b-256:";

Error invalid_hash(std::string_view text) {
    return Error(Errc::kInvalidHash,
                 "not a content hash: expected sha256: or blake2b-256: and 64 lower-case "
                 "hexadecimal digits")
        .with_input(std::string(text.substr(0, 100)));
}

}  // namespace

std::string ContentHash::to_string() const {
    return std::string(algorithm == HashAlgorithm::kBlake2b256 ? kBlake2bPrefix : kSha256Prefix) +
           to_hex(digest);
}

Result<ContentHash> ContentHash::parse(std::string_view text) {
    ContentHash hash;
    std::string_view digits = text;
    if (text.starts_with(kSha256Prefix)) {
        digits.remove_prefix(kSha256Prefix.size());
    } else if (text.starts_with(kBlake2bPrefix)) {
        hash.algorithm = HashAlgorithm::kBlake2b256;
        digits.remove_prefix(kBlake2bPrefix.size());
    } else {
        return fail(invalid_hash(text));
    }
    if (digits.size() != 2 * kDigestBytes ||
        std::ranges::any_of(digits, [](char c) { return c >= 'A' && c <= 'F'; }))
        return fail(invalid_hash(text));
    const Result<Bytes> bytes = from_hex(digits);
    if (!bytes) return fail(invalid_hash(text));
    std::ranges::copy(*bytes, hash.digest.begin());
    return hash;
}

Result<ContentHash> ContentHash::from_digest(HashAlgorithm algorithm, ByteView digest) {
    if (digest.size() != kDigestBytes)
        return fail(Errc::kInvalidHash,
                    "a digest has 32 bytes, not " + std::to_string(digest.size()));
    if (algorithm != HashAlgorithm::kSha256 && algorithm != HashAlgorithm::kBlake2b256)
        return fail(Errc::kInvalidHash,
                    "unknown hash algorithm " + std::to_string(static_cast<int>(algorithm)));
    ContentHash hash;
    hash.algorithm = algorithm;
    std::ranges::copy(digest, hash.digest.begin());
    return hash;
}

}  // namespace catalog
