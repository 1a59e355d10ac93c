#include "extension_check.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "capability_names.hpp"
#include "catalog/abi/extension.h"
#include "catalog/core/limits.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/merkle/hash.hpp"

namespace catalog::host {

namespace {

using Verdict = CheckFinding::Verdict;

constexpr std::uint64_t kLibraryBytesMax = std::uint64_t{1} << 30;
constexpr const char* kManifestName = "extension.toml";

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
    return out;
}

json::Array check_texts(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

/// Applies the rules to what has been read, each in a function of its own.
class ExtensionRules {
public:
    explicit ExtensionRules(CheckReport& report) : report_(report) {}

    void elf_rules() {
        const ElfFile& elf = report_.elf;
        if (elf.is_program)
            refuse("elf", "the file is a program, not a library");
        else
            pass("elf", "an x86-64 shared object");
        exports_rule();
        std::vector<std::string> unique;
        for (const ElfExport& symbol : elf.exports)
            if (symbol.binding == SymbolBinding::kUnique) unique.push_back(symbol.name);
        if (unique.empty() && !elf.never_unloads)
            pass("unique", "nothing keeps it from being unloaded");
        else if (unique.empty())
            refuse("unique", "DF_1_NODELETE keeps the library from ever being unloaded");
        else
            refuse("unique", "STB_GNU_UNIQUE symbols keep the library from ever being unloaded: " +
                                 joined(unique));
        if (elf.text_relocations)
            refuse("textrel", "DT_TEXTREL: loading it would have to write to its code");
        else
            pass("textrel", "no relocation in code");
        if (elf.executable_stack)
            refuse("stack", "it asks for an executable stack");
        else
            pass("stack", "no executable stack");
    }

    void note_rules() {
        const ElfNote* note = nullptr;
        for (const ElfNote& candidate : report_.elf.notes) {
            if (candidate.name != HMX_NOTE_NAME || candidate.type != HMX_NOTE_TYPE) continue;
            if (note != nullptr) {
                refuse("note", "there are two notes .note.hypermesh");
                return;
            }
            note = &candidate;
        }
        if (note == nullptr) {
            refuse("note", "there is no ELF note .note.hypermesh, so this is no extension");
            return;
        }
        Result<ExtensionNote> read = read_extension_note(note->descriptor);
        if (!read) {
            refuse("note", read.error().to_string());
            return;
        }
        report_.note = *std::move(read);
        if (report_.note.abi_major != HMX_ABI_MAJOR) {
            refuse("note", "it is made for major " + std::to_string(report_.note.abi_major) +
                               " of the interface, this host for major " +
                               std::to_string(HMX_ABI_MAJOR));
            return;
        }
        pass("note", report_.note.id + " " + report_.note.version);
        has_note_ = true;
    }

    void manifest_rules(std::string_view text) {
        if (report_.manifest.empty()) {
            refuse("manifest", std::string("no ") + kManifestName + " beside the file");
            return;
        }
        const std::string name = std::filesystem::path(report_.manifest).filename().string();
        Result<ExtensionManifest> read = read_extension_manifest(text, name);
        if (!read) {
            refuse("manifest", read.error().to_string());
            return;
        }
        report_.description = *std::move(read);
        for (const std::string& warning : report_.description.warnings)
            add("manifest", Verdict::kWarning, warning);
        const std::string file = std::filesystem::path(report_.file).filename().string();
        if (report_.description.file != file) {
            refuse("manifest", "it is about " + report_.description.file + ", not " + file);
            return;
        }
        if (report_.description.entry_point != HMX_ENTRY_SYMBOL) {
            refuse("manifest", "entry_point is " + report_.description.entry_point +
                                   ", this host calls " + HMX_ENTRY_SYMBOL);
            return;
        }
        pass("manifest", "complete");
        if (has_note_) same_rule();
    }

    void digest_rule() {
        const std::string& wanted = report_.description.sha256;
        if (wanted.empty()) return;
        if (wanted == report_.sha256)
            pass("sha256", "as the manifest says");
        else
            refuse("sha256", "the manifest says " + wanted + ", the file has " + report_.sha256);
    }

    void refuse(std::string rule, std::string message) {
        add(std::move(rule), Verdict::kRefused, std::move(message));
    }

private:
    void exports_rule() {
        std::vector<std::string> others;
        bool entry = false;
        for (const ElfExport& symbol : report_.elf.exports) {
            if (symbol.name == HMX_ENTRY_SYMBOL && symbol.is_function && !entry)
                entry = true;
            else if (others.size() < 10)
                others.push_back(symbol.name);
        }
        if (!entry)
            refuse("exports", std::string("the function ") + HMX_ENTRY_SYMBOL + " is not exported");
        else if (!others.empty())
            refuse("exports", std::string("more than ") + HMX_ENTRY_SYMBOL +
                                  " is exported: " + joined(others));
        else
            pass("exports", std::string(HMX_ENTRY_SYMBOL) + " alone");
    }

    /// The note was made by the compiler, the manifest may have been edited.
    void same_rule() {
        const ExtensionNote& note = report_.note;
        const ExtensionManifest& manifest = report_.description;
        std::vector<std::string> differences;
        const auto compare = [&](const char* what, const std::string& a, const std::string& b) {
            if (a != b)
                differences.push_back(std::string(what) + " '" + a + "' in the note, '" + b +
                                      "' in the manifest");
        };
        compare("id", note.id, manifest.id);
        compare("version", note.version, manifest.version);
        compare("abi.major", std::to_string(note.abi_major), std::to_string(manifest.abi_major));
        compare("abi.minor", std::to_string(note.abi_minor), std::to_string(manifest.abi_minor));
        compare("hypermesh version", note.hypermesh, manifest.hypermesh_version);
        std::vector<std::string> in_note = note.required_services;
        std::vector<std::string> in_manifest = manifest.required_services;
        std::ranges::sort(in_note);
        std::ranges::sort(in_manifest);
        compare("required services", joined(in_note), joined(in_manifest));
        if (!manifest.build_id.empty())
            compare("build id", report_.elf.build_id, manifest.build_id);
        if (differences.empty())
            pass("same", "note and manifest agree");
        else
            refuse("same", joined(differences));
    }

    void pass(std::string rule, std::string message) {
        add(std::move(rule), Verdict::kOk, std::move(message));
    }

    void add(std::string rule, Verdict verdict, std::string message) {
        report_.findings.push_back({std::move(rule), verdict, std::move(message)});
    }

    CheckReport& report_;
    bool has_note_ = false;
};

std::string_view verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::kOk:
            return "ok";
        case Verdict::kWarning:
            return "warning";
        case Verdict::kRefused:
            return "refused";
    }
    return "refused";
}

}  // namespace

bool CheckReport::ok() const noexcept {
    return std::ranges::none_of(
        findings, [](const CheckFinding& finding) { return finding.verdict == Verdict::kRefused; });
}

std::string CheckReport::refusal() const {
    for (const CheckFinding& finding : findings)
        if (finding.verdict == Verdict::kRefused) return finding.rule + ": " + finding.message;
    return {};
}

json::Object CheckReport::to_json() const {
    json::Array list;
    for (const CheckFinding& finding : findings)
        list.emplace_back(json::Object{{"rule", finding.rule},
                                       {"verdict", verdict_name(finding.verdict)},
                                       {"message", finding.message}});
    json::Array exported;
    for (const ElfExport& symbol : elf.exports) exported.emplace_back(symbol.name);
    return {
        {"ok", ok()},
        {"file", file},
        {"manifest", manifest},
        {"id", note.id},
        {"version", note.version},
        {"abi", json::Object{{"major", note.abi_major}, {"minor", note.abi_minor}}},
        {"hypermesh", note.hypermesh},
        {"sha256", sha256},
        {"build_id", elf.build_id},
        {"exports", std::move(exported)},
        {"needed", check_texts(elf.needed)},
        {"required_capabilities", check_texts(capability_names(description.required_capabilities))},
        {"optional_capabilities", check_texts(capability_names(description.optional_capabilities))},
        {"required_services", check_texts(description.required_services)},
        {"optional_services", check_texts(description.optional_services)},
        {"findings", std::move(list)},
    };
}

std::string CheckReport::to_text() const {
    std::string out = file + "\n";
    for (const CheckFinding& finding : findings) {
        std::string rule = finding.rule;
        rule.resize(std::max<std::size_t>(rule.size(), 10), ' ');
        std::string verdict(verdict_name(finding.verdict));
        verdict.resize(std::max<std::size_t>(verdict.size(), 8), ' ');
        for (const std::string_view part :
             {std::string_view("  "), std::string_view(verdict), std::string_view(" "),
              std::string_view(rule), std::string_view(" "), std::string_view(finding.message),
              std::string_view("\n")})
            out += part;
    }
    out += ok() ? "  may be loaded\n" : "  must not be loaded\n";
    return out;
}

void check_extension_bytes(ByteView library, std::string_view manifest_text,
                           const CheckOptions& options, CheckReport& report) {
    ExtensionRules rules(report);
    Result<ElfFile> elf = read_elf(library);
    if (elf) {
        report.elf = *std::move(elf);
        rules.elf_rules();
        rules.note_rules();
    } else {
        rules.refuse("elf", elf.error().to_string());
    }
    rules.manifest_rules(manifest_text);
    if (options.digest || !report.description.sha256.empty())
        report.sha256 = to_hex(merkle::hash_of(library).bytes());
    rules.digest_rule();
}

Result<ExtensionFiles> locate_extension(const std::string& path) {
    const auto fs = io::make_posix_file_system();
    std::error_code trouble;
    const std::filesystem::path named = std::filesystem::canonical(path, trouble);
    if (trouble)
        return fail(
            Error(Errc::kFileNotFound, "cannot be found: " + trouble.message()).with_input(path));
    CATALOG_TRY(const io::FileInfo info, fs->info(named.string()));
    if (info.kind == io::FileKind::kDirectory) {
        const std::string manifest = (named / kManifestName).string();
        CATALOG_TRY(const std::string text, io::read_file(*fs, manifest, Limits().toml_bytes_max));
        CATALOG_TRY(const ExtensionManifest description, read_extension_manifest(text, manifest));
        return ExtensionFiles{(named / description.file).string(), manifest};
    }
    const std::filesystem::path folder = named.parent_path();
    for (const std::filesystem::path& candidate :
         {folder / kManifestName, std::filesystem::path(named).replace_extension(".toml")})
        if (fs->info(candidate.string())) return ExtensionFiles{named.string(), candidate.string()};
    return ExtensionFiles{named.string(), {}};
}

Result<CheckReport> check_extension(const ExtensionFiles& files, const CheckOptions& options) {
    const auto fs = io::make_posix_file_system();
    CATALOG_TRY(const io::FileInfo info, fs->info(files.library));
    if (info.size > kLibraryBytesMax)
        return fail(Error(Errc::kLimitExceeded, "the file has more than 1 GiB",
                          LimitDetail{"extension_bytes_max", kLibraryBytesMax, info.size})
                        .with_input(files.library));
    // Mapped, so that a large file leaves no trace in the memory that a test of leaks looks at.
    std::unique_ptr<io::MappedRegion> region;
    if (info.size > 0) {
        CATALOG_TRY(region, fs->map(files.library, 0, info.size));
    }
    std::string text;
    if (!files.manifest.empty()) {
        CATALOG_TRY(text, io::read_file(*fs, files.manifest, Limits().toml_bytes_max));
    }
    CheckReport report;
    report.file = files.library;
    report.manifest = files.manifest;
    check_extension_bytes(region ? region->bytes() : ByteView(), text, options, report);
    return report;
}

}  // namespace catalog::host
