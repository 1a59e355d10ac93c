#include "capability_names.hpp"

#include <array>

#include "catalog/abi/extension.h"

namespace catalog::host {

namespace {

constexpr std::array<std::string_view, kCapabilityCount> kCapabilityNames{
    "AssetManagement",  "ContainerManagement", "VMExecution",      "NetworkAccess",
    "FileSystemAccess", "ConsensusAccess",     "TrustChainAccess", "TransportAccess",
    "ProxyAccess",      "MonitoringAccess",    "UserDataAccess",   "ConfigurationAccess"};
static_assert(HMX_CAP_CONFIGURATION_ACCESS + 1 == kCapabilityCount);

std::string folded_name(std::string_view name) {
    std::string out;
    for (const char c : name)
        if (c != '_' && c != '-')
            out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

}  // namespace

std::string_view capability_name(std::uint32_t bit) noexcept {
    return bit < kCapabilityCount ? kCapabilityNames.at(bit) : std::string_view{};
}

std::optional<std::uint32_t> parse_capability(std::string_view name) {
    const std::string wanted = folded_name(name);
    for (std::uint32_t bit = 0; bit < kCapabilityCount; ++bit)
        if (folded_name(kCapabilityNames.at(bit)) == wanted) return bit;
    return std::nullopt;
}

std::vector<std::string> capability_names(std::uint64_t set) {
    std::vector<std::string> out;
    for (std::uint32_t bit = 0; bit < 64; ++bit) {
        if ((set >> bit & 1U) == 0) continue;
        const std::string_view name = capability_name(bit);
        out.push_back(name.empty() ? "bit " + std::to_string(bit) : std::string(name));
    }
    return out;
}

}  // namespace catalog::host
