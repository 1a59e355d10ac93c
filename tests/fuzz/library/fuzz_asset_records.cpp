// Records of assets: what is accepted is byte for byte what would be written, and what was written
// is read back.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "asset_records.hpp"
#include "support/core/byte_feed.hpp"

namespace {

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::library;  // NOLINT
using fakes::require;

void try_text(std::string_view text) {
    const Result<RegisteredAsset> asset = decode_asset("key", text);
    if (asset)
        require(encode_asset(*asset) == text);
    else
        require(asset.error().code() == Errc::kDatabaseCorrupt && asset.error().input() == "key");
    const Result<PendingAsset> pending = decode_pending("key", text);
    if (pending)
        require(pending->spec.key == "key" && encode_pending(*pending) == text);
    else
        require(pending.error().code() == Errc::kDatabaseCorrupt);
}

std::string utf8_text(fakes::ByteFeed& feed) {
    std::string text = feed.text();
    text.resize(utf8_prefix_bytes(text));
    return text;
}

/// Takes a number that JSON keeps exactly.
std::uint64_t number_in_json(fakes::ByteFeed& feed) { return feed.number() >> 11; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    try_text(input);

    fakes::ByteFeed feed(input);
    RegisteredAsset asset;
    asset.local = feed.byte() % 2 == 1;
    asset.record.type = static_cast<std::uint32_t>(feed.number());
    for (std::byte& byte : asset.record.uuid) byte = std::byte{feed.byte()};
    for (std::byte& byte : asset.record.chain_hash) byte = std::byte{feed.byte()};
    asset.record.created =
        WallTime(std::chrono::microseconds(static_cast<std::int64_t>(number_in_json(feed))));
    asset.record.type_name = utf8_text(feed);
    const Result<RegisteredAsset> again = decode_asset("key", encode_asset(asset));
    require(again && again->record == asset.record && again->local == asset.local);

    PendingAsset pending;
    pending.spec.key = "key";
    pending.remove = feed.byte() % 2 == 1;
    pending.spec.kind = utf8_text(feed);
    pending.spec.name = utf8_text(feed);
    if (!pending.remove) {
        pending.spec.description = utf8_text(feed);
        pending.spec.size_bytes = number_in_json(feed);
        for (std::byte& byte : pending.spec.digest.digest) byte = std::byte{feed.byte()};
        const std::string name = utf8_text(feed);
        pending.spec.metadata.emplace(name, utf8_text(feed));
    }
    const Result<PendingAsset> read = decode_pending("key", encode_pending(pending));
    require(read && read->remove == pending.remove && read->spec == pending.spec);
    return 0;
}
