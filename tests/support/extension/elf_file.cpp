#include "support/extension/elf_file.hpp"

#include <elf.h>

#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>

namespace catalog::extension::testing {

namespace {

/// Copies a T out of the file; zeros where it ends before.
template <class T>
T at(const std::string& bytes, std::size_t offset) {
    T value{};
    if (offset <= bytes.size() && bytes.size() - offset >= sizeof(T))
        std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

std::string name_at(const std::string& bytes, std::size_t offset) {
    return offset < bytes.size() ? std::string(bytes.c_str() + offset) : std::string();
}

void read_symbols(const std::string& bytes, const Elf64_Ehdr& header, const Elf64_Shdr& section,
                  ElfFile& out) {
    const auto strings =
        at<Elf64_Shdr>(bytes, header.e_shoff + section.sh_link * sizeof(Elf64_Shdr));
    for (std::size_t offset = 0; offset + sizeof(Elf64_Sym) <= section.sh_size;
         offset += sizeof(Elf64_Sym)) {
        const auto symbol = at<Elf64_Sym>(bytes, section.sh_offset + offset);
        const std::string name = name_at(bytes, strings.sh_offset + symbol.st_name);
        if (ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE) out.unique.push_back(name);
        // A version's own name is an absolute symbol, not code or data.
        if (symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS && !name.empty())
            out.exported.push_back(name);
    }
}

void read_dynamic(const std::string& bytes, const Elf64_Ehdr& header, const Elf64_Shdr& section,
                  ElfFile& out) {
    const auto strings =
        at<Elf64_Shdr>(bytes, header.e_shoff + section.sh_link * sizeof(Elf64_Shdr));
    for (std::size_t offset = 0; offset + sizeof(Elf64_Dyn) <= section.sh_size;
         offset += sizeof(Elf64_Dyn)) {
        const auto entry = at<Elf64_Dyn>(bytes, section.sh_offset + offset);
        if (entry.d_tag == DT_NEEDED)
            out.needed.push_back(name_at(bytes, strings.sh_offset + entry.d_un.d_val));
        if (entry.d_tag == DT_TEXTREL) out.text_relocations = true;
        if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0)
            out.text_relocations = true;
        if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_BIND_NOW) != 0) out.binds_now = true;
        if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NOW) != 0) out.binds_now = true;
    }
}

void read_notes(const std::string& bytes, const Elf64_Phdr& segment, ElfFile& out) {
    std::size_t offset = segment.p_offset;
    const std::size_t end = segment.p_offset + segment.p_filesz;
    while (offset + sizeof(Elf64_Nhdr) <= end) {
        const auto note = at<Elf64_Nhdr>(bytes, offset);
        const std::size_t name = offset + sizeof(Elf64_Nhdr);
        const std::size_t descriptor = name + (note.n_namesz + 3) / 4 * 4;
        offset = descriptor + (note.n_descsz + 3) / 4 * 4;
        if (descriptor + note.n_descsz > bytes.size()) return;
        out.notes.push_back(
            {"", name_at(bytes, name), note.n_type, bytes.substr(descriptor, note.n_descsz)});
    }
}

}  // namespace

ElfFile read_elf_file(const std::string& path) {
    ElfFile out;
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const auto header = at<Elf64_Ehdr>(bytes, 0);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64) {
        out.problem = "not a 64-bit ELF file: " + path;
        return out;
    }
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
        const auto section = at<Elf64_Shdr>(bytes, header.e_shoff + i * sizeof(Elf64_Shdr));
        if (section.sh_type == SHT_DYNSYM) read_symbols(bytes, header, section, out);
        if (section.sh_type == SHT_DYNAMIC) read_dynamic(bytes, header, section, out);
    }
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        const auto segment = at<Elf64_Phdr>(bytes, header.e_phoff + i * sizeof(Elf64_Phdr));
        if (segment.p_type == PT_NOTE) read_notes(bytes, segment, out);
        if (segment.p_type == PT_GNU_RELRO) out.has_relro = true;
        if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X) != 0)
            out.has_executable_stack = true;
    }
    return out;
}

}  // namespace catalog::extension::testing
