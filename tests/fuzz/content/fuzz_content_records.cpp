// Records of the content store: what is accepted is what would be written.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "catalog/content/content_records.hpp"
#include "catalog/internal/crc32c.hpp"

namespace {

using namespace catalog;
using namespace catalog::content;

void require(bool condition) {
    if (!condition) std::abort();
}

void try_object(std::string_view value) {
    const ContentHash id{};
    const auto object = decode_object(id, value);
    if (!object) return;
    const std::string again = encode_object(id, *object);
    // A record of version 1 is written as version 2.
    if (value.front() == again.front()) require(again == value);
    const auto decoded = decode_object(id, again);
    require(decoded && *decoded == *object);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    try_object(input);
    // The same with the checksum that it lacks.
    std::string checked = input;
    append_le(checked, internal::crc32c(as_bytes(input),
                                        internal::crc32c(as_bytes(hash_key(ContentHash{})))));
    try_object(checked);

    if (const auto id = decode_hash_key(input)) require(hash_key(*id) == input);
    if (const auto reference = decode_reference_key(input)) {
        const bool by_owner = owner_key(reference->owner, reference->object) == input;
        const bool by_object = referrer_key(reference->object, reference->owner) == input;
        const bool of_list = list_key(reference->owner, reference->object) == input;
        require(reference->list ? of_list : by_owner || by_object);
    }
    if (const auto pack = decode_last_pack(input)) require(encode_last_pack(*pack) == input);
    if (const auto ranges = decode_repacked(input)) require(encode_repacked(*ranges) == input);
    const std::size_t cut = input.size() < 5 ? input.size() : 5;
    const std::string key = input.substr(0, cut);
    if (const auto mark = decode_pack_mark(key, input.substr(cut))) {
        require(pack_key(mark->pack) == key);
        // Version 1 had fewer fields.
        require(encode_pack_mark(*mark).starts_with(input.substr(cut)));
    }
    if (const auto run = decode_run_mark(key, input.substr(cut))) {
        require(run_key(run->run) == key);
        require(encode_run_mark(*run) == input.substr(cut));
    }
    if (const auto format = decode_format(input)) require(encode_format(*format) == input);
    std::string format = input;
    append_le(format, internal::crc32c(as_bytes(input)));
    if (const auto decoded = decode_format(format)) require(encode_format(*decoded) == format);
    if (const auto profile = decode_profile(as_bytes(input))) {
        std::string again;
        append_profile(again, *profile);
        require(again == input);
        require(make_chunker(*profile).has_value());
    }
    return 0;
}
