#pragma once
// The ELF note of an extension: who it is and what it needs, inside the file itself.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"

namespace catalog::host {

struct ExtensionNote {
    std::string id;
    std::string version;
    std::uint32_t abi_major = 0;
    std::uint32_t abi_minor = 0;
    std::string hypermesh;  ///< Requirement on the host's version.
    std::vector<std::string> required_services;
};

/// Reads the descriptor of the note: a JSON object of at most 64 KiB. Members that this reader does
/// not know are passed over. Errors: those of json::read, and kJsonType for a missing member or one
/// of another type. Thread safety: any thread.
[[nodiscard]] Result<ExtensionNote> read_extension_note(std::string_view descriptor);

}  // namespace catalog::host
