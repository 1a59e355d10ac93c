#include "settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/value.hpp"

namespace catalog::extension {

namespace {

constexpr std::uint64_t kLockWaitMsMax = 600'000;
constexpr std::uint64_t kThreadsMax = 256;
constexpr std::uint64_t kMemoryBytesMin = std::uint64_t{1} << 20;
constexpr std::uint64_t kMemoryBytesMax = std::uint64_t{64} << 30;
constexpr std::uint64_t kConfigTextBytesMax = std::uint64_t{1} << 20;
constexpr std::size_t kPathBytesMax = 4096;

constexpr std::string_view kWhere = "settings";

constexpr auto kMembers =
    std::to_array<std::string_view>({"library", "read_only", "create", "lock_wait_ms", "threads",
                                     "memory_bytes", "consensus", "log_level"});

constexpr auto kLevels =
    std::to_array<std::pair<std::string_view, LogLevel>>({{"trace", LogLevel::kTrace},
                                                          {"debug", LogLevel::kDebug},
                                                          {"info", LogLevel::kInfo},
                                                          {"warn", LogLevel::kWarning},
                                                          {"error", LogLevel::kError}});

constexpr auto kModes = std::to_array<std::pair<std::string_view, ConsensusMode>>(
    {{"none", ConsensusMode::kNone},
     {"declared", ConsensusMode::kDeclared},
     {"every", ConsensusMode::kEvery}});

Result<std::uint64_t> optional_uint(const json::Object& object, std::string_view name,
                                    std::uint64_t fallback, std::uint64_t least,
                                    std::uint64_t most) {
    const auto found = object.find(name);
    if (found == object.end() || found->second.is_null()) return fallback;
    CATALOG_TRY(const std::uint64_t value, json::require_uint(object, name, kWhere));
    if (value < least || value > most)
        return fail(Errc::kInvalidArgument,
                    "settings: " + std::string(name) + " is " + std::to_string(value) +
                        ", must be " + std::to_string(least) + " to " + std::to_string(most));
    return value;
}

template <class T, std::size_t N>
Result<T> optional_name(const json::Object& object, std::string_view name, T fallback,
                        const std::array<std::pair<std::string_view, T>, N>& known) {
    CATALOG_TRY(const std::string text, json::optional_string(object, name, kWhere));
    const auto found = object.find(name);
    if (found == object.end() || found->second.is_null()) return fallback;
    for (const auto& [word, value] : known)
        if (word == text) return value;
    std::string words;
    for (const auto& [word, value] : known)
        words += (words.empty() ? "" : ", ") + std::string(word);
    return fail(Errc::kInvalidArgument,
                "settings: " + std::string(name) + " is '" + text + "', must be one of " + words);
}

Result<std::string> library_path(const json::Object& object, std::string_view data_dir) {
    CATALOG_TRY(std::string path, json::optional_string(object, "library", kWhere, "library"));
    if (path.empty() || path.find('\0') != std::string::npos || path.size() > kPathBytesMax)
        return fail(Errc::kInvalidArgument, "settings: library is not a path");
    if (path.front() == '/') return path;
    std::string joined(data_dir);
    if (joined.back() != '/') joined += '/';
    return joined + path;
}

}  // namespace

Result<Settings> read_settings(std::string_view json, std::string_view data_dir) {
    if (data_dir.empty() || data_dir.front() != '/' || data_dir.size() > kPathBytesMax ||
        data_dir.find('\0') != std::string_view::npos)
        return fail(Errc::kInvalidArgument, "data_dir is not an absolute path");

    json::Object object;
    if (!json.empty()) {
        json::ReadLimits limits;
        limits.bytes_max = kConfigTextBytesMax;
        CATALOG_TRY(json::Value document, json::read(json, limits));
        // "null" is what hosts pass that have no settings for an extension.
        if (!document.is_null()) {
            if (document.as_object() == nullptr)
                return fail(Errc::kJsonType,
                            "settings: must be an object, is " + std::string(document.type_name()));
            object = std::move(*document.as_object());
        }
    }
    for (const auto& [name, value] : object) {
        if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end())
            return fail(Errc::kInvalidArgument, "settings: there is no setting '" + name + "'");
    }

    Settings settings;
    CATALOG_TRY(settings.library, library_path(object, data_dir));
    CATALOG_TRY(settings.read_only,
                json::optional_bool(object, "read_only", kWhere, settings.read_only));
    CATALOG_TRY(settings.create, json::optional_bool(object, "create", kWhere, settings.create));
    CATALOG_TRY(
        const std::uint64_t lock_wait_ms,
        optional_uint(object, "lock_wait_ms",
                      static_cast<std::uint64_t>(settings.lock_wait.count()), 0, kLockWaitMsMax));
    settings.lock_wait = std::chrono::milliseconds(lock_wait_ms);
    CATALOG_TRY(settings.threads, optional_uint(object, "threads", 0, 0, kThreadsMax));
    CATALOG_TRY(settings.memory_bytes, optional_uint(object, "memory_bytes", settings.memory_bytes,
                                                     kMemoryBytesMin, kMemoryBytesMax));
    CATALOG_TRY(settings.consensus, optional_name(object, "consensus", settings.consensus, kModes));
    CATALOG_TRY(settings.log_level,
                optional_name(object, "log_level", settings.log_level, kLevels));
    return settings;
}

}  // namespace catalog::extension
