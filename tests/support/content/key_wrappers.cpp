#include "support/content/key_wrappers.hpp"

#include <algorithm>

#include "catalog/merkle/hash.hpp"

namespace catalog::content::testing {
namespace {

// salt 8 | secret xor stream | SHA-256 of key, salt, secret and context
constexpr std::size_t kSaltBytes = 8;

Bytes tag_of(ByteView stream, ByteView secret, ByteView context) {
    Bytes message(stream.begin(), stream.end());
    message.insert(message.end(), secret.begin(), secret.end());
    message.insert(message.end(), context.begin(), context.end());
    return to_bytes(merkle::hash_of(message).bytes());
}

}  // namespace

Bytes MemoryKeyWrapper::stream(std::uint64_t salt, std::size_t bytes) const {
    Bytes stream;
    for (std::uint64_t block = 0; stream.size() < bytes; ++block) {
        std::string text;
        append_le(text, seed_);
        append_le(text, salt);
        append_le(text, block);
        const ContentHash hash = merkle::hash_of(as_bytes(text));
        stream.insert(stream.end(), hash.digest.begin(), hash.digest.end());
    }
    stream.resize(bytes);
    return stream;
}

Result<Bytes> MemoryKeyWrapper::wrap(ByteView secret, ByteView context) {
    const std::uint64_t salt = ++salt_;
    const Bytes key = stream(salt, secret.size() + 32);
    std::string head;
    append_le(head, salt);
    Bytes wrapped = to_bytes(as_bytes(head));
    for (std::size_t i = 0; i < secret.size(); ++i) wrapped.push_back(secret[i] ^ key[i]);
    const Bytes tag = tag_of(ByteView(key).last(32), secret, context);
    wrapped.insert(wrapped.end(), tag.begin(), tag.end());
    return wrapped;
}

Result<Bytes> MemoryKeyWrapper::unwrap(ByteView wrapped, ByteView context) {
    const auto refused = [] { return fail(Errc::kPermissionDenied, "this is of another key"); };
    if (wrapped.size() < kSaltBytes + 32) return refused();
    const std::size_t size = wrapped.size() - kSaltBytes - 32;
    const Bytes key = stream(load_le<std::uint64_t>(wrapped.data()), size + 32);
    Bytes secret(size);
    for (std::size_t i = 0; i < size; ++i) secret[i] = wrapped[kSaltBytes + i] ^ key[i];
    if (!std::ranges::equal(wrapped.last(32), tag_of(ByteView(key).last(32), secret, context)))
        return refused();
    return secret;
}

Result<Bytes> FaultyKeyWrapper::wrap(ByteView secret, ByteView context) {
    if (calls_++ == failing_call_) return fail(error_);
    return base_->wrap(secret, context);
}

Result<Bytes> FaultyKeyWrapper::unwrap(ByteView wrapped, ByteView context) {
    if (calls_++ == failing_call_) return fail(error_);
    return base_->unwrap(wrapped, context);
}

}  // namespace catalog::content::testing
