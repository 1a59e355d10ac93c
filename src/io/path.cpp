#include <algorithm>

#include "catalog/io/file_system.hpp"

namespace catalog::io {

namespace {

constexpr std::size_t kPathBytesMax = 4095;      // PATH_MAX without the terminating zero
constexpr std::size_t kComponentBytesMax = 255;  // NAME_MAX

tl::unexpected<Error> unsafe_path(std::string_view path, const char* reason) {
    const std::string text(path);
    return fail(Error(Errc::kPathUnsafe, reason, StorageDetail{text, "check path", 0})
                    .with_input(text)
                    .with_hint("use a relative path with plain names between slashes"));
}

const char* component_problem(std::string_view component) noexcept {
    if (component.empty()) return "the path has an empty component";
    if (component == "." || component == "..") return "the path has a `.` or `..` component";
    if (component.size() > kComponentBytesMax)
        return "the path has a component of more than 255 bytes";
    return nullptr;
}

}  // namespace

std::string join_path(std::string_view head, std::string_view tail) {
    if (head.empty()) return std::string(tail);
    std::string joined(head);
    while (joined.size() > 1 && joined.back() == '/') joined.pop_back();
    if (joined != "/") joined += '/';
    const std::size_t start = tail.find_first_not_of('/');
    if (start != std::string_view::npos) joined += tail.substr(start);
    return joined;
}

std::string parent_path(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    std::string_view parent = path.substr(0, slash);
    while (!parent.empty() && parent.back() == '/') parent.remove_suffix(1);
    return parent.empty() ? "/" : std::string(parent);
}

Result<void> check_relative_path(std::string_view path) {
    if (path.empty()) return unsafe_path(path, "the path is empty");
    if (path.front() == '/') return unsafe_path(path, "the path is absolute");
    if (path.size() > kPathBytesMax) return unsafe_path(path, "the path has more than 4095 bytes");
    if (path.find('\0') != std::string_view::npos)
        return unsafe_path(path, "the path contains a zero byte");
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (const char* problem = component_problem(path.substr(start, end - start)))
            return unsafe_path(path, problem);
        start = end + 1;
    }
    return {};
}

}  // namespace catalog::io
