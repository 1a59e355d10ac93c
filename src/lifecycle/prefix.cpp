#include "prefix.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "catalog/internal/try.hpp"
#include "generation_record.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::uint64_t kRecordBytesMax = 256u << 20;
constexpr std::string_view kCurrentTarget = ".catalog/generations/";

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || number == 0 ||
        text.front() == '0')
        return std::nullopt;
    return number;
}

Error invalid_prefix(const std::string& path, std::string message) {
    return Error(Errc::kPrefixInvalid, std::move(message)).with_input(path);
}

}  // namespace

std::string Prefix::inner(std::string_view name) const {
    return io::join_path(io::join_path(path_, ".catalog"), name);
}

std::string Prefix::generation_path(std::uint64_t number) const {
    return io::join_path(inner("generations"), std::to_string(number));
}

std::string Prefix::record_path(std::uint64_t number) const {
    return io::join_path(inner("records"), std::to_string(number) + ".json");
}

Result<void> Prefix::create() {
    CATALOG_TRY(const bool there, io::exists(fs_, path_));
    if (there) {
        CATALOG_TRY(const io::FileInfo info, fs_.info(path_));
        if (info.kind == io::FileKind::kRegular || info.kind == io::FileKind::kOther)
            return fail(invalid_prefix(path_, "the prefix is not a folder"));
    }
    for (const std::string_view name : {"generations", "staging", "records"})
        CATALOG_TRY_VOID(io::make_directories_durably(fs_, inner(name)));
    return {};
}

Result<bool> Prefix::is_there() {
    CATALOG_TRY(const bool there, io::exists(fs_, inner("records")));
    return there;
}

Result<std::unique_ptr<io::FileLock>> Prefix::lock(std::string_view operation) {
    Result<std::unique_ptr<io::FileLock>> lock = fs_.try_lock(inner("LOCK"));
    if (!lock) {
        if (lock.error().code() != Errc::kBusy) return fail(lock.error());
        return fail(
            lock.error().with_hint("wait until the other operation on this prefix has ended"));
    }
    CATALOG_TRY_VOID((*lock)->set_holder("pid " + std::to_string(::getpid()) + " (" +
                                         std::string(operation) + ")"));
    return lock;
}

Result<std::optional<std::uint64_t>> Prefix::current_number() {
    const std::string link = io::join_path(path_, "current");
    CATALOG_TRY(const bool there, io::exists(fs_, link));
    if (!there) return std::nullopt;
    CATALOG_TRY(const io::FileInfo info, fs_.info(link));
    if (info.kind != io::FileKind::kSymlink)
        return fail(invalid_prefix(link, "this is not the link that Catalog makes")
                        .with_hint("choose another prefix, or move it out of the way"));
    CATALOG_TRY(const std::string target, fs_.read_symlink(link));
    const std::optional<std::uint64_t> number =
        target.starts_with(kCurrentTarget)
            ? parse_number(std::string_view(target).substr(kCurrentTarget.size()))
            : std::nullopt;
    if (!number)
        return fail(invalid_prefix(link, "the link points to something that is no generation"));
    return number;
}

Result<std::vector<std::uint64_t>> Prefix::numbers_in(const std::string& folder,
                                                      std::string_view suffix) {
    std::vector<std::uint64_t> numbers;
    CATALOG_TRY(const bool there, io::exists(fs_, folder));
    if (!there) return numbers;
    CATALOG_TRY(const std::vector<io::DirectoryEntry> entries, fs_.list(folder));
    for (const io::DirectoryEntry& entry : entries) {
        if (!entry.name.ends_with(suffix)) continue;
        const std::string_view stem(entry.name.data(), entry.name.size() - suffix.size());
        if (const std::optional<std::uint64_t> number =
                stem.empty() ? std::nullopt : parse_number(stem))
            numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    return numbers;
}

Result<Generation> Prefix::generation(std::uint64_t number) {
    const std::string path = record_path(number);
    Result<std::string> text = io::read_file(fs_, path, kRecordBytesMax);
    if (!text) {
        if (text.error().code() != Errc::kFileNotFound) return fail(text.error());
        return fail(Error(Errc::kGenerationNotFound,
                          "the prefix has no generation " + std::to_string(number),
                          NotFoundDetail{"generation", std::to_string(number)})
                        .with_input(path_)
                        .with_hint("list the generations with: catalog history"));
    }
    CATALOG_TRY(Generation generation, decode_generation(*text, path));
    if (generation.number != number)
        return fail(
            Error(Errc::kPrefixDamaged, "the record is of another generation").with_input(path));
    CATALOG_TRY(const std::optional<std::uint64_t> current, current_number());
    generation.current = current == number;
    return generation;
}

Result<std::vector<Generation>> Prefix::generations() {
    CATALOG_TRY(const std::vector<std::uint64_t> numbers, numbers_in(inner("records"), ".json"));
    std::vector<Generation> result;
    for (const std::uint64_t number : numbers) {
        CATALOG_TRY(Generation generation, this->generation(number));
        result.push_back(std::move(generation));
    }
    return result;
}

Result<std::uint64_t> Prefix::next_number() {
    CATALOG_TRY(const std::vector<std::uint64_t> records, numbers_in(inner("records"), ".json"));
    CATALOG_TRY(const std::vector<std::uint64_t> folders, numbers_in(inner("generations"), ""));
    return std::max(records.empty() ? 0 : records.back(), folders.empty() ? 0 : folders.back()) + 1;
}

Result<bool> Prefix::sweep() {
    bool removed = false;
    CATALOG_TRY(const std::vector<io::DirectoryEntry> staged, fs_.list(inner("staging")));
    for (const io::DirectoryEntry& entry : staged) {
        CATALOG_TRY_VOID(fs_.remove_tree(io::join_path(inner("staging"), entry.name)));
        removed = true;
    }
    CATALOG_TRY(const bool taken_back, take_back_switch());
    removed = removed || taken_back;
    // A record is written only after its generation has its place: one without a record is not
    // complete.
    CATALOG_TRY(const std::optional<std::uint64_t> current, current_number());
    CATALOG_TRY(const std::vector<std::uint64_t> folders, numbers_in(inner("generations"), ""));
    for (const std::uint64_t number : folders) {
        CATALOG_TRY(const bool recorded, io::exists(fs_, record_path(number)));
        if (recorded || number == current) continue;
        CATALOG_TRY_VOID(fs_.remove_tree(generation_path(number)));
        removed = true;
    }
    for (const std::string& folder : {inner("records"), io::join_path(path_, ".catalog")}) {
        CATALOG_TRY(const std::vector<io::DirectoryEntry> entries, fs_.list(folder));
        for (const io::DirectoryEntry& entry : entries) {
            if (!io::is_temporary_name(entry.name)) continue;
            CATALOG_TRY_VOID(fs_.remove_file(io::join_path(folder, entry.name)));
            removed = true;
        }
    }
    const std::string temporary = inner("current.next");
    CATALOG_TRY(const bool left_over, io::exists(fs_, temporary));
    if (left_over) {
        CATALOG_TRY_VOID(fs_.remove_file(temporary));
        removed = true;
    }
    return removed;
}

Result<bool> Prefix::take_back_switch() {
    const std::string note = inner("switching");
    CATALOG_TRY(const bool there, io::exists(fs_, note));
    if (!there) return false;
    CATALOG_TRY(const std::string text, io::read_file(fs_, note, 64));
    CATALOG_TRY(const std::optional<std::uint64_t> current, current_number());
    if (const std::optional<std::uint64_t> number =
            text.empty() ? std::nullopt : parse_number(text);
        number && number != current) {
        CATALOG_TRY(const bool recorded, io::exists(fs_, record_path(*number)));
        if (recorded) CATALOG_TRY_VOID(fs_.remove_file(record_path(*number)));
        CATALOG_TRY_VOID(fs_.sync_directory(inner("records")));
        CATALOG_TRY_VOID(fs_.remove_tree(generation_path(*number)));
    }
    CATALOG_TRY_VOID(fs_.remove_file(note));
    CATALOG_TRY_VOID(fs_.sync_directory(io::join_path(path_, ".catalog")));
    return true;
}

Result<std::string> Prefix::stage(std::uint64_t number) {
    std::string path = io::join_path(inner("staging"), std::to_string(number));
    CATALOG_TRY_VOID(fs_.make_directories(path));
    return path;
}

Result<void> Prefix::seal(const Generation& generation) {
    // Until the switch has come about, this note tells that the generation was never current.
    CATALOG_TRY_VOID(io::write_file_durably(fs_, inner("switching"),
                                            as_bytes(std::to_string(generation.number))));
    const std::string staged = io::join_path(inner("staging"), std::to_string(generation.number));
    CATALOG_TRY_VOID(fs_.rename(staged, generation_path(generation.number)));
    CATALOG_TRY_VOID(fs_.sync_directory(inner("generations")));
    CATALOG_TRY_VOID(fs_.sync_directory(inner("staging")));
    const std::string record = encode_generation(generation);
    return io::write_file_durably(fs_, record_path(generation.number), as_bytes(record));
}

Result<void> Prefix::switch_to(std::uint64_t number) {
    const std::string temporary = inner("current.next");
    CATALOG_TRY(const bool left_over, io::exists(fs_, temporary));
    if (left_over) CATALOG_TRY_VOID(fs_.remove_file(temporary));
    CATALOG_TRY_VOID(
        fs_.make_symlink(std::string(kCurrentTarget) + std::to_string(number), temporary));
    CATALOG_TRY_VOID(fs_.rename(temporary, io::join_path(path_, "current")));
    CATALOG_TRY_VOID(fs_.sync_directory(path_));
    const std::string note = inner("switching");
    CATALOG_TRY(const bool noted, io::exists(fs_, note));
    if (noted) CATALOG_TRY_VOID(fs_.remove_file(note));
    return fs_.sync_directory(io::join_path(path_, ".catalog"));
}

}  // namespace catalog::lifecycle
