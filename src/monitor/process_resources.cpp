#include "catalog/monitor/process_resources.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <catalog/internal/try.hpp>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <system_error>

namespace catalog::monitor {
namespace {

constexpr std::size_t kFileBytesMax = 16'384;
constexpr int kFieldOfUserTime = 14;  // of proc(5), counted from 1
constexpr int kFieldOfState = 3;      // the first one behind the name in brackets

Error unreadable(const std::string& path, const std::string& why) {
    return Error(Errc::kUnsupported, "\"" + path + "\" cannot tell what the process takes: " + why)
        .with_hint("mount /proc");
}

std::string message_of(int error) { return std::generic_category().message(error); }

Result<std::string> read_small_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail(unreadable(path, message_of(errno)));
    std::string text(kFileBytesMax, '\0');
    std::size_t got = 0;
    ssize_t now = 0;
    while (got < text.size() && ((now = ::read(file, text.data() + got, text.size() - got)) > 0 ||
                                 (now < 0 && errno == EINTR)))
        got += now > 0 ? static_cast<std::size_t>(now) : 0;
    const int error = errno;
    ::close(file);
    if (now < 0) return fail(unreadable(path, message_of(error)));
    text.resize(got);
    return text;
}

std::optional<std::uint64_t> number_at(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return std::nullopt;
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data() + begin, text.data() + text.size(), number);
    return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

// The name of the program stands in brackets and may hold anything, brackets too.
std::optional<double> cpu_seconds_of(std::string_view stat) {
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    std::string_view rest = stat.substr(name_end + 1);
    for (int field = kFieldOfState; field <= kFieldOfUserTime; ++field) {
        const std::size_t blank = rest.find(' ');
        if (blank == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(blank + 1);
    }
    const auto user = number_at(rest);
    const std::size_t blank = rest.find(' ');
    if (!user || blank == std::string_view::npos) return std::nullopt;
    const auto system = number_at(rest.substr(blank));
    const long ticks = ::sysconf(_SC_CLK_TCK);
    if (!system || ticks <= 0) return std::nullopt;
    return static_cast<double>(*user + *system) / static_cast<double>(ticks);
}

std::optional<std::uint64_t> status_line(std::string_view status, std::string_view key) {
    const std::string wanted = "\n" + std::string(key) + ":";
    const std::size_t at = status.find(wanted);
    return at == std::string_view::npos ? std::nullopt
                                        : number_at(status.substr(at + wanted.size()));
}

Result<std::uint64_t> count_open_files(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
    if (!folder) return fail(unreadable(path, message_of(errno)));
    std::uint64_t count = 0;
    errno = 0;
    // Only this thread has this stream, for which readdir is safe.
    while (const dirent* entry = ::readdir(folder.get()))  // NOLINT(concurrency-mt-unsafe)
        count += entry->d_name[0] == '.' ? 0 : 1;
    if (errno != 0) return fail(unreadable(path, message_of(errno)));
    return count == 0 ? 0 : count - 1;  // without the one that this took
}

}  // namespace

Result<ProcessResources> read_process_resources(const std::string& folder) {
    ProcessResources resources;
    CATALOG_TRY(const std::string stat, read_small_file(folder + "/stat"));
    const auto cpu = cpu_seconds_of(stat);
    if (!cpu) return fail(unreadable(folder + "/stat", "its fields are not those of proc(5)"));
    resources.cpu_seconds = *cpu;
    CATALOG_TRY(const std::string status, read_small_file(folder + "/status"));
    const auto read_line = [&](std::string_view key, std::uint64_t factor,
                               std::uint64_t& to) -> Result<void> {
        const auto number = status_line(status, key);
        if (!number)
            return fail(unreadable(folder + "/status", "no number after " + std::string(key)));
        to = *number * factor;
        return {};
    };
    CATALOG_TRY_VOID(read_line("VmRSS", 1'024, resources.resident_bytes));
    CATALOG_TRY_VOID(read_line("RssAnon", 1'024, resources.anonymous_bytes));
    CATALOG_TRY_VOID(read_line("Threads", 1, resources.threads));
    CATALOG_TRY(resources.open_files, count_open_files(folder + "/fd"));
    return resources;
}

void collect_process_resources(std::vector<MetricFamily>& families, const std::string& folder) {
    const auto resources = read_process_resources(folder);
    const auto add = [&](std::string_view name, std::string_view help, MetricKind kind, Unit unit,
                         double value) {
        MetricSample sample;
        sample.value = value;
        families.push_back({std::string(name), std::string(help), kind, unit, {std::move(sample)}});
    };
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    add("process_resources_readable", "Whether the figures of the process could be read: 1 or 0.",
        MetricKind::kGauge, Unit::kNone, resources ? 1 : 0);
    if (!resources) return;
    add("process_cpu_seconds_total", "User and system time of all threads of the process.",
        MetricKind::kCounter, Unit::kSeconds, resources->cpu_seconds);
    add("process_resident_memory_bytes", "Memory of the process that is in the machine.",
        MetricKind::kGauge, Unit::kBytes, number(resources->resident_bytes));
    add("process_anonymous_memory_bytes", "The part of it that no file stands behind.",
        MetricKind::kGauge, Unit::kBytes, number(resources->anonymous_bytes));
    add("process_threads", "Threads of the process.", MetricKind::kGauge, Unit::kNone,
        number(resources->threads));
    add("process_open_fds", "Open descriptors of the process.", MetricKind::kGauge, Unit::kNone,
        number(resources->open_files));
}

}  // namespace catalog::monitor
