#include "build_id.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Where the image begins, as the linker knows it (GNU ld, gold and lld define it).
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the linker's name
extern "C" const char __ehdr_start[] __attribute__((visibility("hidden")));

namespace catalog::extension {

namespace {

constexpr std::size_t kDigitsMax = 128;

struct BuildIdText {
    std::array<char, kDigitsMax> digits{};
    std::size_t size = 0;
};

/// The image is this very code, loaded: what its headers point to is there.
template <class T>
T part_of_image(std::uint64_t offset) noexcept {
    std::array<std::byte, sizeof(T)> part{};
    // Through a number: to the compiler the symbol is an object of no size.
    const auto begin = reinterpret_cast<std::uintptr_t>(&__ehdr_start[0]);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): there is no pointer to start from
    std::memcpy(part.data(), reinterpret_cast<const void*>(begin + offset), part.size());
    return std::bit_cast<T>(part);
}

/// Parts of a note are padded to four bytes.
constexpr std::uint64_t padded(std::uint64_t bytes) noexcept {
    return (bytes + 3) & ~std::uint64_t{3};
}

BuildIdText id_in(const Elf64_Phdr& segment) noexcept {
    BuildIdText text;
    const std::uint64_t end = segment.p_vaddr + segment.p_memsz;
    for (std::uint64_t at = segment.p_vaddr; at + sizeof(Elf64_Nhdr) <= end;) {
        const auto note = part_of_image<Elf64_Nhdr>(at);
        const std::uint64_t name = at + sizeof(Elf64_Nhdr);
        const std::uint64_t id = name + padded(note.n_namesz);
        at = id + padded(note.n_descsz);
        if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof ELF_NOTE_GNU) continue;
        if (part_of_image<std::array<char, sizeof ELF_NOTE_GNU>>(name) !=
            std::to_array(ELF_NOTE_GNU))
            continue;
        for (std::uint64_t i = 0; i < std::min<std::uint64_t>(note.n_descsz, kDigitsMax / 2); ++i) {
            constexpr std::string_view kDigits = "0123456789abcdef";
            const auto byte = part_of_image<std::uint8_t>(id + i);
            text.digits[text.size++] = kDigits[byte >> 4U];
            text.digits[text.size++] = kDigits[byte & 15U];
        }
        return text;
    }
    return text;
}

BuildIdText read_own_build_id() noexcept {
    const auto header = part_of_image<Elf64_Ehdr>(0);
    for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
        const auto segment = part_of_image<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
        if (segment.p_type != PT_NOTE) continue;
        if (const BuildIdText text = id_in(segment); text.size != 0) return text;
    }
    return {};
}

}  // namespace

std::string_view own_build_id() noexcept {
    static const BuildIdText text = read_own_build_id();
    return {text.digits.data(), text.size};
}

}  // namespace catalog::extension
