#include "manifest_relations.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace catalog::index {

namespace {

/// Goes through canonical JSON, in which no blank stands between tokens. Once something was not as
/// expected, everything fails.
class RelationsReader {
public:
    explicit RelationsReader(std::string_view text) : text_(text) {}

    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

    bool take(char wanted) {
        if (at_ >= text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }

    /// A text without escapes and with ASCII alone.
    std::string_view plain_text() {
        if (!take('"')) return refuse();
        const std::size_t first = at_;
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\' || static_cast<unsigned char>(text_[at_]) >= 0x80) {
                return refuse();
            }
        }
        if (at_ >= text_.size()) return refuse();
        return text_.substr(first, at_++ - first);
    }

    /// Calls `member(name)` with each member's value ahead.
    template <class Member>
    void object(const Member& member) {
        if (!take('{')) return static_cast<void>(refuse());
        if (take('}')) return;
        do {
            const std::string_view name = plain_text();
            if (!good_ || !take(':')) return static_cast<void>(refuse());
            member(name);
        } while (good_ && take(','));
        if (!take('}')) refuse();
    }

    /// Calls `element()` with each element ahead.
    template <class Element>
    void array(const Element& element) {
        if (!take('[')) return static_cast<void>(refuse());
        if (take(']')) return;
        do {
            element();
        } while (good_ && take(','));
        if (!take(']')) refuse();
    }

    void texts(std::vector<std::string_view>& out) {
        array([&] { out.push_back(plain_text()); });
    }

    /// Passes over any value: brackets are counted, so that depth costs nothing.
    void skip() {
        std::size_t depth = 0;
        do {
            if (at_ >= text_.size()) return static_cast<void>(refuse());
            const char next = text_[at_];
            if (next == '"') {
                skip_text();
            } else if (next == '{' || next == '[') {
                ++depth;
                ++at_;
            } else if (next == '}' || next == ']') {
                if (depth == 0) return static_cast<void>(refuse());
                --depth;
                ++at_;
            } else if (next == ',' || next == ':') {
                if (depth == 0) return static_cast<void>(refuse());
                ++at_;
            } else {
                at_ = text_.find_first_of(",:]}", at_);
            }
        } while (good_ && depth > 0);
    }

    std::string_view refuse() {
        good_ = false;
        return {};
    }

private:
    void skip_text() {
        for (std::size_t from = at_ + 1;;) {
            const std::size_t quote = text_.find('"', from);
            if (quote == std::string_view::npos) return static_cast<void>(refuse());
            std::size_t slashes = 0;
            while (text_[quote - 1 - slashes] == '\\') ++slashes;
            from = quote + 1;
            if (slashes % 2 != 0) continue;
            at_ = from;
            return;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    bool good_ = true;
};

/// A target as it stands: its dialect may follow, and may be another's.
struct OpenTarget {
    std::string_view name;
    std::string_view constraint;
    std::optional<version::Dialect> dialect;
};

/// Reads a member that targets have. Returns false for another.
bool read_target_member(RelationsReader& reader, std::string_view member, OpenTarget& out) {
    if (member == "name") {
        out.name = reader.plain_text();
    } else if (member == "req") {
        out.constraint = reader.plain_text();
    } else if (member == "dialect") {
        const auto dialect = version::parse_dialect(reader.plain_text());
        if (dialect) {
            out.dialect = *dialect;
        } else {
            reader.refuse();
        }
    } else {
        return false;
    }
    return true;
}

resolve::TargetText close_target(RelationsReader& reader, const OpenTarget& target,
                                 version::Dialect inherited) {
    if (target.name.empty() || target.constraint.empty()) reader.refuse();
    return {target.name, target.constraint, target.dialect.value_or(inherited)};
}

OpenTarget read_open_target(RelationsReader& reader) {
    OpenTarget target;
    reader.object([&](std::string_view member) {
        if (!read_target_member(reader, member, target)) reader.refuse();
    });
    return target;
}

void read_requirement(RelationsReader& reader, resolve::RecordText& out) {
    resolve::RequirementText& requirement = out.dependencies.emplace_back();
    OpenTarget target;
    std::vector<OpenTarget> alternatives;
    reader.object([&](std::string_view member) {
        if (read_target_member(reader, member, target)) return;
        if (member == "kind") {
            const auto kind = parse_dependency_kind(reader.plain_text());
            if (!kind) return static_cast<void>(reader.refuse());
            requirement.kind = *kind;
        } else if (member == "platform") {
            requirement.platform = reader.plain_text();
        } else if (member == "features") {
            reader.texts(requirement.features);
        } else if (member == "default_features") {
            // It is written only when it is false.
            for (const char letter : std::string_view("false")) {
                if (!reader.take(letter)) return static_cast<void>(reader.refuse());
            }
            requirement.default_features = false;
        } else if (member == "any_of") {
            reader.array([&] { alternatives.push_back(read_open_target(reader)); });
        } else {
            reader.skip();
        }
    });
    requirement.target = close_target(reader, target, version::Dialect::kCargo);
    for (const OpenTarget& alternative : alternatives) {
        requirement.any_of.push_back(close_target(reader, alternative, requirement.target.dialect));
    }
}

void read_package(RelationsReader& reader, resolve::RecordText& out) {
    reader.object([&](std::string_view member) {
        if (member == "name") {
            out.name = reader.plain_text();
        } else if (member == "version") {
            out.version = reader.plain_text();
        } else if (member == "dependencies") {
            reader.array([&] { read_requirement(reader, out); });
        } else if (member == "conflicts") {
            reader.array([&] {
                out.conflicts.push_back(
                    close_target(reader, read_open_target(reader), version::Dialect::kCargo));
            });
        } else if (member == "provides") {
            reader.array([&] {
                auto& [name, version] = out.provides.emplace_back();
                reader.object([&](std::string_view of_it) {
                    (of_it == "name" ? name : version) = reader.plain_text();
                });
                if (name.empty() || version.empty()) reader.refuse();
            });
        } else if (member == "features") {
            reader.object([&](std::string_view feature) {
                out.features.emplace_back(feature, std::vector<std::string_view>());
                reader.texts(out.features.back().second);
            });
        } else {
            reader.skip();
        }
    });
}

}  // namespace

bool read_relations(std::string_view bytes, resolve::RecordText& out) {
    out.name = {};
    out.version = {};
    out.dependencies.clear();
    out.conflicts.clear();
    out.provides.clear();
    out.features.clear();
    RelationsReader reader(bytes);
    bool known = false;
    reader.object([&](std::string_view member) {
        if (member == "package") {
            read_package(reader, out);
        } else if (member == "schema") {
            known = reader.plain_text() == "catalog.manifest.v1";
        } else {
            reader.skip();
        }
    });
    return reader.good() && reader.at_end() && known && !out.name.empty() && !out.version.empty();
}

}  // namespace catalog::index
