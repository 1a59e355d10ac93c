#pragma once
// A kind of list for tests of the content store, which knows none itself: "LIST", then the keys of
// the objects one after the other.

#include <string>
#include <vector>

#include "catalog/content/content_records.hpp"
#include "catalog/content/content_storage.hpp"
#include "catalog/core/bytes.hpp"

namespace catalog::content::testing {

inline constexpr std::string_view kListMagic = "LIST";

[[nodiscard]] inline Bytes list_of(const std::vector<ContentHash>& ids) {
    std::string text(kListMagic);
    for (const ContentHash& id : ids) text += hash_key(id);
    return to_bytes(as_bytes(text));
}

[[nodiscard]] inline ListReader list_reader() {
    return [](ByteView list, const IdSink& each) -> Result<void> {
        std::string_view text = as_text(list);
        if (!text.starts_with(kListMagic) || (text.size() - kListMagic.size()) % kHashKeyBytes != 0)
            return fail(Errc::kInvalidArgument, "this is no list");
        for (text.remove_prefix(kListMagic.size()); !text.empty();
             text.remove_prefix(kHashKeyBytes)) {
            const auto id = decode_hash_key(text.substr(0, kHashKeyBytes));
            if (!id) return fail(id.error());
            if (auto done = each(*id); !done) return done;
        }
        return {};
    };
}

}  // namespace catalog::content::testing
