// Configurations of any size with any content: create makes an instance or says why not, and what
// it made can be destroyed.
//
// Input: two bytes for struct_size, four for the numbers, the data folder up to a line feed, the
// settings.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "catalog/abi/extension.h"
#include "instance.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 6) return 0;
    const std::uint32_t struct_size = data[0] | (std::uint32_t{data[1]} << 8);
    const std::string_view rest(reinterpret_cast<const char*>(data) + 6, size - 6);
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view data_dir = rest.substr(0, end);
    const std::string_view settings = rest.substr(std::min(end + 1, rest.size()));

    hmx_config full{};
    full.data_dir = {data_dir.data(), data_dir.size()};
    full.settings_json = {settings.data(), settings.size()};
    full.flags = data[2];
    full.privacy = data[3];
    full.granted_caps = data[4];
    std::memset(&full.limits, data[5], sizeof(full.limits));
    // As many bytes as it says and no more, so that a read beyond is seen.
    std::vector<std::uint64_t> bytes(std::max<std::size_t>(1, struct_size / 8));
    std::memcpy(bytes.data(), &full, std::min(bytes.size() * 8, sizeof(full)));
    std::memcpy(bytes.data(), &struct_size, sizeof(struct_size));
    if (struct_size % 8 != 0 && struct_size > 4) bytes.push_back(0);

    const hmx_extension_api& api = catalog::extension::extension_api();
    hmx_instance* instance = nullptr;
    hmx_error error{};
    error.struct_size = sizeof(error);
    const hmx_status status =
        api.create(nullptr, reinterpret_cast<const hmx_config*>(bytes.data()), &instance, &error);
    if ((status == HMX_OK) != (instance != nullptr)) std::abort();
    if (status != HMX_OK && error.message[0] == '\0') std::abort();
    if (instance != nullptr && api.destroy(instance, nullptr) != HMX_OK) std::abort();
    return 0;
}
