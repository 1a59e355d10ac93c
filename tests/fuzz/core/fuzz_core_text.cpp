// Every text form of core: what is accepted prints back as it was written.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/platform.hpp"

namespace {

void require(bool condition) {
    if (!condition) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace catalog;
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    require(from_base64(to_base64(as_bytes(text))).value() == to_bytes(as_bytes(text)));
    require(from_hex(to_hex(as_bytes(text))).value() == to_bytes(as_bytes(text)));
    if (const auto bytes = from_base64(text)) require(to_base64(*bytes) == text);
    if (const auto bytes = from_hex(text)) require(bytes->size() * 2 == size);

    const std::size_t good = utf8_prefix_bytes(text);
    require(good <= size && is_utf8(text.substr(0, good)));
    require(good == size || !is_utf8(text.substr(good)));

    if (const auto hash = ContentHash::parse(text)) require(hash->to_string() == text);
    if (const auto name = PackageName::parse(text)) {
        require(name->view() == text && is_utf8(text));
        require(PackageId::parse(name->str() + "@1.0.0").value().name() == *name);
    }
    if (const auto id = PackageId::parse(text)) require(id->to_string() == text);
    if (const auto id = LibraryId::parse(text)) require(LibraryId::parse(id->to_string()) == *id);
    if (const auto platform = Platform::parse(text)) require(platform->to_string() == text);
    if (const auto predicate = PlatformPredicate::parse(text))
        require(PlatformPredicate::parse(predicate->to_string()).value() == *predicate);
    return 0;
}
