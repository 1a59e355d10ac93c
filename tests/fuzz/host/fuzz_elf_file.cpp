// Any bytes as a shared object: an error that says why, or a report whose parts are consistent.

#include <cstddef>
#include <cstdint>

#include "extension_check.hpp"

namespace {

void require(bool condition) {
    if (!condition) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace catalog;
    const ByteView bytes = std::as_bytes(std::span(data, size));
    const Result<host::ElfFile> elf = host::read_elf(bytes);
    if (!elf) {
        require(!elf.error().message().empty());
        require(elf.error().code() == Errc::kUnsupported ||
                elf.error().code() == Errc::kInvalidArgument);
    } else {
        for (const host::ElfNote& note : elf->notes) require(note.descriptor.size() <= size);
    }
    host::CheckReport report;
    report.file = "libx.so";
    host::check_extension_bytes(bytes, {}, {}, report);
    // Without a manifest nothing is ever admitted.
    require(!report.ok() && !report.refusal().empty());
    require(!report.to_json().empty() && !report.to_text().empty());
    return 0;
}
