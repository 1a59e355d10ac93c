// What a host's first program does: parse an id and a version, and print both.
#include <iostream>

#include "catalog/core/ids.hpp"
#include "catalog/version/semver.hpp"

int main() {
    const auto id = catalog::PackageId::parse("acme/tensor-kit@1.4.2");
    if (!id) {
        std::cerr << id.error().to_string() << '\n';
        return 1;
    }
    const auto version = catalog::version::SemVer::parse(id->version());
    if (!version) {
        std::cerr << version.error().to_string() << '\n';
        return 1;
    }
    std::cout << id->name().str() << ' ' << version->to_string() << '\n';
    return 0;
}
