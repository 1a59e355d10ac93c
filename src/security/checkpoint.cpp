#include "catalog/security/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/hash.hpp"
#include "catalog/security/ed25519.hpp"

namespace catalog::security {

namespace {

constexpr std::size_t kNoteBytesMax = 64u << 10;
constexpr std::string_view kSignaturePrefix =
    "\xe2\x80\x94 ";  // U+2014 EM DASH and a space, as the signed-note format says
constexpr unsigned char kEd25519Type = 0x01;

/// The four bytes that name a key in a signature line: SHA-256(name || LF || type || key), first
/// four bytes.
std::string key_hash(std::string_view name, const PublicKey& key) {
    std::string text(name);
    text += '\n';
    text += static_cast<char>(kEd25519Type);
    text += as_text(key.bytes);
    return std::string(as_text(merkle::hash_of(as_bytes(text)).bytes().first(4)));
}

Error bad_checkpoint(std::string message) {
    return Error(Errc::kCheckpointInvalid, std::move(message));
}

std::string_view take_line(std::string_view& text) noexcept {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

Result<Checkpoint> parse_text(std::string_view text) {
    Checkpoint checkpoint;
    checkpoint.origin = std::string(take_line(text));
    const std::string_view size = take_line(text);
    const std::string_view root = take_line(text);
    if (checkpoint.origin.empty()) return fail(bad_checkpoint("the checkpoint has no origin line"));
    const bool canonical = !size.empty() && (size == "0" || size.front() != '0');
    const auto parsed = std::from_chars(size.data(), size.data() + size.size(), checkpoint.size);
    if (!canonical || parsed.ec != std::errc() || parsed.ptr != size.data() + size.size())
        return fail(bad_checkpoint("the checkpoint's size is not a number"));
    const Result<Bytes> bytes = from_base64(root);
    if (!bytes || bytes->size() != ContentHash::kDigestBytes)
        return fail(bad_checkpoint("the checkpoint's root is not 32 bytes of base64"));
    std::ranges::copy(*bytes, checkpoint.root.digest.begin());
    return checkpoint;
}

}  // namespace

std::string Checkpoint::text() const {
    return origin + "\n" + std::to_string(size) + "\n" + to_base64(root.digest) + "\n";
}

Result<std::string> sign_checkpoint(KeyStore& keys, const Checkpoint& checkpoint) {
    CATALOG_TRY(const KeyInfo key, keys.default_key(KeyPurpose::kLibrary));
    const std::string text = checkpoint.text();
    CATALOG_TRY(const Signature signature, keys.sign(key.id, as_bytes(text)));
    std::string blob = key_hash(checkpoint.origin, key.public_key);
    blob += as_text(signature.bytes);
    return text + "\n" + std::string(kSignaturePrefix) + checkpoint.origin + " " +
           to_base64(as_bytes(blob)) + "\n";
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view origin,
                                   const PublicKey& key) {
    if (note.size() > kNoteBytesMax) return fail(bad_checkpoint("the note is larger than 64 KiB"));
    const std::size_t split = note.rfind("\n\n");
    if (split == std::string_view::npos || !note.ends_with('\n'))
        return fail(bad_checkpoint("the note has no signatures after an empty line"));
    const std::string_view text = note.substr(0, split + 1);
    std::string_view lines = note.substr(split + 2);
    const std::string wanted = key_hash(origin, key);
    bool seen = false;
    while (!lines.empty()) {
        std::string_view line = take_line(lines);
        if (!line.starts_with(kSignaturePrefix))
            return fail(bad_checkpoint("a signature line is malformed"));
        line.remove_prefix(kSignaturePrefix.size());
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos)
            return fail(bad_checkpoint("a signature line has no signature"));
        const Result<Bytes> blob = from_base64(line.substr(space + 1));
        if (!blob || blob->size() < 4) return fail(bad_checkpoint("a signature is not base64"));
        if (line.substr(0, space) != origin || as_text(*blob).substr(0, 4) != wanted) continue;
        Signature signature;
        if (blob->size() != 4 + signature.bytes.size())
            return fail(bad_checkpoint("a signature has another length"));
        std::ranges::copy(blob->begin() + 4, blob->end(), signature.bytes.begin());
        if (!verify_signature(key, as_bytes(text), signature))
            return fail(Errc::kSignatureInvalid, "the checkpoint's signature is wrong",
                        SecurityDetail{"signature", std::string(origin)});
        seen = true;
    }
    if (!seen)
        return fail(Errc::kSignatureMissing, "the checkpoint is not signed by the library's key",
                    SecurityDetail{"signature", std::string(origin)});
    CATALOG_TRY(Checkpoint checkpoint, parse_text(text));
    if (checkpoint.origin != origin)
        return fail(bad_checkpoint("the checkpoint is of another log: " +
                                   checkpoint.origin.substr(0, 100)));
    return checkpoint;
}

}  // namespace catalog::security
