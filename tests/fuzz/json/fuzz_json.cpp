// Any bytes: either an error that says where, or a document whose canonical form is a fixed point.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"

namespace {

void require(bool condition) {
    if (!condition) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace catalog;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    json::ReadLimits limits;
    limits.values_max = 10'000;
    const Result<json::Value> value = json::read(text, limits);
    if (!value) {
        const auto* place = value.error().detail_as<LocationDetail>();
        require(place != nullptr || value.error().detail_as<LimitDetail>() != nullptr);
        require(place == nullptr || (place->offset <= size && place->line >= 1 &&
                                     place->column >= 1 && place->column <= place->offset + 1));
        require(!json::read_canonical(text, limits));
        return 0;
    }
    const std::string canonical = json::write_canonical(*value);
    const Result<json::Value> again = json::read_canonical(canonical, limits);
    require(again.has_value());
    require(json::write_canonical(*again) == canonical);
    require(json::read_canonical(text, limits).has_value() == (canonical == text));
    const Result<json::Value> pretty = json::read(json::write_pretty(*value), limits);
    require(pretty.has_value() && json::write_canonical(*pretty) == canonical);
    return 0;
}
