#include "elf_file.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::host {

namespace {

constexpr std::uint64_t kElfSymbolsMax = 1'000'000;
constexpr std::size_t kElfNotesMax = 10'000;
constexpr std::size_t kElfNameBytesMax = std::size_t{64} << 10;
// Names may overlap and notes may be listed many times over: what they add up to has a bound too.
constexpr std::size_t kElfAllNamesBytesMax = std::size_t{64} << 20;
constexpr std::uint64_t kElfNoteStepsMax = 100'000;
constexpr std::size_t kElfAllNotesBytesMax = std::size_t{16} << 20;
constexpr std::size_t kElfNeededMax = 1000;

tl::unexpected<Error> bad_elf(std::string_view what, std::uint64_t offset) {
    return fail(Errc::kInvalidArgument,
                std::string(what) + " at byte " + std::to_string(offset) + " of the ELF file");
}

/// The whole file, of which nothing is touched unless it is there.
class ElfBytes {
public:
    explicit ElfBytes(ByteView bytes) : bytes_(bytes) {}

    [[nodiscard]] bool holds(std::uint64_t offset, std::uint64_t size) const noexcept {
        return offset <= bytes_.size() && size <= bytes_.size() - offset;
    }

    /// Copies, because nothing in a file is sure to be aligned. All zeros where the file ends
    /// before: callers look first where that makes a difference.
    template <class T>
    [[nodiscard]] T get(std::uint64_t offset) const noexcept {
        std::array<std::byte, sizeof(T)> raw{};
        if (holds(offset, sizeof(T))) std::memcpy(raw.data(), bytes_.data() + offset, raw.size());
        return std::bit_cast<T>(raw);
    }

    [[nodiscard]] std::string_view text(std::uint64_t offset, std::uint64_t size) const noexcept {
        return {reinterpret_cast<const char*>(bytes_.data()) + offset,
                static_cast<std::size_t>(size)};
    }

    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

private:
    ByteView bytes_;
};

/// What the dynamic section points to, as addresses in memory.
struct DynamicTable {
    std::uint64_t strings = 0;
    std::uint64_t strings_bytes = 0;
    std::uint64_t symbols = 0;
    std::uint64_t hash = 0;
    std::uint64_t gnu_hash = 0;
    std::uint64_t soname = 0;
    bool has_soname = false;
    std::vector<std::uint64_t> needed;
};

class ElfReader {
public:
    explicit ElfReader(ByteView bytes) : bytes_(bytes) {}

    Result<ElfFile> read() {
        CATALOG_TRY_VOID(read_header());
        CATALOG_TRY_VOID(read_segments());
        if (!has_dynamic_) return bad_elf("no dynamic segment", header_.e_phoff);
        CATALOG_TRY_VOID(read_dynamic());
        CATALOG_TRY_VOID(read_names());
        CATALOG_TRY_VOID(read_symbols());
        for (const Elf64_Phdr& segment : note_segments_)
            read_notes(segment.p_offset, segment.p_filesz);
        read_section_notes();
        for (const ElfNote& note : out_.notes)
            if (note.name == "GNU" && note.type == NT_GNU_BUILD_ID && out_.build_id.empty())
                out_.build_id = to_hex(as_bytes(note.descriptor));
        return std::move(out_);
    }

private:
    Result<void> read_header() {
        header_ = bytes_.get<Elf64_Ehdr>(0);
        if (std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0)
            return fail(Errc::kUnsupported, "this is no ELF file");
        if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB)
            return fail(Errc::kUnsupported, "the ELF file is not 64-bit little-endian");
        if (header_.e_machine != EM_X86_64)
            return fail(Errc::kUnsupported, "the ELF file is for machine " +
                                                std::to_string(header_.e_machine) +
                                                ", not for x86-64");
        if (header_.e_type != ET_DYN)
            return fail(Errc::kUnsupported, "the ELF file is of type " +
                                                std::to_string(header_.e_type) +
                                                ", not a shared object");
        if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == 0)
            return bad_elf("no usable program headers", header_.e_phoff);
        return {};
    }

    Result<void> read_segments() {
        const std::uint64_t table_bytes = std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr);
        if (!bytes_.holds(header_.e_phoff, table_bytes))
            return bad_elf("program headers leave the file", header_.e_phoff);
        for (std::uint32_t i = 0; i < header_.e_phnum; ++i) {
            const std::uint64_t at = header_.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr);
            const Elf64_Phdr segment = bytes_.get<Elf64_Phdr>(at);
            if (segment.p_type == PT_INTERP) out_.is_program = true;
            if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X) != 0)
                out_.executable_stack = true;
            if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC &&
                segment.p_type != PT_NOTE)
                continue;
            if (!bytes_.holds(segment.p_offset, segment.p_filesz))
                return bad_elf("a segment leaves the file", at);
            if (segment.p_type == PT_DYNAMIC) {
                if (has_dynamic_) return bad_elf("a second dynamic segment", at);
                has_dynamic_ = true;
                dynamic_ = segment;
            } else {
                (segment.p_type == PT_LOAD ? loads_ : note_segments_).push_back(segment);
            }
        }
        return {};
    }

    /// Where an address stands in the file, with how many bytes of its segment follow.
    [[nodiscard]] std::optional<std::pair<std::uint64_t, std::uint64_t>> locate(
        std::uint64_t address) const noexcept {
        for (const Elf64_Phdr& load : loads_)
            if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz) {
                const std::uint64_t inside = address - load.p_vaddr;
                return std::pair(load.p_offset + inside, load.p_filesz - inside);
            }
        return std::nullopt;
    }

    Result<void> read_dynamic() {
        for (std::uint64_t i = 0; i < dynamic_.p_filesz / sizeof(Elf64_Dyn); ++i) {
            const auto entry = bytes_.get<Elf64_Dyn>(dynamic_.p_offset + i * sizeof(Elf64_Dyn));
            if (entry.d_tag == DT_NULL) return {};
            const std::uint64_t value = entry.d_un.d_val;
            switch (entry.d_tag) {
                case DT_STRTAB:
                    table_.strings = value;
                    break;
                case DT_STRSZ:
                    table_.strings_bytes = value;
                    break;
                case DT_SYMTAB:
                    table_.symbols = value;
                    break;
                case DT_HASH:
                    table_.hash = value;
                    break;
                case DT_GNU_HASH:
                    table_.gnu_hash = value;
                    break;
                case DT_TEXTREL:
                    out_.text_relocations = true;
                    break;
                case DT_FLAGS:
                    out_.text_relocations |= (value & DF_TEXTREL) != 0;
                    break;
                case DT_FLAGS_1:
                    out_.is_program |= (value & DF_1_PIE) != 0;
                    out_.never_unloads |= (value & DF_1_NODELETE) != 0;
                    break;
                case DT_SONAME:
                    table_.soname = value;
                    table_.has_soname = true;
                    break;
                case DT_NEEDED:
                    if (table_.needed.size() < kElfNeededMax) table_.needed.push_back(value);
                    break;
                default:
                    break;
            }
        }
        return {};
    }

    [[nodiscard]] Result<std::string> name_at(std::uint64_t offset) {
        if (offset >= strings_.size()) return bad_elf("a name leaves the string table", offset);
        const std::string_view rest = strings_.substr(static_cast<std::size_t>(offset));
        const std::size_t end = rest.substr(0, kElfNameBytesMax).find('\0');
        if (end == std::string_view::npos) return bad_elf("a name does not end", offset);
        name_bytes_ += end;
        if (name_bytes_ > kElfAllNamesBytesMax) return bad_elf("too many names", offset);
        return std::string(rest.substr(0, end));
    }

    Result<void> read_names() {
        const auto place = locate(table_.strings);
        if (!place || table_.strings_bytes > place->second)
            return bad_elf("the string table leaves its segment", dynamic_.p_offset);
        strings_ = bytes_.text(place->first, table_.strings_bytes);
        if (table_.has_soname) {
            CATALOG_TRY(out_.soname, name_at(table_.soname));
        }
        for (const std::uint64_t offset : table_.needed) {
            CATALOG_TRY(std::string name, name_at(offset));
            out_.needed.push_back(std::move(name));
        }
        return {};
    }

    /// The table of symbols has no length of its own; the hash tables, by which the dynamic linker
    /// finds symbols, know how many there are.
    [[nodiscard]] Result<std::uint64_t> symbol_count() const {
        if (table_.gnu_hash != 0) return gnu_hash_count();
        if (table_.hash == 0) return bad_elf("no hash table of symbols", dynamic_.p_offset);
        const auto place = locate(table_.hash);
        if (!place || place->second < 8)
            return bad_elf("the hash table leaves its segment", table_.hash);
        return std::uint64_t{bytes_.get<std::uint32_t>(place->first + 4)};
    }

    [[nodiscard]] Result<std::uint64_t> gnu_hash_count() const {
        const auto place = locate(table_.gnu_hash);
        if (!place || place->second < 16)
            return bad_elf("the hash table leaves its segment", table_.gnu_hash);
        const auto [at, room] = *place;
        const std::uint64_t buckets = bytes_.get<std::uint32_t>(at);
        const std::uint64_t first = bytes_.get<std::uint32_t>(at + 4);
        const std::uint64_t bloom_words = bytes_.get<std::uint32_t>(at + 8);
        const std::uint64_t chains = 16 + bloom_words * 8 + buckets * 4;
        if (chains > room) return bad_elf("the hash table leaves its segment", at);
        std::uint64_t last = 0;
        for (std::uint64_t i = 0; i < buckets; ++i)
            last = std::max<std::uint64_t>(
                last, bytes_.get<std::uint32_t>(at + 16 + bloom_words * 8 + i * 4));
        if (last == 0) return first;
        if (last < first) return bad_elf("a hash bucket points before the first symbol", at);
        for (;; ++last) {
            const std::uint64_t link = chains + (last - first) * 4;
            if (link + 4 > room) return bad_elf("a hash chain does not end", at);
            if ((bytes_.get<std::uint32_t>(at + link) & 1U) != 0) return last + 1;
        }
    }

    Result<void> read_symbols() {
        CATALOG_TRY(const std::uint64_t count, symbol_count());
        const auto place = locate(table_.symbols);
        if (count > kElfSymbolsMax)
            return bad_elf("more than " + std::to_string(kElfSymbolsMax) + " symbols",
                           table_.symbols);
        if (!place || count * sizeof(Elf64_Sym) > place->second)
            return bad_elf("the symbol table leaves its segment", table_.symbols);
        for (std::uint64_t i = 1; i < count; ++i) {
            const Elf64_Sym symbol = bytes_.get<Elf64_Sym>(place->first + i * sizeof(Elf64_Sym));
            CATALOG_TRY_VOID(add_symbol(symbol));
        }
        return {};
    }

    Result<void> add_symbol(const Elf64_Sym& symbol) {
        const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
        if (symbol.st_shndx == SHN_UNDEF || visibility == STV_HIDDEN || visibility == STV_INTERNAL)
            return {};
        const auto kind = ELF64_ST_TYPE(symbol.st_info);
        // The name of a symbol version is an absolute object without size.
        if (symbol.st_shndx == SHN_ABS && kind == STT_OBJECT && symbol.st_size == 0) return {};
        SymbolBinding binding = SymbolBinding::kOther;
        switch (ELF64_ST_BIND(symbol.st_info)) {
            case STB_LOCAL:
                return {};
            case STB_GLOBAL:
                binding = SymbolBinding::kGlobal;
                break;
            case STB_WEAK:
                binding = SymbolBinding::kWeak;
                break;
            case STB_GNU_UNIQUE:
                binding = SymbolBinding::kUnique;
                break;
            default:
                break;
        }
        CATALOG_TRY(std::string name, name_at(symbol.st_name));
        out_.exports.push_back(
            {std::move(name), binding, kind == STT_FUNC || kind == STT_GNU_IFUNC});
        return {};
    }

    /// A note that leaves its segment ends the walk: what was found so far stands.
    void read_notes(std::uint64_t offset, std::uint64_t size) {
        // Padded to 4 bytes also where the segment is aligned to 8: linkers put notes of both kinds
        // into one segment, and those that are aligned to 8 (GNU properties) are so by their sizes.
        const auto padded = [](std::uint64_t bytes) { return (bytes + 3) / 4 * 4; };
        if (!bytes_.holds(offset, size)) return;
        const std::uint64_t end = offset + size;
        while (end - offset >= sizeof(Elf64_Nhdr)) {
            const Elf64_Nhdr head = bytes_.get<Elf64_Nhdr>(offset);
            const std::uint64_t name_at = offset + sizeof head;
            const std::uint64_t text_at = offset + padded(sizeof head + head.n_namesz);
            if (text_at > end || head.n_descsz > end - text_at ||
                out_.notes.size() >= kElfNotesMax || ++note_steps_ > kElfNoteStepsMax)
                return;
            if (seen_notes_.insert(offset).second) {
                note_bytes_ += std::size_t{head.n_namesz} + head.n_descsz;
                if (note_bytes_ > kElfAllNotesBytesMax) return;
                std::string_view name = bytes_.text(name_at, head.n_namesz);
                if (name.ends_with('\0')) name.remove_suffix(1);
                out_.notes.push_back({std::string(name), head.n_type,
                                      std::string(bytes_.text(text_at, head.n_descsz))});
            }
            offset = std::min(offset + padded(text_at - offset + head.n_descsz), end);
        }
    }

    /// Compilers give a section of notes the ordinary type when it is made by an attribute; linkers
    /// then make no segment for it. Section headers are a convenience that may be missing or wrong,
    /// so nothing here is an error.
    void read_section_notes() {
        if (header_.e_shentsize != sizeof(Elf64_Shdr) || header_.e_shstrndx >= header_.e_shnum)
            return;
        const auto section = [this](std::uint64_t index) {
            // Beyond the file's end all is zero, which is no section.
            return header_.e_shoff > bytes_.size()
                       ? Elf64_Shdr{}
                       : bytes_.get<Elf64_Shdr>(header_.e_shoff + index * sizeof(Elf64_Shdr));
        };
        const Elf64_Shdr names = section(header_.e_shstrndx);
        if (!bytes_.holds(names.sh_offset, names.sh_size)) return;
        const std::string_view text = bytes_.text(names.sh_offset, names.sh_size);
        for (std::uint64_t i = 1; i < header_.e_shnum; ++i) {
            const Elf64_Shdr entry = section(i);
            if (entry.sh_name >= text.size() || (entry.sh_flags & SHF_ALLOC) == 0 ||
                entry.sh_type == SHT_NOBITS ||
                !text.substr(entry.sh_name).starts_with(std::string_view(".note.")))
                continue;
            read_notes(entry.sh_offset, entry.sh_size);
        }
    }

    ElfBytes bytes_;
    ElfFile out_;
    Elf64_Ehdr header_{};
    Elf64_Phdr dynamic_{};
    bool has_dynamic_ = false;
    std::vector<Elf64_Phdr> loads_;
    std::vector<Elf64_Phdr> note_segments_;
    std::set<std::uint64_t> seen_notes_;
    std::uint64_t note_steps_ = 0;
    std::size_t name_bytes_ = 0;
    std::size_t note_bytes_ = 0;
    DynamicTable table_;
    std::string_view strings_;
};

}  // namespace

Result<ElfFile> read_elf(ByteView bytes) { return ElfReader(bytes).read(); }

}  // namespace catalog::host
