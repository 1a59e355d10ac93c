// Input: two lines, each perhaps a version. What is read prints itself, and the order of two is an
// order.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/version/version_set.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using catalog::version::SemVer;
    using catalog::version::VersionSet;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t line_end = text.find('\n');
    const std::string_view first = text.substr(0, line_end);
    const auto a = SemVer::parse(first);
    if (!a) {
        require(!a.error().message().empty());
        return 0;
    }
    require(a->to_string() == first);
    require(SemVer::parse(a->without_build().to_string()) == a->without_build());
    require(VersionSet::exactly(*a).contains(*a));
    require(std::is_eq(*a <=> *a));
    if (line_end == std::string_view::npos) return 0;
    const auto b = SemVer::parse(text.substr(line_end + 1));
    if (!b) return 0;
    require((*a < *b) == (*b > *a));
    require((*a == *b) == std::is_eq(*a <=> *b));
    const VersionSet above = VersionSet::between(VersionSet::Bound{*a, false}, std::nullopt);
    require(above.contains(*b) == (compare_precedence(*b, *a) > 0));
    require(above.complement().contains(*b) != above.contains(*b));
    return 0;
}
