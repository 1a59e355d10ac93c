#include "discovery.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "catalog/core/limits.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::host {

namespace {

namespace fs = std::filesystem;
constexpr std::size_t kFoundMax = 1000;

std::string environment_value(const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of this program sets variables
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

void add_manifest(const fs::path& manifest, std::vector<FoundExtension>& out) {
    const auto files = io::make_posix_file_system();
    FoundExtension found;
    found.files.manifest = manifest.string();
    const Result<std::string> text =
        io::read_file(*files, found.files.manifest, Limits().toml_bytes_max);
    if (!text) {
        found.problem = text.error().to_string();
    } else if (const auto read = read_extension_manifest(*text, found.files.manifest); !read) {
        found.problem = read.error().to_string();
    } else {
        found.id = read->id;
        found.version = read->version;
        found.aliases = read->aliases;
        found.files.library = (manifest.parent_path() / read->file).string();
    }
    if (out.size() < kFoundMax) out.push_back(std::move(found));
}

}  // namespace

std::vector<std::string> search_folders(const std::vector<std::string>& extra) {
    std::vector<std::string> out = extra;
    const std::string listed = environment_value("HYPERMESH_EXTENSIONS");
    for (std::size_t at = 0; at < listed.size();) {
        const std::size_t end = std::min(listed.find(':', at), listed.size());
        if (end > at) out.push_back(listed.substr(at, end - at));
        at = end + 1;
    }
    out.emplace_back("extensions");
    if (const std::string home = environment_value("HOME"); !home.empty())
        out.push_back(home + "/.hypermesh/extensions");
    std::error_code trouble;
    const fs::path program = fs::read_symlink("/proc/self/exe", trouble);
    if (!trouble)
        out.push_back((program.parent_path().parent_path() / HYPERMESH_LIBRARY_FOLDER /
                       "hypermesh/extensions")
                          .string());
    for (const char* folder : {"/usr/local/lib/hypermesh/extensions",
                               "/usr/local/hypermesh/extensions", "/opt/hypermesh/extensions"})
        out.emplace_back(folder);
    return out;
}

std::vector<FoundExtension> find_extensions(const std::vector<std::string>& folders) {
    std::vector<FoundExtension> out;
    std::set<fs::path> seen;
    for (const std::string& folder : folders) {
        std::error_code trouble;
        const fs::path absolute = fs::canonical(folder, trouble);
        if (trouble || !seen.insert(absolute).second) continue;
        std::vector<fs::path> manifests;
        if (fs::is_regular_file(absolute / "extension.toml", trouble))
            manifests.push_back(absolute / "extension.toml");
        for (fs::directory_iterator at(absolute, trouble), end; !trouble && at != end;
             at.increment(trouble)) {
            const fs::path& path = at->path();
            std::error_code ignored;
            if (path.extension() == ".so" &&
                fs::is_regular_file(fs::path(path).replace_extension(".toml"), ignored))
                manifests.push_back(fs::path(path).replace_extension(".toml"));
            else if (fs::is_regular_file(path / "extension.toml", ignored))
                manifests.push_back(path / "extension.toml");
        }
        std::ranges::sort(manifests);
        for (const fs::path& manifest : manifests) add_manifest(manifest, out);
    }
    return out;
}

Result<ExtensionFiles> find_extension(const std::string& path_or_id,
                                      const std::vector<std::string>& folders) {
    std::error_code trouble;
    if (path_or_id.find('/') != std::string::npos || fs::exists(path_or_id, trouble))
        return locate_extension(path_or_id);
    std::string problems;
    for (const FoundExtension& found : find_extensions(folders)) {
        if (found.id == path_or_id ||
            std::ranges::find(found.aliases, path_or_id) != found.aliases.end())
            return found.files;
        if (!found.problem.empty()) problems += (problems.empty() ? "" : "; ") + found.problem;
    }
    Error error(Errc::kNotFound, "no extension of that id in the search folders",
                NotFoundDetail{"extension", path_or_id});
    if (!problems.empty()) error = error.with_hint("manifests that cannot be used: " + problems);
    return fail(error.with_input(path_or_id));
}

}  // namespace catalog::host
