// Any sequence of calls with any paths on a SafeDirectory, links included: what is outside stays as
// it was, and a path that the check refuses is refused by every call. One call a line: a letter,
// then the path; `>` parts a link's path from its target.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/io/file_system.hpp"
#include "support/io/simulated_file_system.hpp"

namespace {

using namespace catalog;

void require(bool condition) {
    if (!condition) __builtin_trap();
}

Result<void> without_value(bool ok, const Error* error) {
    if (ok) return {};
    return fail(*error);
}

template <class T>
Result<void> outcome(const Result<T>& result) {
    return without_value(result.has_value(), result ? nullptr : &result.error());
}

Result<void> call(const io::SafeDirectory& root, char letter, std::string_view path) {
    const std::size_t mark = path.find('>');
    switch (letter) {
        case 'f':
            return outcome(root.create_file(path, 0644));
        case 'd':
            return root.make_directories(path);
        case 'l':
            if (mark == std::string_view::npos) return root.make_symlink("../outside", path);
            return root.make_symlink(path.substr(mark + 1), path.substr(0, mark));
        case 'r':
            return outcome(root.open_read(path));
        case 'u':
            return root.remove_file(path);
        case 't':
            return root.remove_tree(path);
        case 'i':
            return outcome(root.read_symlink(path));
        default:
            return path.empty() ? Result<void>() : root.sync(path);
    }
}

void check_outside(io::FileSystem& fs) {
    const auto entries = fs.list("/outside");
    require(entries && entries->size() == 1 && (*entries)[0].name == "secret");
    const auto text = io::read_file(fs, "/outside/secret", 100);
    require(text && *text == "secret");
    const auto top = fs.list("/");
    require(top && top->size() == 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto fs = io::testing::SimulatedFileSystem::make();
    require(fs->make_directories("/root").has_value());
    require(fs->make_directories("/outside").has_value());
    require(io::write_file_durably(*fs, "/outside/secret", as_bytes("secret")).has_value());
    const auto root = fs->open_directory("/root");
    require(root.has_value());
    std::string_view text(reinterpret_cast<const char*>(data), size);
    for (int calls = 0; !text.empty() && calls < 200; ++calls) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
        if (line.empty()) continue;
        const std::string_view path = line.substr(1);
        const auto result = call(**root, line[0], path);
        const std::string_view checked = line[0] == 'l' ? path.substr(0, path.find('>')) : path;
        if (!checked.empty() && !io::check_relative_path(checked))
            require(!result && result.error().code() == Errc::kPathUnsafe);
    }
    check_outside(*fs);
    return 0;
}
