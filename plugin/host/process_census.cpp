#include "process_census.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <string_view>
#include <thread>

namespace catalog::host {

namespace {

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { closedir(folder); }
};

/// Numbers that name the entries of a folder of /proc, without that of the folder itself.
std::vector<int> numbers_in(const char* path) {
    std::vector<int> out;
    const std::unique_ptr<DIR, CloseFolder> folder(opendir(path));
    if (!folder) return out;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): each caller has a folder of its own
    while (const dirent* entry = readdir(folder.get())) {
        const int number = std::atoi(entry->d_name);
        if (entry->d_name[0] != '.' && number != dirfd(folder.get())) out.push_back(number);
    }
    std::ranges::sort(out);
    return out;
}

std::string link_target(const std::string& path) {
    std::array<char, 4096> buffer{};
    const ssize_t size = readlink(path.c_str(), buffer.data(), buffer.size());
    return size < 0 ? std::string("?") : std::string(buffer.data(), static_cast<std::size_t>(size));
}

std::uint64_t resident_bytes() {
    std::ifstream file("/proc/self/smaps_rollup");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("Rss:")) return std::strtoull(line.c_str() + 4, nullptr, 10) * 1024;
    return 0;
}

json::Array census_texts(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

std::vector<std::string> added(const std::vector<std::string>& before,
                               const std::vector<std::string>& after) {
    const std::set<std::string_view> known(before.begin(), before.end());
    std::vector<std::string> out;
    for (const std::string& each : after)
        if (!known.contains(each)) out.push_back(each);
    return out;
}

}  // namespace

json::Object Census::to_json() const {
    return {{"descriptors", census_texts(descriptors)},
            {"threads", census_texts(threads)},
            {"resident_bytes", resident_bytes}};
}

json::Object Leftovers::to_json() const {
    return {{"descriptors", census_texts(descriptors)},
            {"threads", census_texts(threads)},
            {"growth_bytes", growth_bytes}};
}

Census take_census() {
    Census out;
    for (const int number : numbers_in("/proc/self/fd")) {
        const std::string name = std::to_string(number);
        out.descriptors.push_back(name + " " + link_target("/proc/self/fd/" + name));
    }
    for (const int id : numbers_in("/proc/self/task")) {
        std::ifstream file("/proc/self/task/" + std::to_string(id) + "/comm");
        std::string name;
        // A thread may have ended since its id was listed.
        if (std::getline(file, name)) out.threads.push_back(std::to_string(id) + " " + name);
    }
    malloc_trim(0);
    out.resident_bytes = resident_bytes();
    return out;
}

std::optional<bool> leaks_now() {
    // There where the sanitizer's runtime was linked in or preloaded.
    using Check = int (*)();
    const auto check =
        reinterpret_cast<Check>(dlsym(RTLD_DEFAULT, "__lsan_do_recoverable_leak_check"));
    if (check == nullptr) return std::nullopt;
    return check() != 0;
}

std::size_t mappings_of(const std::string& path) {
    std::ifstream file("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) {
        const std::size_t at = line.find('/');
        if (at != std::string::npos && std::string_view(line).substr(at) == path) ++count;
    }
    return count;
}

Leftovers compare(const Census& before, const Census& after) {
    return {added(before.descriptors, after.descriptors), added(before.threads, after.threads),
            static_cast<std::int64_t>(after.resident_bytes) -
                static_cast<std::int64_t>(before.resident_bytes)};
}

Census take_settled_census(const Census& before, int wait_ms) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms);
    Census census = take_census();
    while (!compare(before, census).threads.empty() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        census = take_census();
    }
    return census;
}

}  // namespace catalog::host
