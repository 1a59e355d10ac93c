#include "sealed_value.hpp"

#include <algorithm>
#include <array>

#include "catalog/merkle/hash.hpp"

namespace catalog::cache {
namespace {

constexpr std::string_view kMagic = "CCV1";
constexpr std::size_t kHeadBytes = 40;
constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kBlockBytes = 64;  // of SHA-256
static_assert(kSealBytes == kHeadBytes + kDigestBytes);

void append_time(std::string& out, WallTime time) {
    append_le(out, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

WallTime load_time(const std::byte* at) {
    return WallTime(
        std::chrono::microseconds(static_cast<std::int64_t>(load_le<std::uint64_t>(at))));
}

}  // namespace

// RFC 2104, with the merkle module's hasher.
std::string keyed_digest(ByteView secret, ByteView head, ByteView key, ByteView value) {
    std::array<std::byte, kBlockBytes> inner{};
    if (secret.size() <= kBlockBytes)
        std::copy(secret.begin(), secret.end(), inner.begin());
    else
        std::ranges::copy(merkle::hash_of(secret).digest, inner.begin());
    std::array<std::byte, kBlockBytes> outer = inner;
    for (std::byte& byte : inner) byte ^= std::byte{0x36};
    for (std::byte& byte : outer) byte ^= std::byte{0x5c};
    std::string lengths;
    append_le(lengths, std::uint64_t{head.size()});
    append_le(lengths, std::uint64_t{key.size()});
    append_le(lengths, std::uint64_t{value.size()});
    merkle::Hasher hasher;
    hasher.update(inner);
    hasher.update(as_bytes(lengths));
    hasher.update(head);
    hasher.update(key);
    hasher.update(value);
    const ContentHash first = hasher.finish();
    hasher.update(outer);
    hasher.update(first.digest);
    const ContentHash second = hasher.finish();
    return std::string(as_text(second.digest));
}

std::string seal(ByteView secret, ByteView key, ByteView value, const ValueTimes& times) {
    std::string sealed;
    sealed.reserve(kSealBytes + value.size());
    sealed.append(kMagic);
    append_le(sealed, static_cast<std::uint32_t>(key.size()));
    append_le(sealed, std::uint64_t{value.size()});
    append_time(sealed, times.fresh_until);
    append_time(sealed, times.revalidate_until);
    append_time(sealed, times.keep_until);
    sealed += keyed_digest(secret, as_bytes(sealed), key, value);
    sealed.append(as_text(value));
    return sealed;
}

std::optional<UnsealedValue> unseal(ByteView secret, ByteView key, ByteView sealed) {
    if (sealed.size() < kSealBytes || as_text(sealed.first(4)) != kMagic) return std::nullopt;
    if (load_le<std::uint32_t>(sealed.data() + 4) != key.size() ||
        load_le<std::uint64_t>(sealed.data() + 8) != sealed.size() - kSealBytes)
        return std::nullopt;
    UnsealedValue unsealed{{load_time(sealed.data() + 16), load_time(sealed.data() + 24),
                            load_time(sealed.data() + 32)},
                           sealed.subspan(kSealBytes)};
    const ValueTimes& times = unsealed.times;
    if (times.fresh_until > times.revalidate_until || times.revalidate_until > times.keep_until)
        return std::nullopt;
    // Who could time this comparison could not choose what the other side computes.
    if (keyed_digest(secret, sealed.first(kHeadBytes), key, unsealed.value) !=
        as_text(sealed.subspan(kHeadBytes, kDigestBytes)))
        return std::nullopt;
    return unsealed;
}

}  // namespace catalog::cache
