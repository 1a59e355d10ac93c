#pragma once
// What a shared object says of itself, read from its bytes without running any of it.

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::host {

/// How a symbol binds (ELF gABI; kUnique is GNU's, and keeps a library from being unloaded).
enum class SymbolBinding : std::uint8_t { kGlobal, kWeak, kUnique, kOther };

/// A symbol that the dynamic linker offers to others.
struct ElfExport {
    std::string name;
    SymbolBinding binding = SymbolBinding::kOther;
    bool is_function = false;
};

/// A note: a name, a number and bytes.
struct ElfNote {
    std::string name;  ///< Without the terminating NUL.
    std::uint32_t type = 0;
    std::string descriptor;
};

/// The parts of an x86-64 shared object that decide whether a host loads it.
struct ElfFile {
    bool is_program = false;  ///< Position-independent executables are shared objects too.
    bool text_relocations = false;
    bool executable_stack = false;
    bool never_unloads = false;  ///< DF_1_NODELETE.
    std::string soname;
    std::string build_id;  ///< Hexadecimal; empty when there is none.
    std::vector<std::string> needed;
    std::vector<ElfExport> exports;  ///< Version names aside, in the order of the table.
    std::vector<ElfNote> notes;      ///< Of loaded segments, then of sections that no segment has.
};

/// Reads an ELF64 little-endian shared object for x86-64. Symbols are those that the dynamic linker
/// would find: the tables are reached through the program headers, as it does, and counted by the
/// hash table. Every offset is checked before it is followed; at most 1,000,000 symbols, 10,000
/// notes, and names of 64 KiB are read.
///
/// Errors: kUnsupported (another kind of file: its class, machine or type is named),
/// kInvalidArgument (truncated or contradictory, with the byte offset in the message).
/// Cost: linear in the tables read. Thread safety: any thread.
[[nodiscard]] Result<ElfFile> read_elf(ByteView bytes);

}  // namespace catalog::host
