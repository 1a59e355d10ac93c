#include "catalog/resolve/lock_file.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "catalog/core/content_hash.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"

namespace catalog::resolve {

namespace {

constexpr std::string_view kFormat = "catalog-lock";
constexpr std::int64_t kVersion = 1;

std::string id_of(const std::string& name, const version::SemVer& version) {
    return name + "@" + version.to_string();
}

bool entry_before(const LockEntry& a, const LockEntry& b) {
    if (a.name != b.name) return a.name < b.name;
    if (const auto order = a.version <=> b.version; order != 0) return order < 0;
    return a.source_id < b.source_id;
}

json::Value strings(std::vector<std::string> texts, bool sorted) {
    if (sorted) std::sort(texts.begin(), texts.end());
    json::Array array;
    for (std::string& text : texts) array.emplace_back(std::move(text));
    return array;
}

/// What was read once as JSON reads back.
void add_other(json::Object& object, const std::map<std::string, std::string>& other) {
    for (const auto& [name, text] : other)
        if (const auto value = json::read(text)) object.emplace(name, *value);
}

json::Value entry_value(const LockEntry& entry) {
    json::Object object;
    object["name"] = entry.name;
    object["version"] = entry.version.to_string();
    if (!entry.source_id.empty()) object["source"] = entry.source_id;
    if (!entry.digest.empty()) object["digest"] = entry.digest;
    if (!entry.features.empty()) object["features"] = strings(entry.features, true);
    if (!entry.dependencies.empty()) object["dependencies"] = strings(entry.dependencies, true);
    add_other(object, entry.other);
    return object;
}

/// Finds where a member of the object that begins at `from` stands; `from` when it has none.
std::uint64_t member_offset(std::string_view text, std::uint64_t from, std::string_view name) {
    int depth = 0;
    for (std::size_t i = from; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            const std::size_t begin = i++;
            while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
            const std::string_view content = text.substr(begin + 1, i - begin - 1);
            std::size_t next = i + 1;
            while (next < text.size() &&
                   std::string_view(" \t\r\n").find(text[next]) != std::string_view::npos)
                ++next;
            const bool is_name = depth == 1 && next < text.size() && text[next] == ':';
            if (is_name && content == name) return begin;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            break;
        }
    }
    return from;
}

/// Finds the first line that a version control system left where it could not merge.
std::optional<std::uint64_t> merge_mark(std::string_view text) {
    for (std::size_t line = 0; line < text.size();) {
        const std::size_t end = std::min(text.find('\n', line), text.size());
        std::string_view content = text.substr(line, end - line);
        if (content.ends_with('\r')) content.remove_suffix(1);
        for (const std::string_view mark : {"<<<<<<<", "|||||||", "=======", ">>>>>>>"})
            if (content == mark || (content.starts_with(mark) && content[mark.size()] == ' '))
                return line;
        line = end + 1;
    }
    return std::nullopt;
}

LocationDetail location_of(std::string_view text, std::uint64_t offset) {
    LocationDetail location{1, 1, offset};
    for (std::uint64_t i = 0; i < offset && i < text.size(); ++i) {
        if (text[i] == '\n') {
            ++location.line;
            location.column = 1;
        } else {
            ++location.column;
        }
    }
    return location;
}

std::string place_text(const LocationDetail& location) {
    return " (line " + std::to_string(location.line) + ", column " +
           std::to_string(location.column) + ")";
}

/// Finds where the elements of the array `packages` begin in a document that has been read: values
/// do not know where they came from, and an error must name a line.
std::vector<std::uint64_t> package_offsets(std::string_view text) {
    std::vector<std::uint64_t> offsets;
    int depth = 0;
    bool in_packages = false;
    bool starts = false;  // an element may begin here
    std::string_view last_string;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        if (starts && in_packages && depth == 2 && c != ']') offsets.push_back(i);
        starts = c == ',' || c == '[';
        if (c == '"') {
            const std::size_t begin = ++i;
            while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
            if (depth == 1) last_string = text.substr(begin, std::min(i, text.size()) - begin);
        } else if (c == '{' || c == '[') {
            if (depth == 1) in_packages = c == '[' && last_string == "packages";
            ++depth;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return offsets;
}

/// Reads the members of a document whose syntax is known to be right.
class LockReader {
public:
    explicit LockReader(std::string_view text) : text_(text) {}

    [[nodiscard]] Result<LockFile> read(const json::Value& value) {
        const json::Object* document = value.as_object();
        if (document == nullptr) return error("the document is not an object");
        offset_ = std::min<std::uint64_t>(text_.find('{'), text_.size());
        CATALOG_TRY(const std::string format, string(*document, "format"));
        if (format != kFormat) return error("\"format\" is not \"" + std::string(kFormat) + "\"");
        const json::Value* version = value.find("version");
        if (version == nullptr || version->as_int() == nullptr) {
            return error("the integer \"version\" is missing");
        }
        if (*version->as_int() != kVersion) {
            return error(
                "version " + std::to_string(*version->as_int()) + " of the format is not known",
                "version");
        }
        LockFile file;
        file.other = other_members(*document, {"format", "packages", "roots", "version"});
        CATALOG_TRY(file.roots, list(*document, "roots"));
        const json::Value* packages = value.find("packages");
        if (packages == nullptr || packages->as_array() == nullptr) {
            return error("the array \"packages\" is missing");
        }
        const std::vector<std::uint64_t> offsets = package_offsets(text_);
        std::set<std::string> seen;
        for (std::size_t i = 0; i < packages->as_array()->size(); ++i) {
            offset_ = i < offsets.size() ? offsets[i] : 0;
            CATALOG_TRY(LockEntry entry, read_entry((*packages->as_array())[i]));
            const std::string id = id_of(entry.name, entry.version);
            if (!seen.insert(id + '\n' + entry.source_id).second)
                return error(id + " is there twice", "name");
            file.packages.push_back(std::move(entry));
        }
        CATALOG_TRY_VOID(check_dependencies(file, offsets));
        std::sort(file.packages.begin(), file.packages.end(), entry_before);
        return file;
    }

private:
    /// An error at the object that is being read, or at one of its members.
    [[nodiscard]] tl::unexpected<Error> error(const std::string& message,
                                              std::string_view member = {}) const {
        const LocationDetail location =
            location_of(text_, member.empty() ? offset_ : member_offset(text_, offset_, member));
        return fail(Errc::kLockFileInvalid, message + place_text(location), location);
    }

    [[nodiscard]] static std::map<std::string, std::string> other_members(
        const json::Object& object, std::initializer_list<std::string_view> known) {
        std::map<std::string, std::string> other;
        for (const auto& [name, value] : object)
            if (std::find(known.begin(), known.end(), name) == known.end())
                other.emplace(name, json::write_pretty(value));
        return other;
    }

    [[nodiscard]] Result<std::string> string(const json::Object& object, std::string_view name,
                                             bool required = true) const {
        const auto at = object.find(name);
        if (at == object.end()) {
            if (!required) return std::string();
            return error("the string \"" + std::string(name) + "\" is missing");
        }
        const std::string* text = at->second.as_string();
        if (text == nullptr || text->empty()) {
            return error("\"" + std::string(name) + "\" is not a string with something in it",
                         name);
        }
        return *text;
    }

    [[nodiscard]] Result<std::vector<std::string>> list(const json::Object& object,
                                                        std::string_view name) const {
        std::vector<std::string> texts;
        const auto at = object.find(name);
        if (at == object.end()) return texts;
        const json::Array* array = at->second.as_array();
        if (array == nullptr) return error("\"" + std::string(name) + "\" is not an array", name);
        for (const json::Value& element : *array) {
            const std::string* text = element.as_string();
            if (text == nullptr || text->empty()) {
                return error("\"" + std::string(name) + "\" holds something that is not a text",
                             name);
            }
            texts.push_back(*text);
        }
        return texts;
    }

    [[nodiscard]] Result<std::vector<std::string>> sorted_list(const json::Object& object,
                                                               std::string_view name) const {
        CATALOG_TRY(auto texts, list(object, name));
        std::sort(texts.begin(), texts.end());
        texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
        return texts;
    }

    [[nodiscard]] Result<LockEntry> read_entry(const json::Value& value) const {
        const json::Object* object = value.as_object();
        if (object == nullptr) return error("a package is not an object");
        LockEntry entry;
        entry.other = other_members(
            *object, {"dependencies", "digest", "features", "name", "source", "version"});
        CATALOG_TRY(entry.name, string(*object, "name"));
        if (!PackageName::parse(entry.name)) return error("\"name\" is not a package name", "name");
        CATALOG_TRY(const std::string version_text, string(*object, "version"));
        auto version = version::SemVer::parse(version_text);
        if (!version) return error("\"version\" is not a semantic version", "version");
        entry.version = *std::move(version);
        CATALOG_TRY(entry.source_id, string(*object, "source", false));
        CATALOG_TRY(entry.digest, string(*object, "digest", false));
        if (!entry.digest.empty() && !ContentHash::parse(entry.digest)) {
            return error("\"digest\" is not a digest", "digest");
        }
        CATALOG_TRY(entry.features, sorted_list(*object, "features"));
        CATALOG_TRY(entry.dependencies, sorted_list(*object, "dependencies"));
        return entry;
    }

    [[nodiscard]] Result<void> check_dependencies(const LockFile& file,
                                                  const std::vector<std::uint64_t>& offsets) {
        std::set<std::string> ids;
        for (const LockEntry& entry : file.packages) ids.insert(id_of(entry.name, entry.version));
        for (std::size_t i = 0; i < file.packages.size(); ++i) {
            for (const std::string& dependency : file.packages[i].dependencies) {
                if (ids.contains(dependency)) continue;
                offset_ = i < offsets.size() ? offsets[i] : 0;
                return error("\"" + dependency + "\" is needed but is not in the file",
                             "dependencies");
            }
        }
        return {};
    }

    std::string_view text_;
    std::uint64_t offset_ = 0;
};

}  // namespace

LockFile LockFile::from(const Request& request, const Solution& solution) {
    LockFile file;
    for (const Root& root : request.roots) {
        file.roots.push_back(root.target.name + " " + root.target.constraint.to_string());
    }
    for (const Resolved& package : solution.packages) {
        LockEntry entry;
        entry.name = package.name;
        entry.version = package.candidate.version;
        entry.source_id = package.candidate.source_id;
        entry.features = package.features;
        file.packages.push_back(std::move(entry));
    }
    for (const Edge& edge : solution.edges) {
        const Resolved& target = solution.packages[edge.to];
        file.packages[edge.from].dependencies.push_back(
            id_of(target.name, target.candidate.version));
    }
    for (LockEntry& entry : file.packages) {
        std::vector<std::string>& ids = entry.dependencies;
        std::sort(ids.begin(), ids.end());
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    }
    return file;
}

Result<LockFile> LockFile::decode(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (const std::optional<std::uint64_t> mark = merge_mark(text)) {
        const LocationDetail location = location_of(text, *mark);
        return fail(Error(Errc::kLockFileInvalid,
                          "a merge was left unfinished" + place_text(location), location)
                        .with_hint("take one side and resolve again, or remove the lock file"));
    }
    const auto value = json::read(text);
    if (!value) {
        const Error& cause = value.error();
        std::string message = "the text is not a JSON document";
        ErrorDetail detail;
        if (const auto* location = cause.detail_as<LocationDetail>()) {
            message += place_text(*location);
            detail = *location;
        }
        return fail(
            Error(Errc::kLockFileInvalid, std::move(message), std::move(detail)).with_cause(cause));
    }
    return LockReader(text).read(*value);
}

std::string LockFile::encode() const {
    std::vector<LockEntry> sorted = packages;
    std::sort(sorted.begin(), sorted.end(), entry_before);
    json::Array array;
    for (const LockEntry& entry : sorted) array.push_back(entry_value(entry));
    json::Object document;
    document["format"] = std::string(kFormat);
    document["version"] = kVersion;
    document["roots"] = strings(roots, false);
    document["packages"] = std::move(array);
    add_other(document, other);
    return json::write_pretty(document);
}

void LockFile::keep_other(const LockFile& older) {
    other.insert(older.other.begin(), older.other.end());
    for (LockEntry& entry : packages)
        for (const LockEntry& old : older.packages)
            if (old.name == entry.name && old.source_id == entry.source_id)
                entry.other.insert(old.other.begin(), old.other.end());
}

std::vector<Locked> LockFile::locked() const {
    std::vector<Locked> locked;
    locked.reserve(packages.size());
    for (const LockEntry& entry : packages) {
        locked.push_back({entry.name, entry.version, entry.source_id});
    }
    return locked;
}

}  // namespace catalog::resolve
