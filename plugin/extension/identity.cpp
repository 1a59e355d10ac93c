#include "identity.hpp"

#include <array>
#include <cstdint>
#include <string_view>

#include "build_id.hpp"
#include "identity_list.hpp"
#include "settings.hpp"

namespace catalog::extension {

namespace {

constexpr hmx_str text_of(std::string_view text) noexcept { return {text.data(), text.size()}; }

template <std::size_t N>
constexpr std::array<hmx_str, N> texts_of(const std::array<std::string_view, N>& texts) noexcept {
    std::array<hmx_str, N> result{};
    for (std::size_t i = 0; i < N; ++i) result[i] = text_of(texts[i]);
    return result;
}

template <std::size_t N>
constexpr hmx_list list_of(const std::array<hmx_str, N>& texts) noexcept {
    return {texts.data(), static_cast<std::uint32_t>(N), sizeof(hmx_str)};
}

constexpr auto kProvidedAssets = texts_of(identity::kProvidedAssets);
constexpr auto kOptionalServices = texts_of(identity::kOptionalServices);
constexpr auto kRequiredServices = texts_of(identity::kRequiredServices);

constexpr hmx_metadata kMetadata{
    .struct_size = sizeof(hmx_metadata),
    .reserved = 0,
    .id = text_of(identity::kId),
    .name = text_of(identity::kName),
    .version = text_of(identity::kVersion),
    .description = text_of(identity::kDescription),
    .author = text_of(identity::kAuthor),
    .license = text_of(identity::kLicense),
    .homepage = {},
    .category = text_of(identity::kCategory),
    .hypermesh_version = text_of(identity::kHypermeshVersion),
    .certificate_fingerprint = {},
    .build_id = {},  // stands in the linked image only
    .required_caps = identity::kRequiredCaps,
    .optional_caps = identity::kOptionalCaps,
    .dependencies = {nullptr, 0, sizeof(hmx_dependency)},
    .provided_assets = list_of(kProvidedAssets),
    .required_services = list_of(kRequiredServices),
    .optional_services = list_of(kOptionalServices),
    .config_schema_json = text_of(kSettingsSchema),
};

hmx_metadata complete_metadata() noexcept {
    hmx_metadata metadata = kMetadata;
    metadata.build_id = text_of(own_build_id());
    return metadata;
}

}  // namespace

const hmx_metadata& own_metadata() noexcept {
    static const hmx_metadata complete = complete_metadata();
    return complete;
}

}  // namespace catalog::extension
