// File tables: what is accepted is byte for byte what would be written, and can be made anew.

#include <cstdint>
#include <cstdlib>
#include <span>

#include "catalog/package/file_table.hpp"

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::package;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes = std::as_bytes(std::span(data, size));
    const Result<FileTable> table = FileTable::decode(bytes);
    if (!table) return 0;
    if (as_text(table->encode()) != as_text(bytes)) std::abort();
    const Result<FileTable> made = FileTable::make(table->entries());
    if (!made || *made != *table || made->files_root() != table->files_root()) std::abort();
    for (const FileEntry& entry : table->entries())
        if (table->find(entry.path) != &entry) std::abort();
    return 0;
}
