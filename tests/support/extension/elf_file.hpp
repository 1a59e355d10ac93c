#pragma once
// What an ELF file says of itself, read without loading it.

#include <string>
#include <vector>

namespace catalog::extension::testing {

struct ElfNote {
    std::string section;
    std::string name;
    unsigned type = 0;
    std::string descriptor;
};

struct ElfFile {
    std::string problem;                ///< Empty when it could be read.
    std::vector<std::string> exported;  ///< Defined dynamic symbols.
    std::vector<std::string> unique;    ///< Those of STB_GNU_UNIQUE.
    std::vector<std::string> needed;
    bool text_relocations = false;
    bool binds_now = false;
    bool has_relro = false;
    bool has_executable_stack = false;
    std::vector<ElfNote> notes;  ///< Of the loadable note segments.
};

[[nodiscard]] ElfFile read_elf_file(const std::string& path);

}  // namespace catalog::extension::testing
